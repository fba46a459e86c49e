using System.Globalization;
using ParentProxy.Vsock;

namespace ParentProxy.Egress;

/// <summary>The enclave at the other end of a connection: by its CID, which it cannot forge, and by what this says of it.</summary>
/// <param name="Cid">The context identifier; null on a unix socket for which none is configured.</param>
/// <param name="Id">The Id of the enclave; null when no enclave is known there.</param>
/// <param name="Name">The Name of the enclave; null when no enclave is known there.</param>
internal sealed record EgressPeer(uint? Cid, string? Id, string? Name)
{
    /// <summary>In the place of an enclave: this program, which tries its own listener.</summary>
    public static readonly EgressPeer SelfCheck = new(VsockCid.Local, "self-check", "self-check");

    /// <summary>The label in metrics: the enclave's Id, of which there are few; <c>unknown</c> when it is none that is known.</summary>
    public string Label => Id ?? "unknown";

    /// <summary>What it is known by for as long as it runs, whether its name is known by then or not.</summary>
    public string Key => Cid?.ToString(CultureInfo.InvariantCulture) ?? Id ?? "";

    /// <summary>How it is called in the log: <c>proof-server (CID 16)</c>, <c>CID 16</c>.</summary>
    public override string ToString() => (Name ?? Id, Cid) switch
    {
        ({ } name, { } cid) => $"{name} (CID {cid})",
        ({ } name, null) => name,
        (null, { } cid) => $"CID {cid}",
        _ => "a local process",
    };
}
