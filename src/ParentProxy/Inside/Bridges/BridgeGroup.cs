using ParentProxy.Sockets;

namespace ParentProxy.Inside.Bridges;

/// <summary>Addresses that were opened together, and are closed together.</summary>
internal sealed class BridgeGroup : IAsyncDisposable
{
    private readonly BridgeListener[] _listeners;

    private BridgeGroup(BridgeListener[] listeners) => _listeners = listeners;

    /// <summary>Whether all of them are open.</summary>
    public bool IsOpen => _listeners.All(static listener => listener.IsOpen);

    /// <summary>Connections that are open.</summary>
    public int Connections => _listeners.Sum(static listener => listener.Connections);

    public IReadOnlyList<BridgeListener> Listeners => _listeners;

    /// <summary>Opens all of them, or none.</summary>
    /// <exception cref="ListenException">One cannot be listened on.</exception>
    public static BridgeGroup Open(IEnumerable<Bridge> bridges)
    {
        var listeners = new List<BridgeListener>();
        try
        {
            foreach (var bridge in bridges)
                listeners.Add(new BridgeListener(bridge));
        }
        catch
        {
            foreach (var listener in listeners)
                listener.Abandon();
            throw;
        }

        foreach (var listener in listeners)
        {
            BridgeLog.Opened(listener.Bridge.Context.Logger, listener.Bridge);
            listener.Start();
        }

        return new BridgeGroup([.. listeners]);
    }

    /// <summary>Closes the addresses; connections that are open go on.</summary>
    public Task CloseAsync() => Task.WhenAll(_listeners.Select(static listener => listener.CloseAsync()));

    /// <summary>Waits until all connections are over; when the token fires, what is left is cut off.</summary>
    public Task StopAsync(CancellationToken cut) => Task.WhenAll(_listeners.Select(listener => listener.StopAsync(cut)));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var listener in _listeners)
            await listener.DisposeAsync();
    }
}
