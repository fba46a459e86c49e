using ParentProxy.Endpoints;

namespace ParentProxy.Configuration;

/// <summary>An entry of <c>Enclaves</c>.</summary>
/// <param name="Id">Unique among the enclaves, ignoring case.</param>
/// <param name="Name">What operators call it; the <paramref name="Id"/> when none is given.</param>
/// <param name="Endpoint">Where it is dialled.</param>
/// <param name="Weight">Its share of the requests against the others', where the policy reads it; 0 for none under any policy.</param>
internal sealed record EnclaveOptions(string Id, string Name, EnclaveEndpoint Endpoint, int Weight = 1)
{
    /// <summary>Whether it is to get traffic.</summary>
    public EnclaveMode State { get; init; }

    /// <summary>Whether it gets traffic only while none of its service is usable that is no backup.</summary>
    public bool Backup { get; init; }
}
