using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Health:Probe</c>: the requests, or dials, that tell whether an enclave can take traffic.</summary>
internal sealed record ProbeOptions
{
    /// <summary>Whether enclaves are probed; without, dials alone tell.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>What a probe does.</summary>
    public ProbeType Type { get; init; } = ProbeType.Http;

    /// <summary>Path (and query) that is asked for.</summary>
    public string Path { get; init; } = "/health";

    /// <summary>Port that is probed; each enclave's own when null.</summary>
    public uint? Port { get; init; }

    /// <summary>The <c>Host</c> field of a probe; <c>localhost</c> when null.</summary>
    public string? Host { get; init; }

    /// <summary>Statuses that count as healthy.</summary>
    public StatusRanges ExpectedStatus { get; init; } = StatusRanges.Default;

    /// <summary>Text that the body must contain; anything when null.</summary>
    public string? ExpectedBody { get; init; }

    /// <summary>From one scheduled probe to the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>One probe, dial included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Scheduled probes that must fail in a row until a healthy enclave is out.</summary>
    public int UnhealthyAfter { get; init; } = 2;

    /// <summary>Probes that must succeed in a row until an enclave is in.</summary>
    public int HealthyAfter { get; init; } = 1;

    public static ProbeOptions Read(SectionReader section)
    {
        var defaults = new ProbeOptions();
        return new ProbeOptions
        {
            Enabled = section.Bool(defaults.Enabled),
            Type = section.Enum(defaults.Type),
            Path = section.Value(defaults.Path, text => Values.RequestPath(text, query: true)),
            Port = section.OptionalNumber(defaults.Port, 1u, uint.MaxValue - 1),
            Host = section.Optional(defaults.Host, ParseHost),
            ExpectedStatus = section.Value(defaults.ExpectedStatus, ParseStatuses),
            ExpectedBody = section.OptionalText(defaults.ExpectedBody),
            Interval = section.Duration(defaults.Interval),
            Timeout = section.Duration(defaults.Timeout),
            UnhealthyAfter = section.Number(defaults.UnhealthyAfter, 1, 1_000_000),
            HealthyAfter = section.Number(defaults.HealthyAfter, 1, 1_000_000),
        };
    }

    // A Host field may carry a port; anything else in it could end the field and begin another.
    private static Parsed<string?> ParseHost(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or ':' or '[' or ']')
            ? text
            : new Mistake($"{Quoted.Text(text)} is not a host name or address, with or without a port");

    private static Parsed<StatusRanges> ParseStatuses(string text) =>
        StatusRanges.TryParse(text, out var ranges)
            ? ranges!
            : new Mistake($"{Quoted.Text(text)} is not a list of statuses like 200-399 or 200,204,300-308");
}
