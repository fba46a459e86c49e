using ParentProxy.Endpoints;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Enclave:Dns</c>: a resolver on loopback that asks the parent.</summary>
internal sealed record InsideDnsOptions
{
    /// <summary>Where programs inside ask, over UDP and TCP each.</summary>
    public IReadOnlyList<InsideAddress> Listen { get; init; } =
        [InsideAddress.Parse("127.0.0.1:53").Value, InsideAddress.Parse("[::1]:53").Value];

    /// <summary>Where the parent has <c>Egress:Dns</c>.</summary>
    public required EnclaveEndpoint To { get; init; }

    /// <summary>How long the parent may take for an answer; then SERVFAIL.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Answers that are remembered; 0 for none.</summary>
    public int CacheEntries { get; init; } = 1000;

    /// <summary>The file that is written to name this resolver; empty for none.</summary>
    public string? ResolvConf { get; init; } = "/etc/resolv.conf";
}
