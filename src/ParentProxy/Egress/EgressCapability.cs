using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using ParentProxy.Capabilities;
using ParentProxy.Configuration;
using ParentProxy.Egress.Policy;
using ParentProxy.Egress.Tunnels;
using ParentProxy.Enclaves;
using ParentProxy.Sockets;

namespace ParentProxy.Egress;

/// <summary>
/// What enclaves reach: forwards, an HTTP proxy, names, logs, the clock and files, each on a listener of its own. A reload adds, changes
/// and removes listeners and rules; connections that are open go on with what they have.
/// </summary>
internal sealed class EgressCapability : ListenerCapability<EgressListener, EgressListenerOptions>
{
    private readonly EgressContext _context;
    private readonly EgressServices _services;
    private readonly OwnAddresses _ownAddresses;

    /// <summary>Composes it; nothing is bound yet.</summary>
    /// <param name="configuration">What is in effect.</param>
    /// <param name="registry">The enclaves that are known.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">The log.</param>
    public EgressCapability(ActiveConfiguration configuration, EnclaveRegistry registry, TimeProvider time, ILoggerFactory loggers)
        : base(configuration, time)
    {
        var logger = loggers.CreateLogger<EgressCapability>();
        _ownAddresses = new OwnAddresses(time, logger);
        _context = new EgressContext(
            configuration,
            new EgressPeers(registry),
            new EgressCounts(),
            new EgressRefusals(time, logger),
            new RelayWatch<Tunnel>(time),
            time,
            logger);
        _services = new EgressServices(_context, loggers);
    }

    /// <summary>Tunnels alone: what else there is, log streams above all, ends when the program asks it to.</summary>
    protected override int InFlight => _context.Watch.Count;

    /// <summary>What enclaves asked for and did not get, the most recent first.</summary>
    public IReadOnlyList<EgressRefusal> NotReached => _context.Refusals.Recent;

    /// <inheritdoc/>
    public override IStatusSection StatusSection => new EgressSection(() => Open, _context.Refusals);

    /// <inheritdoc/>
    public override void AddInstruments(Meter meter) =>
        _context.Instruments = new EgressInstruments(meter, () => Open, _context.Counts, _services.Questions, _services.Lines);

    /// <inheritdoc/>
    public override void Apply(ProxyOptions options)
    {
        _context.Use(new EgressPolicy(options.Egress, () => _ownAddresses.Current));
        base.Apply(options);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _services.DisposeAsync();
        _context.Watch.Dispose();
        _context.Refusals.Dispose();
    }

    /// <inheritdoc/>
    protected override IEnumerable<EgressListenerOptions> Configured(ProxyOptions options) => options.Egress.Listeners;

    /// <inheritdoc/>
    protected override string NameOf(EgressListenerOptions settings) => settings.Listen.Text;

    /// <inheritdoc/>
    protected override EgressListener Bind(EgressListenerOptions settings) => new(settings, _context);

    /// <inheritdoc/>
    protected override void Use(EgressListener listener, EgressListenerOptions settings) =>
        listener.Use(settings, _services.Of(settings));

    /// <inheritdoc/>
    protected override void LogOpened(EgressListener listener) =>
        EgressLog.Opened(_context.Logger, listener.Name, EgressSection.Service(listener.Options));

    /// <inheritdoc/>
    protected override void LogClosed(EgressListener listener) =>
        EgressLog.Closed(_context.Logger, listener.Name, listener.Connections);
}
