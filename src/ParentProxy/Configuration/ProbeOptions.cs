namespace ParentProxy.Configuration;

/// <summary>Section <c>Health:Probe</c>.</summary>
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
}
