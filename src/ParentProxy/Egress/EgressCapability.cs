using System.Collections.Concurrent;
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
internal sealed class EgressCapability : ICapability
{
    private readonly EgressContext _context;
    private readonly EgressServices _services;
    private readonly OwnAddresses _ownAddresses;
    private readonly ConcurrentDictionary<EgressListener, bool> _leaving = new();
    private volatile IReadOnlyList<EgressListener> _listeners = [];
    private List<EgressListener> _prepared = [];
    private volatile bool _isOpen;

    /// <summary>Composes it; nothing is bound yet.</summary>
    /// <param name="configuration">What is in effect.</param>
    /// <param name="registry">The enclaves that are known.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">The log.</param>
    public EgressCapability(ActiveConfiguration configuration, EnclaveRegistry registry, TimeProvider time, ILoggerFactory loggers)
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

    /// <summary>The listeners that are open.</summary>
    public IReadOnlyList<EgressListener> Open => _listeners;

    /// <summary>What enclaves asked for and did not get, the most recent first.</summary>
    public IReadOnlyList<EgressRefusal> NotReached => _context.Refusals.Recent;

    /// <inheritdoc/>
    public IStatusSection StatusSection => new EgressSection(() => _listeners, _context.Refusals);

    /// <inheritdoc/>
    public IReadOnlyList<ListenerView> Listeners => [.. _listeners.Select(listener => listener.View())];

    /// <inheritdoc/>
    public bool IsOpen => _isOpen && _listeners.All(listener => listener.IsOpen);

    /// <inheritdoc/>
    public void AddInstruments(Meter meter) =>
        _context.Instruments = new EgressInstruments(meter, () => _listeners, _context.Counts, _services.Questions, _services.Lines);

    /// <inheritdoc/>
    public Task OpenAsync(CancellationToken cancellationToken)
    {
        var options = _context.Configuration.Options;
        try
        {
            Prepare(options);
        }
        catch
        {
            Abandon();
            throw;
        }

        Apply(options);
        _isOpen = true;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Prepare(ProxyOptions options)
    {
        foreach (var listener in options.Egress.Listeners)
        {
            if (!_listeners.Any(open => open.Options.Listen == listener.Listen))
                _prepared.Add(new EgressListener(listener, _context));
        }
    }

    /// <inheritdoc/>
    public void Abandon()
    {
        foreach (var listener in _prepared)
            _ = listener.DisposeAsync().AsTask();
        _prepared = [];
    }

    /// <inheritdoc/>
    public void Apply(ProxyOptions options)
    {
        _context.Use(new EgressPolicy(options.Egress, () => _ownAddresses.Current));
        var added = _prepared;
        _prepared = [];
        var next = new List<EgressListener>();
        foreach (var listener in options.Egress.Listeners)
        {
            var open = _listeners.Concat(added).First(open => open.Options.Listen == listener.Listen);
            open.Use(listener, _services.Of(listener));
            next.Add(open);
        }

        var removed = _listeners.Except(next).ToList();
        _listeners = next;
        foreach (var listener in added)
        {
            EgressLog.Opened(_context.Logger, listener.Name, EgressSection.Service(listener.Options));
            listener.Start();
        }

        foreach (var listener in removed)
        {
            _leaving.TryAdd(listener, true);
            _ = LeaveAsync(listener);
        }
    }

    /// <inheritdoc/>
    public Task StopAcceptingAsync() => Task.WhenAll(_listeners.Select(listener => listener.StopAcceptingAsync()));

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cut) =>
        Task.WhenAll(_listeners.Concat(_leaving.Keys).Select(listener => listener.StopAsync(cut)));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var listener in _listeners.Concat(_leaving.Keys))
            await listener.DisposeAsync();
        await _services.DisposeAsync();
        _context.Watch.Dispose();
        _context.Refusals.Dispose();
    }

    /// <summary>Closes the address of a listener that was removed; its connections go on until they end.</summary>
    private async Task LeaveAsync(EgressListener listener)
    {
        await listener.StopAcceptingAsync();
        EgressLog.Closed(_context.Logger, listener.Name, listener.Connections);
        await listener.StopAsync(CancellationToken.None);
        if (_leaving.TryRemove(listener, out _))
            await listener.DisposeAsync();
    }
}
