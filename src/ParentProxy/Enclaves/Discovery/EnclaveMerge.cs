using ParentProxy.Configuration;
using ParentProxy.Endpoints;

namespace ParentProxy.Enclaves.Discovery;

/// <summary>
/// Enclaves of the configuration and discovered ones together. A configured one on vsock that has the name of a
/// discovered one (as Id or Name) is that enclave: it keeps all but its CID, which discovery knows better, and the
/// verdict of discovery counts for it. Every other stands as it is configured.
/// </summary>
internal static class EnclaveMerge
{
    /// <summary>The enclaves to forward to.</summary>
    /// <param name="configured">Section <c>Enclaves</c>.</param>
    /// <param name="known">What discovery knows.</param>
    /// <param name="port">The vsock port of discovered ones.</param>
    public static IReadOnlyList<EnclaveMember> Of(IReadOnlyList<EnclaveOptions> configured, IReadOnlyList<KnownEnclave> known, uint port)
    {
        var twins = Twins(configured, known);
        var merged = new List<EnclaveMember>();
        foreach (var enclave in configured)
        {
            if (!twins.TryGetValue(enclave.Id, out var twin))
                merged.Add(Member(enclave, enclave.Endpoint, InstanceAt(enclave.Endpoint, known)));
            else if (twin.IsAccepted)
                merged.Add(Member(enclave, EnclaveEndpoint.Vsock(twin.Described.Cid, enclave.Endpoint.Port), twin.Described.EnclaveId));
        }

        var matched = twins.Values.ToHashSet();
        foreach (var enclave in known.Where(enclave => enclave.IsAccepted && !matched.Contains(enclave)))
        {
            var endpoint = EnclaveEndpoint.Vsock(enclave.Described.Cid, port);
            if (merged.Exists(other => other.Endpoint == endpoint))
                continue;

            // Ids of the whole configuration, also of an enclave that is held back: it may return.
            var id = DiscoveryRules.FreeId(enclave.Id!, id => !merged
                .Select(other => other.Id)
                .Concat(configured.Select(other => other.Id))
                .Contains(id, StringComparer.OrdinalIgnoreCase));
            merged.Add(new EnclaveMember(id, enclave.Described.Name, endpoint, Instance: enclave.Described.EnclaveId));
        }

        return merged;
    }

    private static EnclaveMember Member(EnclaveOptions enclave, EnclaveEndpoint endpoint, string? instance) =>
        new(enclave.Id, enclave.Name, endpoint, enclave.Weight, instance)
        {
            WhyDrained = enclave.State == EnclaveMode.Drain ? "State is drain in the configuration"
                : enclave.Weight == 0 ? "Weight is 0 in the configuration"
                : null,
            IsBackup = enclave.Backup,
        };

    /// <summary>Which configured enclave, by its id, is which discovered one.</summary>
    private static Dictionary<string, KnownEnclave> Twins(IReadOnlyList<EnclaveOptions> configured, IReadOnlyList<KnownEnclave> known)
    {
        var twins = new Dictionary<string, KnownEnclave>(StringComparer.OrdinalIgnoreCase);
        foreach (var enclave in known.Where(enclave => !enclave.IsForeign).OrderByDescending(enclave => enclave.IsAccepted))
        {
            // One enclave may serve several ports. Several entries of one name and port are copies of an application,
            // which nitro-cli tells apart by name: one of them is this one, and first of all the one at its CID.
            var namesakes = configured
                .Where(entry => entry.Endpoint.Transport == EnclaveTransport.Vsock && !twins.ContainsKey(entry.Id))
                .Where(entry => IsName(entry.Id) || IsName(entry.Name))
                .GroupBy(entry => entry.Endpoint.Port);
            foreach (var sharing in namesakes)
                twins[sharing.OrderByDescending(entry => entry.Endpoint.Cid == enclave.Described.Cid).ThenByDescending(
                    entry => IsName(entry.Id)).First().Id] = enclave;

            bool IsName(string text) => text.Equals(enclave.Described.Name, StringComparison.OrdinalIgnoreCase);
        }

        return twins;
    }

    /// <summary>The run behind an endpoint, so that a restart at the same CID is seen there as well.</summary>
    private static string? InstanceAt(EnclaveEndpoint endpoint, IReadOnlyList<KnownEnclave> known) =>
        endpoint.Transport == EnclaveTransport.Vsock
            ? known.FirstOrDefault(enclave => enclave.IsAccepted && enclave.Described.Cid == endpoint.Cid)?.Described.EnclaveId
            : null;
}
