namespace ParentProxy.Egress;

/// <summary>The enclave at the other end of a connection: by its CID, which it cannot forge, and by what this says of it.</summary>
/// <param name="Cid">The context identifier; null on a unix socket for which none is configured.</param>
/// <param name="Id">The Id of the enclave; null when no enclave is known there.</param>
/// <param name="Name">The Name of the enclave; null when no enclave is known there.</param>
internal sealed record EgressPeer(uint? Cid, string? Id, string? Name)
{
    /// <summary>The label in metrics: the enclave's Id, of which there are few; <c>unknown</c> when it is none that is known.</summary>
    public string Label => Id ?? "unknown";

    /// <summary>How it is called in the log: <c>proof-server (CID 16)</c>, <c>CID 16</c>.</summary>
    public override string ToString() => (Name ?? Id, Cid) switch
    {
        ({ } name, { } cid) => $"{name} (CID {cid})",
        ({ } name, null) => name,
        (null, { } cid) => $"CID {cid}",
        _ => "a local process",
    };
}
