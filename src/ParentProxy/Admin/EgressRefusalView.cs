using ParentProxy.Egress;

namespace ParentProxy.Admin;

/// <summary>Something that an enclave did not reach, as the admin listener shows it.</summary>
/// <param name="Enclave">The enclave's name; null when none is known at its CID.</param>
/// <param name="Cid">The enclave's CID; null on a unix socket for which none is configured.</param>
/// <param name="Listen">The listener that it asked.</param>
/// <param name="What">What it asked for.</param>
/// <param name="Code">Why not, in one word.</param>
/// <param name="Reason">Why not, and what to do.</param>
/// <param name="Count">How often.</param>
/// <param name="First">When first.</param>
/// <param name="Last">When last.</param>
internal sealed record EgressRefusalView(
    string? Enclave,
    uint? Cid,
    string Listen,
    string What,
    string Code,
    string Reason,
    long Count,
    DateTimeOffset First,
    DateTimeOffset Last)
{
    /// <summary>A refusal as it was counted.</summary>
    public static EgressRefusalView Of(EgressRefusal refusal) => new(
        refusal.Peer.Name ?? refusal.Peer.Id,
        refusal.Peer.Cid,
        refusal.Listener,
        refusal.What,
        refusal.Code,
        refusal.Reason,
        refusal.Count,
        refusal.First,
        refusal.Last);
}
