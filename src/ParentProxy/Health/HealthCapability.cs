using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using ParentProxy.Capabilities;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;

namespace ParentProxy.Health;

/// <summary>The probes of the enclaves, and the verdict on the whole.</summary>
/// <param name="registry">The enclaves.</param>
/// <param name="pooledProbe">Asks over connections that requests have left open.</param>
/// <param name="configuration">What is in effect.</param>
/// <param name="drain">How far the stop has come.</param>
/// <param name="refusal">Why new connections are not let in; null while they are.</param>
/// <param name="time">The clock.</param>
/// <param name="loggers">The log.</param>
internal sealed class HealthCapability(
    EnclaveRegistry registry,
    IPooledProbe pooledProbe,
    ActiveConfiguration configuration,
    DrainState drain,
    Func<string?> refusal,
    TimeProvider time,
    ILoggerFactory loggers) : ICapability
{
    private readonly HealthMonitor _monitor = new(registry, pooledProbe, configuration, time, loggers.CreateLogger<HealthMonitor>());

    /// <summary>The verdict at this moment.</summary>
    public HealthSummary Summary => HealthSummary.Of(registry, configuration, drain, refusal());

    /// <inheritdoc/>
    public void AddInstruments(Meter meter) => HealthInstruments.Add(meter, configuration, drain, () => Summary);

    /// <summary>Starts to probe the enclaves that there are, and those that come.</summary>
    public Task OpenAsync(CancellationToken cancellationToken)
    {
        _monitor.Start();
        return Task.CompletedTask;
    }

    /// <summary>Waits until every enclave has been probed once, with whatever result.</summary>
    public Task FirstRoundAsync(CancellationToken cancellationToken) => _monitor.FirstRoundAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _monitor.DisposeAsync();
}
