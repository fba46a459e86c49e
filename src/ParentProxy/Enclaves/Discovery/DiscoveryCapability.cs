using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using ParentProxy.Capabilities;
using ParentProxy.Configuration;

namespace ParentProxy.Enclaves.Discovery;

/// <summary>Enclaves that are found by their names, as nitro-cli tells of them.</summary>
/// <param name="registry">The enclaves.</param>
/// <param name="configuration">What is in effect.</param>
/// <param name="time">The clock.</param>
/// <param name="loggers">The log.</param>
internal sealed class DiscoveryCapability(
    EnclaveRegistry registry,
    ActiveConfiguration configuration,
    TimeProvider time,
    ILoggerFactory loggers) : ICapability
{
    /// <summary>What calls nitro-cli and keeps what it told.</summary>
    public DiscoveryMonitor Monitor { get; } =
        new(registry, configuration.Options.Discovery, time, loggers.CreateLogger<DiscoveryMonitor>());

    /// <inheritdoc/>
    public IStatusSection StatusSection => new DiscoverySection(Monitor, registry);

    /// <inheritdoc/>
    public void AddInstruments(Meter meter) => DiscoveryInstruments.Add(meter, configuration, Monitor, time);

    /// <summary>Starts to call nitro-cli, if discovery is enabled.</summary>
    public void Begin() => Monitor.Start();

    /// <summary>Waits until the first call has ended, well or not; a start does not wait for ever.</summary>
    public Task FirstRoundAsync(CancellationToken cancellationToken) => Monitor.FirstCallAsync(cancellationToken);

    /// <summary>Has what is known follow other settings.</summary>
    public void Apply(ProxyOptions options) => Monitor.Apply(options.Discovery);

    /// <summary>Starts no further call.</summary>
    public void BeginDraining() => Monitor.StopCalling();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Monitor.DisposeAsync();
}
