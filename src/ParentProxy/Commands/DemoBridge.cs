using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Inside;
using ParentProxy.Inside.Bridges;
using ParentProxy.Telemetry.Metrics;

namespace ParentProxy.Commands;

/// <summary>The other side of <c>demo --inside</c>: <c>parent-proxy enclave --ingress</c>, with a unix socket for the vsock.</summary>
internal sealed class DemoBridge : IAsyncDisposable
{
    private readonly Meter _meter;
    private readonly IngressBridges _bridges;

    /// <summary>Listens on a socket, and carries its connections to the simulated enclave behind.</summary>
    public DemoBridge(string path, string simulated)
    {
        var ingress = new InsideIngressOptions { Listen = InsideAddress.Parse($"unix:{path}").Value, To = EnclaveEndpoint.Unix(simulated) };
        var inside = new InsideConfiguration
        {
            Enclave = new InsideOptions { Ingress = [ingress] },
            Vsock = new VsockOptions(),
            Log = new LogOptions(),
            Sections = new ConfigurationBuilder().Build(),
        };
        _meter = new Meter(new MeterOptions(ProxyMeter.Name) { Scope = inside });
        var dialer = new EnclaveDialer(inside.Vsock, TimeProvider.System);
        _bridges = new IngressBridges(new InsideContext(inside, dialer, _meter, NullLoggerFactory.Instance, TimeProvider.System));
        _bridges.Open();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _bridges.DisposeAsync();
        _meter.Dispose();
    }
}
