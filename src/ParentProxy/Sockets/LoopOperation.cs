using System.Net.Sockets;

namespace ParentProxy.Sockets;

/// <summary>
/// One direction of a <see cref="LoopSocket"/>: what is done in it, one at a time, and the wait for it. Made once and used for
/// all of them, so that a wait allocates nothing.
/// </summary>
/// <remarks>
/// Whoever moves the state away from <see cref="Waiting"/> completes the operation, and nobody else does: the loop when the
/// socket is ready, or whoever cancels or closes. The loop runs what waits on its own thread; others may hold locks, and
/// leave it to the pool.
/// </remarks>
internal abstract class LoopOperation(LoopSocket socket) : IPostponed
{
    /// <summary>Nothing could be done when it was tried last, or it was not tried yet: an event will tell.</summary>
    private const int Drained = 0;

    /// <summary>It is worth a try.</summary>
    private const int Ready = 1;

    private const int Waiting = 2;

    /// <summary>In the place of an errno: the socket was closed meanwhile.</summary>
    private const int Closed = int.MinValue;

    private readonly Lock _registering = new();
    private LoopWait _wait = new();
    private CancellationToken _token;
    private CancellationTokenRegistration _registration;
    private int _state;

    public bool IsWaiting => Volatile.Read(ref _state) == Waiting;

    /// <summary>Whether it is worth a try.</summary>
    public bool IsReady => Volatile.Read(ref _state) == Ready;

    protected LoopSocket Socket { get; } = socket;

    /// <summary>The socket is ready, or broke: completes what waits, or remembers it for what comes. Called by the loop.</summary>
    public void OnReady()
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if (state != Waiting)
            {
                if (state == Ready || Interlocked.CompareExchange(ref _state, Ready, Drained) == Drained)
                    return;
            }
            else if (Interlocked.CompareExchange(ref _state, Drained, Waiting) == Waiting)
            {
                if (TryFinish(out var result))
                {
                    Complete(result);
                    return;
                }

                if (TryWait())
                    return;
            }
        }
    }

    /// <inheritdoc/>
    public void GoOn() => OnReady();

    /// <summary>Fails what waits, if anything does, with what the socket makes of a failure.</summary>
    public void Fail(SocketException failure) => Cancel(Explain(failure));

    /// <summary>Fails what waits, if anything does.</summary>
    public void Cancel(Exception reason)
    {
        if (Interlocked.CompareExchange(ref _state, Drained, Waiting) != Waiting)
            return;
        Unregister();

        // Somebody else may wait before who waited here has learned that it is over.
        var wait = _wait;
        _wait = new LoopWait();
        ThreadPool.UnsafeQueueUserWorkItem(
            static failed => failed.Wait.Fail(failed.Reason), (Wait: wait, Reason: reason), preferLocal: false);
    }

    /// <summary>Whether it is worth a try, which is the caller's then.</summary>
    public bool TakeReady() => Interlocked.CompareExchange(ref _state, Drained, Ready) == Ready;

    /// <summary>The next try is worth it.</summary>
    protected void SetReady() => Volatile.Write(ref _state, Ready);

    /// <summary>
    /// Waits until <see cref="TryPerform"/> gets something done; null when it should be tried at once. When it is tried
    /// again later it goes on where it was.
    /// </summary>
    protected LoopWait? TryPark(CancellationToken cancellationToken)
    {
        var wait = _wait;
        wait.Begin();
        _token = cancellationToken;
        if (!cancellationToken.CanBeCanceled)
            return TryWait() ? wait : null;
        lock (_registering)
        {
            // A completion on another thread has to find the registration.
            if (!TryWait())
                return null;
            _registration = cancellationToken.UnsafeRegister(static (state, token) => ((LoopOperation)state!).CancelFor(token), this);
            return wait;
        }
    }

    /// <summary>Lets the other connections of the loop have their turn before it is tried.</summary>
    protected LoopWait Yield(EventLoop loop, CancellationToken cancellationToken)
    {
        LoopWait? wait;
        while ((wait = TryPark(cancellationToken)) is null)
            TakeReady();
        loop.Postpone(this);
        return wait;
    }

    /// <summary>Does what can be done without waiting.</summary>
    /// <param name="result">Its result, or an errno below zero.</param>
    /// <returns>False when it has to wait.</returns>
    protected abstract bool TryPerform(out int result);

    /// <summary>Is told before a wait what it is for, so that the socket is watched for it.</summary>
    protected abstract void Watch();

    /// <summary>What is thrown for a failure.</summary>
    protected abstract Exception Explain(SocketException failure);

    private bool TryFinish(out int result)
    {
        try
        {
            return TryPerform(out result);
        }
        catch (ObjectDisposedException)
        {
            result = Closed;
            return true;
        }
    }

    private bool TryWait()
    {
        if (Interlocked.CompareExchange(ref _state, Waiting, Drained) != Drained)
            return false;
        try
        {
            Watch();
        }
        catch (ObjectDisposedException)
        {
            // Closed meanwhile, which the next lines find, too.
        }
        catch (SocketException ex)
        {
            Fail(ex);
        }

        // Whoever closed it either saw the wait, or is seen here.
        if (Socket.IsClosed)
            Fail(SocketErrors.Aborted());
        return true;
    }

    private void Complete(int result)
    {
        Unregister();
        if (result >= 0)
            _wait.Complete(result);
        else
            _wait.Fail(Explain(result == Closed ? SocketErrors.Aborted() : SocketErrors.Exception(-result)));
    }

    private void CancelFor(CancellationToken token)
    {
        // One that comes late must not end the wait of another.
        if (_token == token)
            Cancel(new OperationCanceledException(token));
    }

    private void Unregister()
    {
        if (!_token.CanBeCanceled)
            return;
        CancellationTokenRegistration registration;
        lock (_registering)
            registration = _registration;
        registration.Unregister();
    }
}
