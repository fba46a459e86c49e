using ParentProxy.Runtime;

namespace ParentProxy.Sockets;

/// <summary>
/// The life of a listener: it accepts, closes its address, waits until the connections that it let in are over, and cuts off those that do
/// not end in time.
/// </summary>
/// <param name="listener">The address, which belongs to it from here on.</param>
/// <param name="onAcceptFault">Told of the fault of this program that ended accepting.</param>
internal sealed class ListenerLifetime(LoopListener listener, Action<Exception> onAcceptFault) : IAsyncDisposable
{
    private readonly BackgroundLoop _accepting = new(onAcceptFault);
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _disposing = new();

    // Neither has a timer or a handle to give back, and both are asked for until the last connection is over.
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _cut = new();
    private volatile bool _isClosed;
    private Task? _disposed;

    /// <summary>Fires when the program waits for connections to end.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Fires when the time of that is over.</summary>
    public CancellationToken Cut => _cut.Token;

    /// <summary>Accepts in the background, until the work ends by itself when the address is closed; called once.</summary>
    public void Start(Func<Task> accept) => _accepting.Start(_ => accept());

    /// <summary>A connection is over. Its sockets are closed, or about to be when the peer has everything.</summary>
    public void OnConnectionClosed()
    {
        listener.OnConnectionClosed();
        TellEmpty();
    }

    /// <summary>Closes the address; what is in the accept queue is still served.</summary>
    public async Task StopAcceptingAsync()
    {
        await listener.StopAcceptingAsync();
        _isClosed = true;
        TellEmpty();
    }

    /// <summary>Waits until all connections are over; when the token fires, what is left is cut off.</summary>
    public async Task StopAsync(CancellationToken cut)
    {
        await _stopping.CancelAsync();
        await using var cutting = cut.UnsafeRegister(static self => ((ListenerLifetime)self!)._cut.Cancel(), this);
        await _empty.Task;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        // A listener that leaves may end at the same time as the program.
        lock (_disposing)
            return new ValueTask(_disposed ??= CloseAsync());
    }

    private async Task CloseAsync()
    {
        await listener.UnbindAsync();

        // Nothing is accepted any more from here on.
        await _accepting.DisposeAsync();
        _isClosed = true;
        await _stopping.CancelAsync();
        await _cut.CancelAsync();
        TellEmpty();
        await _empty.Task;
    }

    private void TellEmpty()
    {
        if (_isClosed && listener.Connections == 0)
            _empty.TrySetResult();
    }
}
