using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;

namespace ParentProxy.Tests.Inside.Bridges;

/// <summary>The way to a parent that is not reached.</summary>
internal sealed class FailingDialer(Func<EnclaveEndpoint, DialException> failure) : IEnclaveDialer
{
    public Task<EnclaveStream> DialAsync(EnclaveEndpoint endpoint, TimeSpan timeout, CancellationToken cancellationToken) =>
        throw failure(endpoint);
}
