using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;

namespace ParentProxy.Scenarios.Discovery;

/// <summary>Dials CIDs that this machine has not: each leads to a port of the loopback.</summary>
internal sealed class CidDialer(IReadOnlyDictionary<uint, uint> ports) : IEnclaveDialer
{
    private readonly EnclaveDialer _dialer = new(new VsockOptions { ToHost = ToHostMode.Never }, TimeProvider.System);

    /// <inheritdoc/>
    public Task<EnclaveStream> DialAsync(EnclaveEndpoint endpoint, TimeSpan timeout, CancellationToken cancellationToken) =>
        endpoint.Transport == EnclaveTransport.Vsock && ports.TryGetValue(endpoint.Cid, out var port)
            ? _dialer.DialAsync(EnclaveEndpoint.Tcp("127.0.0.1", port), timeout, cancellationToken)
            : throw new DialException(endpoint, "ENODEV", "nothing else than the CIDs of the scenario is dialled", "");
}
