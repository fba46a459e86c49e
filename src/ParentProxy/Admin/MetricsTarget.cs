namespace ParentProxy.Admin;

/// <summary>A target group of Prometheus' HTTP service discovery.</summary>
/// <param name="Targets">Host and port.</param>
/// <param name="Labels">Where to ask there, and what the target is called.</param>
internal sealed record MetricsTarget(IReadOnlyList<string> Targets, IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>One enclave behind a host.</summary>
    public static MetricsTarget Of(string host, string path, string enclave) =>
        new([host], new Dictionary<string, string> { ["__metrics_path__"] = path, ["enclave"] = enclave });
}
