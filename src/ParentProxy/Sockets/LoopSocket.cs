using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using ParentProxy.Vsock;

namespace ParentProxy.Sockets;

/// <summary>
/// A connected stream socket of any family that an <see cref="EventLoop"/> waits for. What awaits it goes on on the thread
/// of the loop. Receiving and sending may run side by side, each one at a time; closing any time.
/// </summary>
internal sealed class LoopSocket : ILoopClient, IDisposable
{
    private const uint Interest = Epoll.In | Epoll.PeerEnded | Epoll.EdgeTriggered;

    private readonly Socket _socket;
    private readonly LoopSocketOptions _options;
    private readonly ReceiveOperation _receive;
    private readonly SendOperation _send;
    private readonly EventLoop? _chosen;
    private readonly Lock _watching = new();
    private EventLoop? _loop;
    private LoopSocket? _heir;
    private Task? _lingering;
    private long _id;
    private long _bytesTaken;
    private bool _watchesRoom;
    private volatile bool _isClosed;
    private bool _isReleased;
    private volatile bool _hasPeerEnded;
    private volatile bool _isBroken;

    /// <summary>Takes over a connected socket, with which the runtime has not waited for anything yet.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="options">What its kind of connection needs; null: nothing of its own.</param>
    /// <param name="loop">What waits for it; without, the loop on whose thread it is waited for first, or each in turn.</param>
    public LoopSocket(Socket socket, LoopSocketOptions? options = null, EventLoop? loop = null)
    {
        _chosen = loop;
        _socket = socket;
        _options = options ?? LoopSocketOptions.Default;
        Handle = socket.SafeHandle;
        _receive = new ReceiveOperation(this);
        _send = new SendOperation(this, _options.MaxSendBytes);
    }

    /// <summary>
    /// Called on the thread of the loop when the peer has ended its direction or the connection broke, after whoever waits
    /// for that has had it. May be called more than once.
    /// </summary>
    public Action? PeerEnded { get; set; }

    /// <summary>The descriptor, which is the socket's own.</summary>
    public SafeHandle Handle { get; }

    /// <summary>Whether the peer has ended its direction; what it sent before may not have been read yet.</summary>
    public bool HasPeerEnded => _hasPeerEnded;

    /// <summary>Whether both directions have ended, in order or not.</summary>
    public bool IsBroken => _isBroken;

    /// <summary>Whether somebody waits for what comes.</summary>
    public bool IsReceiving => _receive.IsWaiting;

    /// <summary>Whether it is worth a try to receive.</summary>
    public bool MayReceive => _receive.IsReady;

    /// <summary>Whether something could be sent, if there were room: neither side has ended this direction.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public bool IsOpenForSending => Epoll.Send(Handle, [], more: false) is >= 0 or -Epoll.Eagain;

    /// <summary>Whether something that came was not read.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public bool HasUnread => Epoll.HasUnread(Handle);

    /// <summary>Whether it is open and nothing has come that was not read, neither bytes nor the end.</summary>
    public bool IsReceiveQueueEmpty
    {
        get
        {
            try
            {
                return !_isClosed && Epoll.Peek(Handle) == -Epoll.Eagain;
            }
            catch (ObjectDisposedException)
            {
                return false;
            }
        }
    }

    /// <summary>How many bytes the kernel has taken for the peer; what it has not taken the peer cannot have.</summary>
    public long BytesTaken => Interlocked.Read(ref _bytesTaken);

    /// <summary>Whether this side has closed it.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>Whether the calling thread is the one that waits for it, or none that waits for sockets at all.</summary>
    public bool IsOnCurrentLoop => EventLoop.Current is not { } current || current == Volatile.Read(ref _loop);

    /// <summary>Connects a socket on the event loops.</summary>
    /// <param name="socket">A fresh socket; taken over when this succeeds.</param>
    /// <param name="endPoint">Where to.</param>
    /// <param name="options">What its kind of connection needs once it is connected; null: nothing of its own.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SocketException">It could not be connected.</exception>
    public static async ValueTask<LoopSocket> ConnectAsync(
        Socket socket, EndPoint endPoint, LoopSocketOptions? options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        // Asked for by hand: the runtime would wait with its own engine, and be woken by every event from then on.
        var connecting = new LoopSocket(socket);
        try
        {
            if (Epoll.MakeNonBlocking(connecting.Handle) is < 0 and var blocking)
                throw SocketErrors.Exception(-blocking);
            var address = endPoint.Serialize();
            var result = Epoll.Connect(connecting.Handle, address.Buffer.Span[..address.Size]);
            if (result is -Epoll.Einprogress or -Epoll.Eintr)
                await connecting._send.ConnectedAsync(cancellationToken).ConfigureAwait(false);
            else if (result < 0)
                throw SocketErrors.Exception(-result);
        }
        finally
        {
            connecting.Detach();
        }

        return new LoopSocket(socket, options);
    }

    /// <inheritdoc cref="ReceiveOperation.ReceiveAsync"/>
    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        _receive.ReceiveAsync(buffer, cancellationToken);

    /// <inheritdoc cref="ReceiveOperation.TryReceive"/>
    public bool TryReceive(Memory<byte> buffer, out int count) => _receive.TryReceive(buffer, out count);

    /// <summary>
    /// Forgets what has come: a receive into an empty buffer waits for what comes from here on. For whoever looks himself for what is
    /// there.
    /// </summary>
    public void ForgetReady() => _receive.TakeReady();

    /// <summary>Ends the wait of a receive, which throws <see cref="OperationCanceledException"/> then.</summary>
    public void CancelReceive() => _receive.Cancel(new OperationCanceledException());

    /// <summary>Sends all of a buffer, of which nothing follows at once.</summary>
    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
        _send.SendAsync(buffer, more: false, cancellationToken);

    /// <inheritdoc cref="SendOperation.SendAsync"/>
    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> buffer, bool more) =>
        _send.SendAsync(buffer, more, CancellationToken.None);

    /// <inheritdoc cref="SendOperation.WriteAsync"/>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
        _send.WriteAsync(buffer, cancellationToken);

    /// <summary>Ends our direction: the peer reads the end. On a connection that is over already it does nothing.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public void ShutdownSend()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException ex)
            when (ex.SocketErrorCode is SocketError.NotConnected or SocketError.ConnectionReset or SocketError.Shutdown)
        {
            // It has ended in both directions.
        }
        catch (SocketException ex)
        {
            throw Explain(ex, "shutdown");
        }
    }

    /// <summary>Ends both directions and closes.</summary>
    public void Shutdown()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            // It is over already.
        }

        Dispose();
    }

    /// <summary>
    /// Closes at once: pending operations fail, and what the peer has not read may be lost. Called after <see cref="CloseAsync"/> it
    /// ends the lingering.
    /// </summary>
    public void Abort()
    {
        if (_isReleased)
            return;
        Close(static socket => socket.Close(0));
        Volatile.Read(ref _heir)?.Abort();
    }

    /// <summary><see cref="CloseAsync"/> in the background.</summary>
    public void Dispose() => _ = CloseAsync();

    /// <summary>
    /// Closes; pending operations fail. With <see cref="LoopSocketOptions.LingerClock"/> the descriptor stays open, for a second at
    /// most, until the peer has what was sent, unless a send is pending.
    /// </summary>
    /// <returns>Completes when the descriptor is closed.</returns>
    public Task CloseAsync()
    {
        lock (_watching)
        {
            if (_lingering is not null)
                return _lingering;
            if (_isReleased)
                return Task.CompletedTask;
            if (_options.LingerClock is { } clock && !_isClosed && BytesTaken > 0 && !_send.IsWaiting)
            {
                Detach();
                _isClosed = true;
                _heir = new LoopSocket(_socket);
                _lingering = LingerAsync(_socket, _heir, _hasPeerEnded, clock);
            }
        }

        if (_lingering is null)
            Close(static socket => socket.Dispose());
        else
            FailPending();
        return _lingering ?? Task.CompletedTask;
    }

    /// <summary>
    /// Gives the socket away, with nothing pending: no loop waits for it any more, and to close this closes nothing.
    /// </summary>
    public (Socket Socket, LoopSocketOptions Options) Release()
    {
        Detach();
        lock (_watching)
            (_isClosed, _isReleased) = (true, true);
        return (_socket, _options);
    }

    /// <summary>
    /// Ends our direction and closes when the peer has ended its own, after a second and a MiB at most: it has everything then.
    /// </summary>
    public static Task LingerAsync(Socket socket, TimeProvider clock) =>
        LingerAsync(socket, new LoopSocket(socket), hasPeerEnded: false, clock);

    /// <summary>From now on the loop of the calling thread waits for it, if that is one.</summary>
    public void MoveToCurrentLoop()
    {
        if (EventLoop.Current is not { } current)
            return;
        lock (_watching)
        {
            if (_loop is null || _loop == current || _isClosed)
                return;
            try
            {
                _loop.Remove(_id, Handle);
                _loop = null;
                Watch(current);
            }
            catch (ObjectDisposedException)
            {
                // Closed meanwhile.
            }
        }
    }

    /// <inheritdoc/>
    public void OnEvents(uint events)
    {
        var hasEnded = (events & (Epoll.PeerEnded | Epoll.Hangup | Epoll.Error)) != 0;
        if (hasEnded)
        {
            _isBroken |= (events & (Epoll.Hangup | Epoll.Error)) != 0;
            _hasPeerEnded = true;
        }

        if (hasEnded || (events & Epoll.In) != 0)
            _receive.OnReady();
        if ((events & (Epoll.Out | Epoll.Hangup | Epoll.Error)) != 0)
        {
            _send.OnReady();
            if (_watchesRoom && !_send.IsWaiting)
                WatchNoRoom();
        }

        if (hasEnded)
            PeerEnded?.Invoke();
    }

    /// <summary>Counts bytes that the kernel has taken.</summary>
    internal void Took(int count) => Interlocked.Add(ref _bytesTaken, count);

    /// <summary>Has it watched for what comes.</summary>
    internal void Watch()
    {
        if (Volatile.Read(ref _loop) is not null)
            return;
        lock (_watching)
        {
            if (_loop is null && !_isClosed)
                Watch(_chosen ?? EventLoop.Next());
        }
    }

    /// <summary>Has it watched for room to send, too.</summary>
    internal void WatchForRoom()
    {
        lock (_watching)
        {
            if (_isClosed || _watchesRoom)
                return;
            _watchesRoom = true;
            if (_loop is null)
                Watch(_chosen ?? EventLoop.Next());
            else
                _loop.Modify(_id, Handle, Interest | Epoll.Out);
        }
    }

    /// <summary>What is thrown for a failure of what was tried: read, write or shutdown.</summary>
    internal Exception Explain(SocketException failure, string operation) => _options.Explain?.Invoke(failure, operation) ?? failure;

    /// <summary>A unix socket tells of room whenever its peer reads, which nobody wants to know who does not wait for it.</summary>
    private void WatchNoRoom()
    {
        lock (_watching)
        {
            if (_isClosed || _send.IsWaiting || _loop is null)
                return;
            _watchesRoom = false;
            _loop.Modify(_id, Handle, Interest);
        }
    }

    private void Watch(EventLoop loop)
    {
        _id = loop.Add(this, Handle, _watchesRoom ? Interest | Epoll.Out : Interest);
        Volatile.Write(ref _loop, loop);
    }

    private void Detach()
    {
        lock (_watching)
        {
            if (_loop is null || _isClosed)
                return;
            try
            {
                _loop.Remove(_id, Handle);
            }
            catch (ObjectDisposedException)
            {
                _loop.Forget(_id);
            }

            _loop = null;
        }
    }

    private void Close(Action<Socket> close)
    {
        lock (_watching)
        {
            _isClosed = true;
            _loop?.Forget(_id);
        }

        close(_socket);
        FailPending();
    }

    /// <summary>
    /// Waits until the peer has everything, by a socket of its own: the operations of this one may still be under way on other
    /// threads.
    /// </summary>
    private static async Task LingerAsync(Socket socket, LoopSocket heir, bool hasPeerEnded, TimeProvider clock)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
            if (!hasPeerEnded)
                await LingeringClose.DiscardUntilEndAsync(heir.ReceiveAsync, clock).ConfigureAwait(false);
        }
        catch (Exception ex) when (ex is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The peer is gone, the time is over, or it was aborted: nothing is left to wait for.
        }
        finally
        {
            heir.Dispose();
        }
    }

    private void FailPending()
    {
        var reason = SocketErrors.Aborted();
        _receive.Fail(reason);
        _send.Fail(reason);
    }
}
