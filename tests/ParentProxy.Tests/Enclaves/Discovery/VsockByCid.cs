using System.Collections.Concurrent;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Enclaves.Discovery;

/// <summary>Dials CIDs that no machine has: each leads to the unix socket of a simulated enclave, or nowhere.</summary>
internal sealed class VsockByCid : IEnclaveDialer
{
    private readonly ConcurrentDictionary<uint, EnclaveEndpoint> _places = new();
    private readonly EnclaveDialer _dialer = new(new VsockOptions { ToHost = ToHostMode.Never }, TimeProvider.System);

    /// <summary>Puts an enclave behind a CID, or nobody.</summary>
    public TestEnclave? this[uint cid]
    {
        set
        {
            if (value is null)
                _places.TryRemove(cid, out _);
            else
                _places[cid] = EnclaveEndpoint.Unix(value.EndPoint["unix:".Length..]);
        }
    }

    /// <inheritdoc/>
    public Task<EnclaveStream> DialAsync(EnclaveEndpoint endpoint, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (endpoint.Transport != EnclaveTransport.Vsock)
            return _dialer.DialAsync(endpoint, timeout, cancellationToken);
        return _places.TryGetValue(endpoint.Cid, out var place)
            ? _dialer.DialAsync(place, timeout, cancellationToken)
            : throw new DialException(endpoint, "ETIMEDOUT", "no enclave has this CID", "");
    }
}
