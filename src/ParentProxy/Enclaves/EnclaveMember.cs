using ParentProxy.Configuration;
using ParentProxy.Endpoints;

namespace ParentProxy.Enclaves;

/// <summary>An enclave that there is to be, from the configuration, from discovery, or from both.</summary>
/// <param name="Id">Unique among all, ignoring case.</param>
/// <param name="Name">What operators call it.</param>
/// <param name="Endpoint">Where it is dialled.</param>
/// <param name="Weight">Its share of the requests against the others', where the policy reads it.</param>
/// <param name="Instance">The EnclaveID of the run that discovery saw behind it; null when it saw none.</param>
internal sealed record EnclaveMember(string Id, string Name, EnclaveEndpoint Endpoint, int Weight = 1, string? Instance = null)
{
    /// <summary>What a probe does there; as <c>Health:Probe:Type</c> says when null.</summary>
    public ProbeType? Probe { get; init; }

    /// <summary>Why it gets nothing new, as the configuration wants it; null where it is to have its share.</summary>
    public string? WhyDrained { get; init; }

    /// <summary>Whether it gets traffic only while none of its service is usable that is no backup.</summary>
    public bool IsBackup { get; init; }
}
