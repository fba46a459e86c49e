using ParentProxy.Ingress.Failover;

namespace ParentProxy.Admin;

/// <summary>How often requests were refused over a limit of ours, as the admin listener shows it: since the start.</summary>
/// <param name="Connections">All connections of the enclaves were busy.</param>
/// <param name="Tunnels">There were as many upgraded connections as may be.</param>
/// <param name="Waiting">Too many waited for an enclave.</param>
internal sealed record RejectionView(long Connections, long Tunnels, long Waiting)
{
    /// <summary>Shows the counts as they are now.</summary>
    public static RejectionView Of(RejectionCounts counts) => new(counts.Connections, counts.Tunnels, counts.Waiting);
}
