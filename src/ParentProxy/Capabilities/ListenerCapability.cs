using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using ParentProxy.Configuration;

namespace ParentProxy.Capabilities;

/// <summary>
/// A capability with listeners of its own, which a reload adds, keeps and removes. What can fail, to bind, is done before a configuration
/// is in effect; connections of a listener that is removed go on until they end.
/// </summary>
/// <typeparam name="TListener">One address, and its connections.</typeparam>
/// <typeparam name="TOptions">The settings of one.</typeparam>
internal abstract class ListenerCapability<TListener, TOptions>(ActiveConfiguration configuration, TimeProvider time) : ICapability
    where TListener : class, IConfiguredListener
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<TListener, bool> _leaving = new();
    private volatile IReadOnlyList<TListener> _listeners = [];
    private List<TListener> _prepared = [];
    private volatile bool _hasOpened;

    /// <summary>The listeners that are open, in the order of the configuration.</summary>
    public IReadOnlyList<TListener> Open => _listeners;

    /// <inheritdoc/>
    public abstract IStatusSection? StatusSection { get; }

    /// <inheritdoc/>
    public virtual IReadOnlyList<string> EndPoints => [];

    /// <inheritdoc/>
    public IReadOnlyList<ListenerView> Listeners => [.. _listeners.Select(listener => listener.View())];

    /// <inheritdoc/>
    public bool IsOpen => _hasOpened && _listeners.All(listener => listener.IsOpen);

    /// <inheritdoc/>
    public virtual string? Refusal => null;

    /// <summary>How many connections are open that a stop waits for.</summary>
    protected virtual int InFlight => _listeners.Concat(_leaving.Keys).Sum(listener => listener.View().Connections);

    /// <summary>Whether <see cref="OpenAsync"/> is over.</summary>
    protected bool HasOpened => _hasOpened;

    /// <inheritdoc/>
    public abstract void AddInstruments(Meter meter);

    /// <inheritdoc/>
    public virtual Task OpenAsync(CancellationToken cancellationToken)
    {
        var options = configuration.Options;
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
        _hasOpened = true;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Prepare(ProxyOptions options)
    {
        foreach (var settings in Configured(options))
        {
            if (!_listeners.Any(open => open.Name == NameOf(settings)))
                _prepared.Add(Bind(settings));
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
    public virtual void Apply(ProxyOptions options)
    {
        var added = _prepared;
        _prepared = [];
        var next = new List<TListener>();
        foreach (var settings in Configured(options))
        {
            var listener = _listeners.Concat(added).First(open => open.Name == NameOf(settings));
            Use(listener, settings);
            next.Add(listener);
        }

        var removed = _listeners.Except(next).ToList();
        _listeners = next;
        foreach (var listener in added)
        {
            LogOpened(listener);
            listener.Start();
        }

        foreach (var listener in removed)
        {
            _leaving.TryAdd(listener, true);
            _ = LeaveAsync(listener);
        }
    }

    /// <inheritdoc/>
    public async Task FinishOlderAsync(TimeSpan grace, CancellationToken over)
    {
        // No connection tells its age. But when no more than so many are open, no more than so many are older.
        var older = int.MaxValue;
        while ((older = Math.Min(older, InFlight)) > 0)
        {
            await Task.Delay(LookAgain, time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (over.IsCancellationRequested)
                return;
        }
    }

    /// <inheritdoc/>
    public Task StopAcceptingAsync() => Task.WhenAll(_listeners.Select(listener => listener.StopAcceptingAsync()));

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cut) =>
        Task.WhenAll(_listeners.Concat(_leaving.Keys).Select(listener => listener.StopAsync(cut)));

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        foreach (var listener in _listeners.Concat(_leaving.Keys))
            await listener.DisposeAsync();
    }

    /// <summary>The settings of the listeners, each address once.</summary>
    protected abstract IEnumerable<TOptions> Configured(ProxyOptions options);

    /// <summary>What <see cref="IConfiguredListener.Name"/> is for these settings.</summary>
    protected abstract string NameOf(TOptions settings);

    /// <summary>Makes a listener that listens and does not accept yet.</summary>
    /// <exception cref="Exception">The address cannot be listened on; the message is for an operator.</exception>
    protected abstract TListener Bind(TOptions settings);

    /// <summary>Has new connections of a listener follow these settings, those of its first ones included.</summary>
    protected abstract void Use(TListener listener, TOptions settings);

    /// <summary>Writes down that a listener is open.</summary>
    protected abstract void LogOpened(TListener listener);

    /// <summary>Writes down that the address of a listener that was removed is closed; connections may be open still.</summary>
    protected abstract void LogClosed(TListener listener);

    private async Task LeaveAsync(TListener listener)
    {
        await listener.StopAcceptingAsync();
        LogClosed(listener);
        await listener.StopAsync(CancellationToken.None);
        if (_leaving.TryRemove(listener, out _))
            await listener.DisposeAsync();
    }
}
