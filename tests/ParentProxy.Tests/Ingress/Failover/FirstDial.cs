using System.Collections.Concurrent;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;

namespace ParentProxy.Tests.Ingress.Failover;

/// <summary>
/// Turns the first dial of each endpoint away, as a full accept queue does; those after it wait until the test lets them.
/// </summary>
internal sealed class FirstDial(string turningAway, Task until) : IEnclaveDialer
{
    private readonly EnclaveDialer _dialer = new(new VsockOptions { ToHost = ToHostMode.Never }, TimeProvider.System);
    private readonly ConcurrentDictionary<EnclaveEndpoint, int> _dials = new();

    public async Task<EnclaveStream> DialAsync(EnclaveEndpoint endpoint, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (endpoint.ToString().StartsWith(turningAway, StringComparison.Ordinal))
        {
            if (_dials.AddOrUpdate(endpoint, 1, (_, before) => before + 1) == 1)
                throw new DialException(endpoint, "ECONNRESET", "reset", "");
            await until.WaitAsync(cancellationToken);
        }

        return await _dialer.DialAsync(endpoint, timeout, cancellationToken);
    }
}
