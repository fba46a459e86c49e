using System.Net;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Endpoints;
using ParentProxy.Vsock;

namespace ParentProxy.Egress;

/// <summary>Who connects: the enclave that is known at a CID, and how many connections each has open.</summary>
/// <param name="registry">The enclaves that are known.</param>
internal sealed class EgressPeers(EnclaveRegistry registry)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _open = [];

    /// <summary>The enclave at the other end of a connection.</summary>
    /// <param name="remote">The other end, as the kernel tells it.</param>
    /// <param name="configured">Who it is on a unix socket; null on vsock.</param>
    public EgressPeer Of(EndPoint? remote, EgressPeerOptions? configured)
    {
        var cid = configured is null ? (remote as VsockEndPoint)?.Cid : configured.Cid;
        if (configured?.Enclave is { } name)
            return new EgressPeer(cid, name, name);
        var enclave = registry.All.FirstOrDefault(
            enclave => enclave is { Endpoint.Transport: EnclaveTransport.Vsock, IsRetired: false } && enclave.Endpoint.Cid == cid);
        return new EgressPeer(cid, enclave?.Id, enclave?.Name);
    }

    /// <summary>One more connection is open from an enclave; false when there are as many as may be.</summary>
    public bool TryAdd(EgressPeer peer, int limit)
    {
        lock (_gate)
        {
            var open = _open.GetValueOrDefault(peer.Key);
            if (open >= limit)
                return false;
            _open[peer.Key] = open + 1;
            return true;
        }
    }

    /// <summary>One that <see cref="TryAdd"/> has let in is closed.</summary>
    public void Remove(EgressPeer peer)
    {
        lock (_gate)
        {
            if (_open[peer.Key] == 1)
                _open.Remove(peer.Key);
            else
                _open[peer.Key]--;
        }
    }
}
