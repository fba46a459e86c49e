using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using ParentProxy.Capabilities;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Sockets;

namespace ParentProxy.Passthrough;

/// <summary>
/// Raw connections, carried byte for byte between clients and enclaves. A reload adds, changes and removes listeners; connections
/// that are open go on with what they have.
/// </summary>
internal sealed class PassthroughCapability : ICapability
{
    private readonly EnclaveRegistry _registry;
    private readonly PassthroughContext _context;
    private readonly RelayWatch<PassthroughConnection> _watch;
    private readonly ConcurrentDictionary<string, PassthroughCounts> _counts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<PassthroughListener, bool> _leaving = new();
    private volatile IReadOnlyList<PassthroughListener> _listeners = [];
    private List<PassthroughListener> _prepared = [];
    private volatile bool _isOpen;

    /// <summary>Composes it; nothing is bound yet.</summary>
    /// <param name="configuration">What is in effect.</param>
    /// <param name="registry">What connections are carried to.</param>
    /// <param name="selector">The rules of the choice.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">The log.</param>
    public PassthroughCapability(
        ActiveConfiguration configuration, EnclaveRegistry registry, EnclaveSelector selector, TimeProvider time, ILoggerFactory loggers)
    {
        _registry = registry;
        _watch = new RelayWatch<PassthroughConnection>(time);
        var connector = new FailoverConnector(registry, selector, new EnclaveBalancer(selector, configuration), configuration, time);
        _context = new PassthroughContext(configuration, connector, _watch, time, loggers.CreateLogger<PassthroughCapability>());
    }

    /// <summary>The listeners that are open, in the order of the configuration.</summary>
    public IReadOnlyList<PassthroughListener> Open => _listeners;

    /// <inheritdoc/>
    public IStatusSection StatusSection => new PassthroughSection(() => _listeners);

    /// <inheritdoc/>
    public IReadOnlyList<string> EndPoints => [.. _listeners.Select(listener => listener.EndPoint)];

    /// <inheritdoc/>
    public IReadOnlyList<ListenerView> Listeners => [.. _listeners.Select(listener => listener.View())];

    /// <inheritdoc/>
    public bool IsOpen => _isOpen && _listeners.All(listener => listener.IsOpen);

    /// <inheritdoc/>
    public string? Refusal => !_isOpen
        ? "the passthrough listeners are not open yet"
        : _listeners.Select(listener => listener.Refusal).FirstOrDefault(refusal => refusal is not null);

    /// <inheritdoc/>
    public void AddInstruments(Meter meter) => _context.Instruments = new PassthroughInstruments(
        meter, () => _listeners, () => _counts.Select(pair => (pair.Key, pair.Value)));

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
        _registry.Changed.Set();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Prepare(ProxyOptions options)
    {
        foreach (var listener in options.Passthrough)
        {
            if (!_listeners.Any(open => open.Options.Listen == listener.Listen))
                _prepared.Add(new PassthroughListener(listener, Counts(listener), _context, _registry.Changed.Set));
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
        var added = _prepared;
        _prepared = [];
        var next = new List<PassthroughListener>();
        foreach (var listener in options.Passthrough)
        {
            var open = _listeners.Concat(added).First(open => open.Options.Listen == listener.Listen);
            open.Use(listener);
            next.Add(open);
        }

        var removed = _listeners.Except(next).ToList();
        _listeners = next;
        foreach (var listener in added)
        {
            PassthroughLog.Opened(_context.Logger, listener.EndPoint, string.Join(", ", listener.Options.Targets));
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
        _watch.Dispose();
    }

    private PassthroughCounts Counts(PassthroughOptions listener) =>
        _counts.GetOrAdd(listener.Listen.Text, static _ => new PassthroughCounts());

    /// <summary>Closes the address of a listener that was removed; its connections go on until they end.</summary>
    private async Task LeaveAsync(PassthroughListener listener)
    {
        await listener.StopAcceptingAsync();
        PassthroughLog.Closed(_context.Logger, listener.EndPoint, listener.Connections);
        await listener.StopAsync(CancellationToken.None);
        if (_leaving.TryRemove(listener, out _))
            await listener.DisposeAsync();
    }
}
