using ParentProxy.Configuration;

namespace ParentProxy.Enclaves.Discovery;

/// <summary>Discovery as the admin listener shows it.</summary>
internal sealed record DiscoveryView(
    bool Enabled,
    string Program,
    DateTimeOffset? LastSuccess,
    double? AgeSeconds,
    string? LastError,
    long Calls,
    long Failures,
    IReadOnlyList<DiscoveryView.FoundView> Enclaves)
{
    /// <summary>Shows discovery; null while it is off.</summary>
    public static DiscoveryView? Of(DiscoveryMonitor discovery, EnclaveRegistry registry, DiscoveryOptions options, DateTimeOffset now)
    {
        if (!options.Enabled)
            return null;
        var status = discovery.Status;
        return new DiscoveryView(
            true,
            options.NitroCli,
            status.LastSuccess,
            status.LastSuccess is { } at ? Math.Round(Math.Max(0, (now - at).TotalSeconds), 3) : null,
            status.Failure?.ToString(),
            status.Calls,
            status.Failures,
            [.. discovery.Known.Select(enclave => FoundView.Of(enclave, registry))]);
    }

    /// <summary>An enclave that nitro-cli told of.</summary>
    internal sealed record FoundView(
        string Name,
        string? Id,
        string EnclaveId,
        uint Cid,
        string? State,
        bool Debug,
        long? Cpus,
        long? MemoryMiB,
        bool Accepted,
        string? Reason)
    {
        /// <summary>Shows an enclave, by the id that it has in the registry: a configured one keeps its own.</summary>
        public static FoundView Of(KnownEnclave enclave, EnclaveRegistry registry)
        {
            var told = enclave.Described;
            return new FoundView(
                told.Name,
                enclave.IsAccepted ? registry.All.FirstOrDefault(entry => entry.Instance == told.EnclaveId)?.Id ?? enclave.Id : null,
                told.EnclaveId,
                told.Cid,
                told.State,
                told.IsDebug,
                told.Cpus,
                told.MemoryMiB,
                enclave.IsAccepted,
                enclave.Refusal ?? (enclave.IsMissing ? "missing from the output but reachable" : null));
        }
    }
}
