using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Failover;

/// <summary>Hands out connections to one endpoint only when the enclave has ended them: then not a byte can be sent.</summary>
internal sealed class LateDialer(string ended) : IEnclaveDialer
{
    private readonly EnclaveDialer _dialer = new(new VsockOptions { ToHost = ToHostMode.Never }, TimeProvider.System);

    public async Task<EnclaveStream> DialAsync(EnclaveEndpoint endpoint, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var stream = await _dialer.DialAsync(endpoint, timeout, cancellationToken);
        if (endpoint.ToString() == ended)
            await Eventually.TrueAsync(() => !stream.IsReceiveQueueEmpty);
        return stream;
    }
}
