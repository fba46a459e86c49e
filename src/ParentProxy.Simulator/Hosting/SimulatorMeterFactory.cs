using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace ParentProxy.Simulator.Hosting;

/// <summary>
/// Renames the server's meters. Listeners choose meters by name, process-wide: in <c>parent-proxy demo</c> the traffic of the
/// simulated enclaves would otherwise be counted as the proxy's own.
/// </summary>
internal sealed class SimulatorMeterFactory : IMeterFactory
{
    private readonly ConcurrentBag<Meter> _meters = [];

    public Meter Create(MeterOptions options)
    {
        var meter = new Meter("ParentProxy.Simulator:" + options.Name, options.Version, options.Tags, this);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose()
    {
        foreach (var meter in _meters)
            meter.Dispose();
    }
}
