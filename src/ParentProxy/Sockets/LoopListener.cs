using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using ParentProxy.Runtime;
using ParentProxy.Vsock;

namespace ParentProxy.Sockets;

/// <summary>
/// Accepts the connections of one address, of TCP, unix or vsock. It leaves descriptors to the rest of the process, backs off
/// when nothing can be accepted, closes at once what is above the limit of its owner, opens the address anew when the
/// kernel's socket is broken, and resets nobody who has connected when it stops.
/// </summary>
internal sealed class LoopListener : IDisposable
{
    private const int Backlog = 4096;

    /// <summary>After how many failures in a row, some two seconds with the pauses between them, the socket counts as broken.</summary>
    private const int MaxFailures = 10;

    /// <summary>How many are accepted in a row on an event loop: the rest of a burst must not hold up its connections.</summary>
    private const int AcceptsOnLoop = 16;

    /// <summary>So far below the reserve as no burst gets unseen.</summary>
    private const int FarBelow = 1024;

    /// <summary>
    /// How long a high descriptor is remembered. The kernel hands out the lowest that is free, so that one low number says nothing about
    /// the next.
    /// </summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>What a handshake takes that has begun: far above a round trip to a load balancer.</summary>
    private static readonly TimeSpan Handshake = TimeSpan.FromMilliseconds(50);

    private readonly Func<EndPoint, ListenSocket> _bind;
    private readonly IListenerOwner _owner;
    private readonly IListenerEvents _events;
    private readonly TimeProvider _time;
    private readonly Obstacle _obstacle;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _closing = new();
    private volatile ListenSocket _socket;

    // Waits for what comes to the queue. Nothing is received from it.
    private volatile LoopSocket _queue;
    private TimeSpan _pause = FirstPause;
    private long _highest = long.MaxValue - FarBelow;
    private long _highestSeen;
    private int _failures;
    private int _acceptsLeft = AcceptsOnLoop;

    // How the socket failed that is to be replaced; null while it works.
    private Errno? _broken;

    // What somebody else has found out of it.
    private Deafness? _deafness;
    private long? _said;
    private int _connections;
    private long _rejected;
    private volatile string? _fault;

    /// <summary>Binds, and begins to listen.</summary>
    /// <param name="endPoint">Where; a port of 0 is any that is free.</param>
    /// <param name="bind">Binds a socket to an address, also in the place of one that is broken: <see cref="ListenSocket.Bind"/>.</param>
    /// <param name="owner">Who sets the limit.</param>
    /// <param name="events">Told what an operator has to know.</param>
    /// <param name="time">The clock of the pauses.</param>
    /// <exception cref="SocketException">The address cannot be listened on.</exception>
    public LoopListener(
        EndPoint endPoint, Func<EndPoint, ListenSocket> bind, IListenerOwner owner, IListenerEvents events, TimeProvider time)
    {
        _bind = bind;
        _owner = owner;
        _events = events;
        _time = time;
        _obstacle = new Obstacle(WouldRefuse, owner.OnRefusalChanged, OnAcceptingAgain, time);
        (_socket, _queue) = Open(endPoint);
        EndPoint = _socket.Socket.LocalEndPoint!;
    }

    /// <summary>Where it listens, with the port that it got.</summary>
    public EndPoint EndPoint { get; }

    /// <summary>Whether the address is open and somebody takes what comes in, if not at this moment.</summary>
    public bool IsOpen => !_stopped.Task.IsCompleted && _fault is null;

    /// <summary>Why a new connection is not let in; null while it is.</summary>
    public string? Refusal =>
        _fault ?? (_stopping.IsCancellationRequested || _stopped.Task.IsCompleted ? "the port is closed" : _obstacle.Text);

    /// <summary>Connections that were let in and have not been reported as closed.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Connections that were closed at once because <see cref="IListenerOwner.MaxConnections"/> were open.</summary>
    public long Rejected => Volatile.Read(ref _rejected);

    /// <summary>Waits for the next connection, and returns it on the thread pool. One call at a time.</summary>
    /// <param name="take">
    /// Makes of a socket what is returned. Fails with <see cref="SocketException"/> when its client is gone already.
    /// </param>
    /// <returns>The connection, for which <see cref="OnConnectionClosed"/> is owed; null when the address is closed.</returns>
    public ValueTask<T?> AcceptAsync<T>(Func<Socket, T> take)
        where T : class => AcceptAsync(static listener => listener.TryAccept(), take, staysOnLoop: false);

    /// <summary>
    /// <see cref="AcceptAsync{T}(Func{Socket, T})"/> for who needs no socket of the runtime. What comes while it waits is returned on the
    /// thread of an event loop, which need not wake another for it; after some in a row on the thread pool.
    /// </summary>
    public ValueTask<T?> AcceptBareAsync<T>(Func<AcceptedDescriptor, T> take)
        where T : class => AcceptAsync(static listener => listener.TryAcceptBare(), take, staysOnLoop: true);

    private async ValueTask<T?> AcceptAsync<TAccepted, T>(
        Func<LoopListener, TAccepted?> accept, Func<TAccepted, T> take, bool staysOnLoop)
        where TAccepted : class, IDisposable
        where T : class
    {
        while (true)
        {
            try
            {
                // What is done here for want of something takes its time, and so does the rest of a burst.
                if (EventLoop.Current is not null && (_broken is not null || _deafness is not null || MayBeReserve() || --_acceptsLeft < 0))
                    await LeaveLoopAsync();
                if (Interlocked.Exchange(ref _deafness, null) is { } deafness)
                    (_failures, _broken) = (deafness.Failures, deafness.Errno);
                if (_broken is { } errno && !_stopping.IsCancellationRequested && !TryRemake(errno))
                {
                    await PauseAsync();
                    continue;
                }

                if (!_stopping.IsCancellationRequested && MayBeReserve() && DescriptorReserve.Clients.IsNext(_queue.Handle))
                {
                    if (IsTimeToSaySo())
                        SayDescriptorsUsedUp();
                    await PauseAsync();
                    continue;
                }

                // What comes to the queue after the look into it ends the wait.
                _queue.ForgetReady();
                if (!IsLeftToNext && accept(this) is { } socket)
                {
                    _pause = FirstPause;
                    _failures = 0;
                    if (TryAdmit(socket) && Take(socket, take) is { } connection)
                        return connection;
                }
                else if (_stopping.IsCancellationRequested)
                {
                    Dispose();
                    return null;
                }
                else
                {
                    var waiting = _queue.ReceiveAsync(Memory<byte>.Empty, _stopping.Token);

                    // Remake either ends the wait, or is seen here.
                    if (Volatile.Read(ref _deafness) is not null)
                        _queue.CancelReceive();
                    await waiting;

                    // Many may have come: they must not hold up the connections of the loop.
                    _acceptsLeft = AcceptsOnLoop;
                    if (!staysOnLoop)
                        await LeaveLoopAsync();
                }
            }
            catch (OperationCanceledException)
            {
                // Stopping: once more round, for what the queue still holds. Or it is to be opened anew.
            }
            catch (ObjectDisposedException)
            {
                Dispose();
                return null;
            }
            catch (SocketException ex) when (IsShortage(ex.SocketErrorCode))
            {
                // Until a descriptor (or memory) is free every accept fails at once; to try again at once would burn a core.
                if (IsTimeToSaySo())
                    SayAcceptFailed(ex.SocketErrorCode);
                await PauseAsync();
            }
            catch (SocketException ex)
            {
                // That connection was gone before it was accepted, and the next one has nothing to do with it; unless it is the
                // listening socket that fails, for good then.
                if (++_failures >= MaxFailures && MayBeBroken(ex.SocketErrorCode))
                    _broken = Errno.FromSocketError(ex.SocketErrorCode);
                else if (_failures > 1)
                    await PauseAsync();
            }
            catch (Exception ex)
            {
                // Who accepts writes it down and does not ask again: clients that connect from now on wait for ever.
                _fault = $"accepting ended by a fault of this program ({ex.GetType().Name}: {ex.Message}); restart the service";
                _owner.OnRefusalChanged();
                throw;
            }
        }
    }

    /// <summary>
    /// Has the address opened anew: connections to it fail, and the kernel's socket says nothing of it. What waits in its accept queue is
    /// reset.
    /// </summary>
    /// <param name="failures">How many failed in a row.</param>
    /// <param name="errno">How.</param>
    public void Remake(int failures, Errno errno)
    {
        Interlocked.Exchange(ref _deafness, new Deafness(failures, errno));
        _queue.CancelReceive();
    }

    /// <summary>A connection that was let in is closed: there is room for another.</summary>
    public void OnConnectionClosed() => Interlocked.Decrement(ref _connections);

    /// <summary>
    /// Closes the address. A connection that is still in the accept queue would be reset by that, and with it the request that
    /// its client has sent by then: first nobody new is let into the queue, then it is emptied. What was accepted goes on. Where the socket
    /// is passed on, the port stays open, and what is in the queue is the next process's.
    /// </summary>
    /// <returns>Completes when <see cref="AcceptAsync{T}(Func{Socket, T})"/> has returned the last of them.</returns>
    public async Task StopAcceptingAsync()
    {
        // A filter would stay with the socket.
        if (!_socket.IsPassedOn && SynFilter.TryAttach(_socket.Socket))
            await Task.Delay(Handshake, _time);
        await _stopping.CancelAsync();

        // Nobody accepts any more who could see that.
        if (_fault is not null)
            Dispose();
        await _stopped.Task;
    }

    /// <summary>Closes the address at once; what is still in the accept queue is reset.</summary>
    public async Task UnbindAsync()
    {
        await _stopping.CancelAsync();
        Dispose();
    }

    /// <inheritdoc cref="UnbindAsync"/>
    public void Dispose()
    {
        lock (_closing)
        {
            // Who waits for this may listen there next, or tell others that nobody does.
            CloseSocket();
            _stopped.TrySetResult();
        }

        _obstacle.Dispose();
    }

    /// <summary>
    /// Whether it is the socket that fails, which is not listening any more then (EINVAL, accept(2)). A vsock gives any error that
    /// it has, for good.
    /// </summary>
    private bool MayBeBroken(SocketError error) => EndPoint is VsockEndPoint || _queue.IsBroken || error == SocketError.InvalidArgument;

    /// <summary>Whether what is in the queue is the next process's.</summary>
    private bool IsLeftToNext => _stopping.IsCancellationRequested && _socket.IsPassedOn;

    private (ListenSocket Socket, LoopSocket Queue) Open(EndPoint endPoint)
    {
        var bound = _bind(endPoint);
        try
        {
            // An accept that waited for a connection would block its thread.
            bound.Socket.Blocking = false;
            bound.Socket.Listen(Backlog);
            return (bound, new LoopSocket(bound.Socket));
        }
        catch
        {
            bound.Close();
            throw;
        }
    }

    private void CloseSocket()
    {
        // What waits for it goes before the socket: the kernel ends that wait only with the last descriptor, which may be somebody else's.
        _socket.Leave();
        _queue.Dispose();
        _socket.Close();
    }

    /// <summary>Null when nobody waits.</summary>
    private Socket? TryAccept()
    {
        if (!HasWaiting())
            return null;
        try
        {
            var accepted = _socket.Socket.Accept();
            Note(accepted.SafeHandle.DangerousGetHandle());
            return accepted;
        }
        catch (SocketException ex)
            when (_stopping.IsCancellationRequested || (ex.SocketErrorCode == SocketError.WouldBlock && !_queue.IsBroken))
        {
            return null;
        }
    }

    /// <summary>Some kernels wait for a vsock's connection whatever they are told: the queue is looked into first.</summary>
    private bool HasWaiting() => _socket.Socket.Poll(0, SelectMode.SelectRead) || _queue.IsBroken;

    private AcceptedDescriptor? TryAcceptBare()
    {
        if (EndPoint is VsockEndPoint && !HasWaiting())
            return null;
        var accepted = AcceptedDescriptor.Accept(_socket.Socket.SafeHandle, out var errno);
        if (accepted is not null)
        {
            Note(accepted.Descriptor.DangerousGetHandle());
            return accepted;
        }

        return _stopping.IsCancellationRequested || (errno == Epoll.Eagain && !_queue.IsBroken)
            ? null
            : throw SocketErrors.Exception(errno);
    }

    /// <summary>
    /// Whether the next descriptor may be one of the reserve: while all are far below it, that is not asked for each connection.
    /// </summary>
    private bool MayBeReserve() =>
        OpenFileLimit.Recent() is not { } limit || _highest + FarBelow >= limit - DescriptorReserve.Clients.Size;

    /// <summary>A connection got this descriptor.</summary>
    private void Note(long number)
    {
        var now = _time.GetTimestamp();
        if (number < _highest && _highestSeen != 0 && _time.GetElapsedTime(_highestSeen, now) < Remembered)
            return;
        (_highest, _highestSeen) = (number, now);
    }

    private bool TryAdmit(IDisposable socket)
    {
        var limit = _owner.MaxConnections;
        if (Interlocked.Increment(ref _connections) <= limit)
            return true;
        OnConnectionClosed();
        var rejected = Interlocked.Increment(ref _rejected);
        _owner.CountRejected();

        // First what health and metrics say, then what can be seen from outside: who reads the log asks /health next.
        _obstacle.Meet($"{limit} connections are open, which is {_owner.MaxConnectionsSetting}; further ones are closed at once");
        socket.Dispose();

        // A flood of connections must not become a flood of log lines.
        if ((rejected & (rejected - 1)) == 0)
            _events.OnRejected(limit, rejected);
        return false;
    }

    private T Take<TAccepted, T>(TAccepted accepted, Func<TAccepted, T> take)
        where TAccepted : IDisposable
    {
        try
        {
            if (EndPoint is IPEndPoint && accepted is Socket socket)
                socket.NoDelay = true;
            return take(accepted);
        }
        catch
        {
            OnConnectionClosed();
            accepted.Dispose();
            throw;
        }
    }

    /// <summary>Puts a fresh socket in the place of one that accepts nothing any more.</summary>
    /// <param name="errno">How that one failed.</param>
    /// <exception cref="ObjectDisposedException">The address is to be closed.</exception>
    private bool TryRemake(Errno errno)
    {
        lock (_closing)
        {
            ObjectDisposedException.ThrowIf(_stopped.Task.IsCompleted, this);
            CloseSocket();
            try
            {
                (_socket, _queue) = Open(EndPoint);
            }
            catch (Exception ex) when (ex is SocketException or VsockException)
            {
                if (IsTimeToSaySo())
                    SayAcceptFailed((ex as VsockException)?.Errno ?? Errno.FromSocketError(((SocketException)ex).SocketErrorCode));
                return false;
            }
        }

        _events.OnRemade(_failures, errno);
        _broken = null;
        _failures = 0;
        _pause = FirstPause;
        return true;
    }

    /// <summary>
    /// Whether an accept failed for want of something that will be there again. The runtime has no name for want of memory; on
    /// vsock what it has no name for may be an error of the socket itself.
    /// </summary>
    private bool IsShortage(SocketError error) =>
        error is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable
        || (error is SocketError.SocketError && EndPoint is not VsockEndPoint);

    private void SayDescriptorsUsedUp()
    {
        var limit = OpenFileLimit.Current();
        _obstacle.Meet(
            $"no descriptors left: {ProcessStatus.OpenDescriptors()} open of {limit}, "
            + $"the last {DescriptorReserve.Clients.Size} are kept for the process itself (EMFILE)");
        _events.OnDescriptorsUsedUp(limit);
    }

    private void SayAcceptFailed(SocketError error)
    {
        // The runtime has one name for the process's limit and the machine's; the process keeps a reserve.
        SayAcceptFailed(error == SocketError.TooManyOpenSockets && !DescriptorReserve.Clients.IsNext(_queue.Handle)
            ? Errno.ENFILE
            : Errno.FromSocketError(error));
    }

    private void SayAcceptFailed(Errno errno)
    {
        _obstacle.Meet($"accept fails: {errno.Name} ({errno.Description})");
        _events.OnAcceptFailed(errno);
    }

    private void OnAcceptingAgain(string text, TimeSpan lasted)
    {
        _owner.OnRefusalChanged();
        _events.OnAcceptingAgain(text, lasted);
    }

    private bool WouldRefuse()
    {
        try
        {
            return Connections >= _owner.MaxConnections || DescriptorReserve.Clients.IsNext(_queue.Handle);
        }
        catch (ObjectDisposedException)
        {
            // The address has been closed meanwhile.
            return false;
        }
    }

    /// <summary>Where connections come and go at the limit there would be a line for each of them.</summary>
    private bool IsTimeToSaySo()
    {
        var now = _time.GetTimestamp();
        if (_said is { } said && _time.GetElapsedTime(said, now) < LongestPause)
            return false;
        _said = now;
        return true;
    }

    private static ConfiguredTaskAwaitable LeaveLoopAsync() =>
        Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    private async Task PauseAsync()
    {
        try
        {
            await Task.Delay(_pause, _time, _stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopping ends the pause.
        }

        _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
    }

    /// <summary>How connections to an address failed that nothing else is wrong with.</summary>
    private sealed record Deafness(int Failures, Errno Errno);
}
