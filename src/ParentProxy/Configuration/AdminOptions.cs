using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Admin</c>: the listeners for operators, apart from the public ones.</summary>
internal sealed record AdminOptions
{
    /// <summary>Where the admin listener listens; loopback, so that no load balancer exposes it.</summary>
    public string Url { get; init; } = "http://127.0.0.1:9464";

    /// <summary>Names that <c>Host</c> may carry beside IP literals and <c>localhost</c>.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>A further listener with <c>/metrics</c> and <c>/health</c> only, for a Prometheus elsewhere; none when null.</summary>
    public string? MetricsUrl { get; init; }

    /// <summary>Path (and query) at which the application in an enclave shows metrics of its own; null when it does not.</summary>
    public string? EnclaveMetricsPath { get; init; }

    /// <summary>Port of vsock, TCP or hybrid at which it is asked there; each enclave's own when null.</summary>
    public uint? EnclaveMetricsPort { get; init; }

    public static AdminOptions Read(SectionReader section)
    {
        var defaults = new AdminOptions();
        return new AdminOptions
        {
            Url = section.Text(defaults.Url),
            AllowedHosts = section.List(defaults.AllowedHosts, Values.Host),
            MetricsUrl = section.OptionalText(defaults.MetricsUrl) is { Length: > 0 } url ? url : null,
            EnclaveMetricsPath = section.Optional(defaults.EnclaveMetricsPath, ParsePath),
            EnclaveMetricsPort = section.OptionalNumber(defaults.EnclaveMetricsPort, 1u, uint.MaxValue - 1),
        };
    }

    private static Parsed<string?> ParsePath(string text)
    {
        var (path, reason) = Values.RequestPath(text, query: true);
        return reason is null ? path : new Mistake(reason);
    }
}
