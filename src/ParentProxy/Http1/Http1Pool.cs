using ParentProxy.Sockets;

namespace ParentProxy.Http1;

/// <summary>
/// The HTTP/1.1 connections to one peer. A request gets the one that was given back last, since its peer has had the least
/// time to give it up; without an idle one it waits, and what comes first serves it: a connection that another request gives
/// back, or a dial.
/// </summary>
/// <remarks>
/// <para>
/// A connection belongs to exactly one at any time, which alone closes it: the request that rented it; the pool, while it is
/// in nobody's hands; or its own end, once it has ended while idle. Between the last two <see cref="Http1Connection.TryLeaveIdle"/>
/// decides. So no stream is closed twice, and none is lost.
/// </para>
/// <para>
/// Under the lock only the books are kept. Streams are closed, reads and dials begun, and waiters told outside of it: all of
/// these may run other people's code, or come back to the pool. A connection counts until its stream is closed, so that the
/// peer never sees more than it is to.
/// </para>
/// <para>
/// A dial belongs to no request: the requester may be served by another connection or be gone when it is done, and then the
/// next one has it.
/// </para>
/// </remarks>
internal sealed class Http1Pool : IDisposable
{
    /// <summary>The value of <see cref="_wakes"/> while nothing is to be waited for.</summary>
    private static readonly TimeSpan Never = TimeSpan.MaxValue;

    /// <summary>A timer counts in milliseconds: sooner than in one, it would only find that it is too early.</summary>
    private static readonly TimeSpan SoonestWake = TimeSpan.FromMilliseconds(1);

    /// <summary>Below what a timer can do; whoever is due later is looked at again then.</summary>
    private static readonly TimeSpan LatestWake = TimeSpan.FromDays(1);

    /// <summary>
    /// After so long a look at an idle connection costs nothing that matters. Before, under load, it would be a system call for
    /// each request, to find what has come since the loop looked last.
    /// </summary>
    private static readonly TimeSpan LooksAfter = TimeSpan.FromMilliseconds(1);

    /// <summary>How many of other loops are passed over in search of a connection that is on the current one.</summary>
    private const int MaxOnOtherLoops = 16;

    private readonly Func<TimeSpan, CancellationToken, Task<DuplexStream>> _dial;
    private readonly Http1PoolOptions _options;
    private readonly TimeProvider _time;

    /// <summary>When the pool was made: its clock counts from there.</summary>
    private readonly long _started;

    /// <summary>Guards all that is not readonly, here and in entries, waiters and tunnel places where they say so.</summary>
    private readonly Lock _lock = new();

    /// <summary>
    /// The idle connections, the one given back last in front. Holds also those that have just
    /// ended, until <see cref="OnEnded"/> has come for them.
    /// </summary>
    private readonly LinkedList<Http1PoolEntry> _idle = [];

    /// <summary>
    /// Who waits for a connection, in order of arrival. While a connection is idle none of them can use it,
    /// save for a moment: it has ended or is past its time then.
    /// </summary>
    private readonly LinkedList<Http1PoolWaiter> _waiters = [];

    /// <summary>Whether connections that have not answered yet wait for the peer to be rid of others.</summary>
    private readonly AcceptQueue _acceptQueue = new();

    /// <summary>The one timer, for what is idle and who waits; set only while there are such.</summary>
    private readonly ITimer _timer;

    /// <summary>Ends the dials in progress when the pool does.</summary>
    private readonly CancellationTokenSource _disposing = new();

    /// <summary>The token of <see cref="_disposing"/>, which that does not give out any more once it is disposed.</summary>
    private readonly CancellationToken _disposed;

    /// <summary><see cref="OnEnded"/> as a delegate, made once so that becoming idle allocates nothing.</summary>
    private readonly Action<Http1Connection> _onEnded;

    /// <summary><see cref="OnCanceled"/> as a delegate, made once so that a wait does not allocate it.</summary>
    private readonly Action<object?, CancellationToken> _onCanceled;

    /// <summary>
    /// Connections whose stream is open and that are no tunnels. Together with <see cref="_dialling"/> at most MaxConnections.
    /// </summary>
    private int _open;

    /// <summary>Dials that were begun, or are just about to be; at most MaxDials.</summary>
    private int _dialling;

    /// <summary>Idle connections that are being closed so that fresh ones can be dialled; counted in <see cref="_open"/> still.</summary>
    private int _evicting;

    /// <summary>Connections that became tunnels.</summary>
    private int _tunnels;

    /// <summary>Places that are reserved or held by a tunnel; at most MaxTunnels.</summary>
    private int _tunnelSlots;

    /// <summary>Since when no connection has been open; valid while none is.</summary>
    private TimeSpan _noneOpenSince;

    /// <summary>
    /// When the timer fires. Never later than anything is due; often sooner, as what it was set for is seldom there still.
    /// </summary>
    private TimeSpan _wakes = Never;

    private bool _isDisposed;

    /// <summary>A pool without connections.</summary>
    /// <param name="dial">Opens a connection within the time that it is given.</param>
    /// <param name="options">The limits.</param>
    /// <param name="time">The clock.</param>
    public Http1Pool(Func<TimeSpan, CancellationToken, Task<DuplexStream>> dial, Http1PoolOptions options, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxConnections);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxQueued);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxDials);
        _dial = dial;
        _options = options;
        _time = time;
        _started = time.GetTimestamp();
        _disposed = _disposing.Token;
        _onEnded = OnEnded;
        _onCanceled = OnCanceled;
        _timer = time.CreateTimer(static state => ((Http1Pool)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Connections that are open, busy or idle; tunnels not counted.</summary>
    public int Open => Read(ref _open);

    /// <summary>Connections that wait for a request.</summary>
    public int Idle
    {
        get
        {
            lock (_lock)
                return _idle.Count;
        }
    }

    /// <summary>Connections that became tunnels.</summary>
    public int Tunnels => Read(ref _tunnels);

    /// <summary>Requests that wait for a connection.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _waiters.Count;
        }
    }

    /// <summary>Dials in progress; at most MaxDials at a time.</summary>
    public int Dialling => Read(ref _dialling);

    /// <summary>
    /// Whether a request would get a connection that is idle or a dial of its own;
    /// a guess, which is over as soon as it is made.
    /// </summary>
    public bool HasRoom => _idle.Count > 0 || Volatile.Read(ref _open) + Volatile.Read(ref _dialling) < _options.MaxConnections;

    private TimeSpan Now => _time.GetElapsedTime(_started);

    /// <summary>Gives a connection that is idle just now, or null; <see cref="RentAsync"/> without the wait.</summary>
    /// <param name="maxIdle">
    /// For how long it may have been idle. When that is any time, the request can be saved, and does without a look at a
    /// connection that was in use a moment ago; else it is always looked at whether the peer has ended it, or spoken, just now.
    /// </param>
    public Http1Connection? TryRent(TimeSpan maxIdle)
    {
        while (maxIdle > TimeSpan.Zero)
        {
            Http1PoolEntry? entry;
            var now = Now;
            lock (_lock)
                entry = _isDisposed ? null : TakeIdle(now, maxIdle);
            if (entry is null)
                return null;
            var connection = entry.Connection;
            if (!connection.IsOnCurrentLoop)
                connection.MoveToCurrentLoop();
            if (maxIdle == TimeSpan.MaxValue && now - entry.IdleSince < LooksAfter || connection.IsReceiveQueueEmpty)
                return connection;
            Return(connection, reusable: false);
        }

        return null;
    }

    /// <summary>Gives a connection to a request, which gives it back with <see cref="Return"/>.</summary>
    /// <param name="dialTime">How long from now on a dial on behalf of the request makes sense.</param>
    /// <param name="maxIdle">
    /// For how long it may have been idle; zero when it must be one that no request had before: for a request that is
    /// repeated because the connection which it reused turned out to be closed.
    /// </param>
    /// <param name="canRedispatch">
    /// Whether it fails with <see cref="AcceptQueueFullException"/> when a dial is
    /// turned away, instead of waiting for the next.
    /// </param>
    /// <param name="cancellationToken">Ends the wait. A connection that was given at the same moment is given nevertheless.</param>
    /// <exception cref="PoolFullException">Too many wait already.</exception>
    /// <exception cref="QueueTimeoutException">All connections stayed busy for too long.</exception>
    /// <exception cref="DialTimeoutException">
    /// There is no connection, and no dial came to an end in time. Of a dial that failed its own exception is thrown.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The pool was closed, before or meanwhile.</exception>
    public ValueTask<Http1Connection> RentAsync(
        TimeSpan dialTime, TimeSpan maxIdle, bool canRedispatch, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<Http1Connection>(cancellationToken);
        Http1PoolWaiter waiter;
        Work work;
        lock (_lock)
        {
            if (_isDisposed)
                return ValueTask.FromException<Http1Connection>(Closed());
            var now = Now;
            if (maxIdle > TimeSpan.Zero && TakeIdle(now, maxIdle) is { } idle)
                return ValueTask.FromResult(idle.Connection);
            if (_waiters.Count >= _options.MaxQueued)
                return ValueTask.FromException<Http1Connection>(new PoolFullException(_waiters.Count));
            if (_open == 0 && dialTime <= TimeSpan.Zero)
                return ValueTask.FromException<Http1Connection>(new DialTimeoutException(dialTime));
            waiter = new Http1PoolWaiter(now, dialTime, fresh: maxIdle == TimeSpan.Zero, canRedispatch);
            _waiters.AddLast(waiter.Node);
            WakeAt(GivesUp(waiter), now);
            work = Plan();
        }

        Do(work);
        return cancellationToken.CanBeCanceled ? WaitAsync(waiter, cancellationToken) : new ValueTask<Http1Connection>(waiter.Task);
    }

    /// <summary>A dial was turned away and will be repeated: who can be served elsewhere does not wait for it.</summary>
    public void Redispatch(Exception cause)
    {
        List<Http1PoolWaiter> leaving = [];
        lock (_lock)
        {
            for (var node = _waiters.First; node is not null;)
            {
                var (waiter, next) = (node.Value, node.Next);
                if (waiter.CanRedispatch)
                {
                    _waiters.Remove(node);
                    leaving.Add(waiter);
                }

                node = next;
            }
        }

        foreach (var waiter in leaving)
            waiter.SetException(new AcceptQueueFullException(cause));
    }

    /// <summary>Takes a connection back. It is not the caller's any more, whatever happens.</summary>
    /// <param name="connection">A connection that <see cref="RentAsync"/> gave.</param>
    /// <param name="reusable">Whether another request can follow on it, which takes that one was answered: one that was idle and not
    /// used since still reads. Otherwise it is closed, in order: who wants a hard end aborts it before.</param>
    /// <exception cref="InvalidOperationException">It is none that was rented here and not yet given back.</exception>
    public void Return(Http1Connection connection, bool reusable)
    {
        var entry = RentedEntry(connection);
        if (!entry.TryGiveBack())
            throw NotRented();
        var now = Now;
        if (!entry.HasResponded && connection.HasReceived)
            NoteResponded(entry);

        // Only the end of one that the peer has accepted lets it accept another.
        var makesWay = entry.HasResponded && MakesWay(now);
        if (!makesWay && reusable && entry.Tunnel is null && !IsDisposed() && TrySetExpiry(entry, now))
            BecomeIdle(entry, now);
        else
            Close(entry);
    }

    /// <summary>
    /// A request has waited for a sign of life on a connection. Perhaps the peer serves others alone and has not accepted this
    /// one: then one that nobody needs is closed, now or when the next comes back.
    /// </summary>
    public void MakeWayFor(Http1Connection connection)
    {
        var entry = RentedEntry(connection);
        if (entry.HasResponded)
            return;
        List<Http1PoolEntry> leaving = [];
        lock (_lock)
        {
            if (!_isDisposed && _acceptQueue.MayAskFor(entry, Now))
                leaving = MakeWay(() => entry is { HasResponded: false, IsRented: true } && !connection.HasReceived);
        }

        foreach (var one in leaving)
            Close(one);
    }

    /// <summary>The same for a connection that is none of the pool's.</summary>
    /// <param name="isWaiting">Whether it still waits.</param>
    public void MakeWayFor(Func<bool> isWaiting)
    {
        List<Http1PoolEntry> leaving = [];
        lock (_lock)
        {
            if (!_isDisposed && _acceptQueue.MayAsk(Now))
                leaving = MakeWay(isWaiting);
        }

        foreach (var one in leaving)
            Close(one);
    }

    /// <summary>
    /// Reserves the slot of a tunnel for a request that asks for an upgrade; null when there is none. The request disposes
    /// it at its end in any case.
    /// </summary>
    public Http1TunnelSlot? TryReserveTunnel()
    {
        lock (_lock)
        {
            if (_tunnelSlots >= _options.MaxTunnels)
                return null;
            _tunnelSlots++;
            return new Http1TunnelSlot(this);
        }
    }

    /// <summary>
    /// Turns a rented connection into a tunnel: from now on it has the slot in <paramref name="place"/>, and leaves its own
    /// among the connections to another. Its <see cref="Return"/> gives the slot back.
    /// </summary>
    /// <exception cref="InvalidOperationException">The connection is none that was rented here, or the slot is spent.</exception>
    public void BecomeTunnel(Http1Connection connection, Http1TunnelSlot place)
    {
        var entry = RentedEntry(connection);
        Work work;
        lock (_lock)
        {
            if (!entry.IsRented || entry.Tunnel is not null)
                throw NotRented();
            if (place.Pool != this || place.IsSpent)
                throw new InvalidOperationException("the place for a tunnel is spent, or another pool's");
            place.IsSpent = true;
            entry.Tunnel = place;
            _tunnels++;
            LeaveOpen();
            work = Plan();
        }

        Do(work);
    }

    /// <summary>
    /// Closes the pool: the idle connections now, the others when they come back; who waits fails; a dial in progress is
    /// cancelled, and closed when it succeeds nevertheless.
    /// </summary>
    public void Dispose()
    {
        Http1PoolWaiter[] waiters;
        List<Http1PoolEntry> idle = [];
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            waiters = [.. _waiters];
            _waiters.Clear();
            for (var node = _idle.First; node is not null;)
            {
                var (entry, next) = (node.Value, node.Next);
                if (entry.Connection.TryLeaveIdle())
                {
                    _idle.Remove(node);
                    idle.Add(entry);
                }

                node = next;
            }
        }

        _timer.Dispose();
        foreach (var waiter in waiters)
            waiter.SetException(Closed());
        foreach (var entry in idle)
            Close(entry);
        _disposing.Cancel();
        _disposing.Dispose();
    }

    /// <summary>Gives a slot back that no tunnel has.</summary>
    internal void Release(Http1TunnelSlot place)
    {
        lock (_lock)
        {
            if (place.IsSpent)
                return;
            place.IsSpent = true;
            _tunnelSlots--;
        }
    }

    private static TimeSpan Later(TimeSpan moment, TimeSpan by) => by > Never - moment ? Never : moment + by;

    private static TimeSpan Sooner(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static ObjectDisposedException Closed() => new(nameof(Http1Pool), "the connections to it were closed for good");

    private static InvalidOperationException NotRented() =>
        new("the connection is none that was rented from this pool, or it was given back");

    private Http1PoolEntry RentedEntry(Http1Connection connection) =>
        connection.PoolEntry is { } entry && entry.Pool == this ? entry : throw NotRented();

    /// <summary>
    /// Takes an idle connection that the peer serves, to be closed, and asks for the next to come back when there is none. Those
    /// in which it has answered nothing yet stand in the same queue, with nothing to say: they go, too. Under the lock.
    /// </summary>
    private List<Http1PoolEntry> MakeWay(Func<bool> isWaiting)
    {
        List<Http1PoolEntry> leaving = [];
        var isMade = false;
        for (var node = _idle.Last; node is not null;)
        {
            var (entry, next) = (node.Value, node.Previous);
            if (!(isMade && entry.HasResponded) && entry.Connection.TryLeaveIdle())
            {
                _idle.Remove(node);
                leaving.Add(entry);
                isMade |= entry.HasResponded;
            }

            node = next;
        }

        if (isMade)
            _acceptQueue.Closed(Now);
        else
            _acceptQueue.Ask(isWaiting);
        return leaving;
    }

    /// <summary>Whether a connection that comes back is to be closed in favour of one that waits.</summary>
    private bool MakesWay(TimeSpan now)
    {
        if (!_acceptQueue.IsAsking)
            return false;
        lock (_lock)
            return _acceptQueue.Takes(now);
    }

    private void NoteResponded(Http1PoolEntry entry)
    {
        lock (_lock)
            _acceptQueue.Responded(entry);
    }

    private int Read(ref int count)
    {
        lock (_lock)
            return count;
    }

    private bool IsDisposed() => Volatile.Read(ref _isDisposed);

    /// <summary>
    /// Takes the connection that was given back last and is of use still, one on the current loop if there is any. Under the lock.
    /// </summary>
    private Http1PoolEntry? TakeIdle(TimeSpan now, TimeSpan maxIdle)
    {
        Http1PoolEntry? other = null;
        var seen = 0;
        for (var node = _idle.First; node is not null; node = node.Next)
        {
            // Those past their time the timer fetches, those that have ended their own end.
            var entry = node.Value;
            if (now - entry.IdleSince > maxIdle)
                break;
            if (entry.Expires <= now || entry.Connection.HasEnded)
                continue;
            if (!entry.Connection.IsOnCurrentLoop && ++seen < MaxOnOtherLoops)
                other ??= entry;
            else if (TryTake(entry))
                return entry;
        }

        if (other is null || TryTake(other))
            return other;

        // It has ended this very moment.
        for (var node = _idle.First; node is not null; node = node.Next)
        {
            if (node.Value.Expires > now && now - node.Value.IdleSince <= maxIdle && TryTake(node.Value))
                return node.Value;
        }

        return null;
    }

    private bool TryTake(Http1PoolEntry entry)
    {
        if (!entry.Connection.TryLeaveIdle())
            return false;
        _idle.Remove(entry.Node);
        entry.Rent();
        return true;
    }

    /// <summary>Finds out until when a connection may be idle; false when it may not be at all.</summary>
    private bool TrySetExpiry(Http1PoolEntry entry, TimeSpan now)
    {
        var expires = Sooner(entry.Retires, Later(now, _options.IdleTimeout));

        // The second is for a request that is on its way when the peer closes.
        if (entry.Connection.KeepAliveSeconds is { } seconds)
            expires = Sooner(expires, Later(now, TimeSpan.FromSeconds(seconds - 1L)));
        entry.Expires = expires;
        entry.IdleSince = now;
        return expires > now;
    }

    /// <summary>
    /// Gives a connection that nobody has to the first who waits for such a one, and keeps it idle when nobody does. It
    /// becomes idle in either case: a connection that its peer has closed by now is found out by the read that this begins.
    /// </summary>
    private void BecomeIdle(Http1PoolEntry entry, TimeSpan now)
    {
        try
        {
            // Not under the lock: this reads from the stream, and may call OnEnded before it returns.
            entry.Connection.EnterIdle(_onEnded);
        }
        catch (Exception) when (entry.Connection.TryLeaveIdle())
        {
            // A stream that is closed already may refuse to read at all.
            Close(entry);
            return;
        }

        Http1PoolWaiter? waiter = null;
        var isClosing = false;
        Work work = default;
        lock (_lock)
        {
            if (_isDisposed)
            {
                isClosing = entry.Connection.TryLeaveIdle();
            }
            else if (FirstForUsed() is { } first)
            {
                if (entry.Connection.TryLeaveIdle())
                {
                    waiter = first;
                    _waiters.Remove(first.Node);
                    entry.Rent();
                }
            }
            else if (!entry.Connection.HasEnded)
            {
                // When it ends from here on, OnEnded waits for the lock and finds it in the list. When it has ended
                // before, OnEnded may have been here already and would not come again.
                _idle.AddFirst(entry.Node);
                WakeAt(entry.Expires, now);
                work = Plan();
            }
        }

        waiter?.SetResult(entry.Connection);
        if (isClosing)
            Close(entry);
        Do(work);
    }

    /// <summary>The first who takes a connection that another request may have had. Under the lock.</summary>
    private Http1PoolWaiter? FirstForUsed()
    {
        var node = _waiters.First;
        while (node is { Value.IsFresh: true })
            node = node.Next;
        return node?.Value;
    }

    /// <summary>The peer has ended an idle connection, or spoken unasked. Called once for it, by whoever completes its read.</summary>
    private void OnEnded(Http1Connection connection)
    {
        var entry = connection.PoolEntry!;
        lock (_lock)
        {
            if (entry.Node.List is not null)
                _idle.Remove(entry.Node);
        }

        Close(entry);
    }

    /// <summary>Closes a connection that is the caller's alone, and then lets another have its place.</summary>
    private void Close(Http1PoolEntry entry)
    {
        Work work;
        try
        {
            entry.Connection.Dispose();
        }
        finally
        {
            lock (_lock)
            {
                if (entry.IsEvicted)
                    _evicting--;
                if (entry.Tunnel is null)
                {
                    LeaveOpen();
                }
                else
                {
                    _tunnels--;
                    _tunnelSlots--;
                }

                work = Plan();
            }
        }

        Do(work);
    }

    /// <summary>One connection less is open. Under the lock.</summary>
    private void LeaveOpen()
    {
        _open--;
        if (_open > 0)
            return;

        // From now on only dials can help who waits, and another limit holds.
        var now = Now;
        _noneOpenSince = now;
        foreach (var waiter in _waiters)
            WakeAt(GivesUp(waiter), now);
    }

    /// <summary>
    /// Finds out what is to be done so that those who wait get connections: as many dials as there are of them, within the
    /// limits. Called under the lock whenever one came to wait, a dial ended, or a connection became idle or left; what it
    /// returns is to be done outside.
    /// </summary>
    private Work Plan()
    {
        var wanted = Math.Min(_waiters.Count, _options.MaxDials) - _dialling;
        var dials = Math.Min(wanted, _options.MaxConnections - _open - _dialling);
        if (wanted <= 0 || dials == 0 && _idle.Count == 0)
            return default;

        // A dial serves whoever is first when it is done, and its failure is everybody's: it gets the longest time.
        var time = TimeSpan.Zero;
        foreach (var waiter in _waiters)
            time = waiter.DialTime > time ? waiter.DialTime : time;
        if (time == TimeSpan.Zero)
            return default;

        _dialling += dials;

        // Who waits although connections are idle cannot use them: the one that is closest to its end makes room.
        List<Http1PoolEntry>? evicted = null;
        for (var node = _idle.Last; node is not null && dials + _evicting < wanted;)
        {
            var (entry, next) = (node.Value, node.Previous);
            if (entry.Connection.TryLeaveIdle())
            {
                _idle.Remove(node);
                entry.IsEvicted = true;
                _evicting++;
                (evicted ??= []).Add(entry);
            }

            node = next;
        }

        return new Work(dials, time, evicted);
    }

    private void Do(in Work work)
    {
        // On another thread, without the execution context of the request that happens to run here.
        for (var i = 0; i < work.Dials; i++)
            ThreadPool.UnsafeQueueUserWorkItem(
                static state => _ = state.Pool.DialAsync(state.Time), (Pool: this, Time: work.DialTime), preferLocal: false);
        if (work.Evicted is null)
            return;
        foreach (var entry in work.Evicted)
            Close(entry);
    }

    private async Task DialAsync(TimeSpan time)
    {
        DuplexStream stream;
        var started = Now;
        try
        {
            _disposed.ThrowIfCancellationRequested();
            stream = await _dial(time, _disposed);
        }
        catch (Exception ex)
        {
            OnDialFailed(ex);
            return;
        }

        OnDialled(new Http1Connection(stream, _options.Limits) { DialTime = Now - started });
    }

    private void OnDialled(Http1Connection connection)
    {
        Http1PoolEntry? entry = null;
        Http1PoolWaiter? waiter = null;
        Work work = default;
        lock (_lock)
        {
            _dialling--;
            if (!_isDisposed)
            {
                var now = Now;
                entry = new Http1PoolEntry(this, connection, now, Later(now, _options.Lifetime));
                waiter = _waiters.First?.Value;
                if (waiter is not null)
                    _waiters.RemoveFirst();

                // Now a connection can come back to those who wait still: the limit of a queue holds, and the first of
                // them reaches it first.
                if (_open++ == 0 && _waiters.First is { Value: var first })
                    WakeAt(GivesUp(first), now);
                work = Plan();
            }
        }

        if (entry is null)
        {
            connection.Dispose();
            return;
        }

        var since = Now;
        Do(work);
        if (waiter is not null)
            waiter.SetResult(connection);
        else if (entry.TryGiveBack() && TrySetExpiry(entry, since))
            BecomeIdle(entry, since);
        else
            Close(entry);
    }

    private void OnDialFailed(Exception failure)
    {
        List<Http1PoolWaiter> failed = [];
        Work work;
        lock (_lock)
        {
            _dialling--;

            // Without an open connection there is nothing left to wait for here: each may be served elsewhere at once. With
            // one, the peer lives, and the one who has waited longest pays for the dial.
            while (_waiters.First is { Value: var waiter } && (failed.Count == 0 || _open == 0))
            {
                _waiters.RemoveFirst();
                failed.Add(waiter);
            }

            work = Plan();
        }

        Do(work);
        foreach (var waiter in failed)
            waiter.SetException(failure);
    }

    private async ValueTask<Http1Connection> WaitAsync(Http1PoolWaiter waiter, CancellationToken cancellationToken)
    {
        var registration = cancellationToken.UnsafeRegister(_onCanceled, waiter);
        try
        {
            return await waiter.Task;
        }
        finally
        {
            registration.Unregister();
        }
    }

    private void OnCanceled(object? state, CancellationToken cancellationToken)
    {
        var waiter = (Http1PoolWaiter)state!;
        lock (_lock)
        {
            // It was given a connection, or failed, the moment before: that stands.
            if (waiter.Node.List is null)
                return;
            _waiters.Remove(waiter.Node);
        }

        waiter.SetCanceled(cancellationToken);
    }

    /// <summary>
    /// When a request gives up to wait. While connections are open it waits for one to come back, QueueTimeout from its
    /// arrival; while there is none it waits for a dial, from when that began to be the only hope. Under the lock.
    /// </summary>
    private TimeSpan GivesUp(Http1PoolWaiter waiter)
    {
        var queued = Later(waiter.Since, _options.QueueTimeout);
        if (_open > 0)
            return queued;

        // Connections that come and go at once do not make it wait for ever.
        var dialled = waiter.Since > _noneOpenSince ? waiter.Since : Sooner(_noneOpenSince, queued);
        return Later(dialled, waiter.DialTime);
    }

    /// <summary>Makes the timer fire no later than at a moment. Under the lock.</summary>
    private void WakeAt(TimeSpan moment, TimeSpan now)
    {
        if (moment >= _wakes || _isDisposed)
            return;
        var wait = moment - now;
        wait = wait < SoonestWake ? SoonestWake : Sooner(wait, LatestWake);
        _wakes = now + wait;
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        List<Http1PoolEntry> expired = [];
        List<(Http1PoolWaiter Waiter, Exception Failure)> late = [];
        Work work;
        lock (_lock)
        {
            if (_isDisposed)
                return;
            var now = Now;
            var next = Never;
            for (var node = _idle.First; node is not null;)
            {
                var (entry, following) = (node.Value, node.Next);
                if (entry.Expires > now)
                {
                    next = Sooner(next, entry.Expires);
                }
                else if (entry.Connection.TryLeaveIdle())
                {
                    _idle.Remove(node);
                    expired.Add(entry);
                }

                node = following;
            }

            for (var node = _waiters.First; node is not null;)
            {
                var (waiter, following) = (node.Value, node.Next);
                var givesUp = GivesUp(waiter);
                if (givesUp > now)
                {
                    next = Sooner(next, givesUp);
                }
                else
                {
                    _waiters.Remove(node);
                    late.Add((
                        waiter,
                        _open > 0 ? new QueueTimeoutException(_options.QueueTimeout) : new DialTimeoutException(waiter.DialTime)));
                }

                node = following;
            }

            _wakes = Never;
            if (next < Never)
                WakeAt(next, now);
            work = Plan();
        }

        Do(work);
        foreach (var (waiter, failure) in late)
            waiter.SetException(failure);
        foreach (var entry in expired)
            Close(entry);
    }

    /// <summary>What is to be done outside of the lock.</summary>
    private readonly record struct Work(int Dials, TimeSpan DialTime, List<Http1PoolEntry>? Evicted);
}
