using System.Text;
using ParentProxy.Http1;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Http1;

public sealed class Http1PoolTests : IDisposable
{
    private static readonly TimeSpan DialTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan QueueTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private static readonly Http1PoolOptions Options = new()
    {
        MaxConnections = 4,
        MaxTunnels = 2,
        MaxQueued = 8,
        QueueTimeout = QueueTimeout,
        MaxDials = 2,
        IdleTimeout = IdleTimeout,
        Lifetime = Lifetime,
    };

    private readonly ManualTimeProvider _time = new();
    private readonly PendingDials _dials = new();
    private readonly Dictionary<Http1Connection, PeerStream> _streams = [];
    private Http1Pool _pool;

    public Http1PoolTests() => _pool = NewPool(Options);

    public void Dispose() => _pool.Dispose();

    // Who gets which connection

    [Fact]
    public async Task Rent_NothingIdle_GivesADialledOne()
    {
        var rent = Rent();
        var dial = await _dials.NextAsync();
        Assert.Equal((0, 1, 1), (_pool.Open, _pool.Dialling, _pool.Waiting));
        dial.Succeed();

        var connection = await rent;

        Assert.False(connection.IsReused);
        Assert.Equal(DialTime, dial.Time);
        Assert.Equal((1, 0, 0, 0), (_pool.Open, _pool.Idle, _pool.Dialling, _pool.Waiting));
    }

    [Fact]
    public async Task Rent_SeveralIdle_GivesTheOneThatCameBackLast()
    {
        var (first, _) = await RentDialledAsync();
        var (second, _) = await RentDialledAsync();
        var (third, _) = await RentDialledAsync();
        Return(second);
        Return(third);
        Return(first);
        Assert.Equal((3, 3), (_pool.Open, _pool.Idle));

        Assert.Same(first, await Rent());
        Assert.Same(third, await Rent());
        Assert.Same(second, await Rent());
        Assert.True(first.IsReused);
        Assert.Equal((3, 0), (_pool.Open, _pool.Idle));
    }

    [Fact]
    public async Task Rent_AllBusy_IsServedInOrderOfArrival()
    {
        Use(Options with { MaxConnections = 1 });
        var (connection, _) = await RentDialledAsync();
        var rents = Enumerable.Range(0, 5).Select(_ => Rent()).ToArray();

        foreach (var rent in rents)
        {
            Assert.False(rent.IsCompleted);
            Return(connection);
            Assert.Same(connection, await rent);
        }

        Assert.Equal(1, _dials.Total);
        Assert.Equal(0, _pool.Waiting);
    }

    [Fact]
    public async Task Rent_ConnectionComesBackBeforeTheDialIsDone_TakesItAndLeavesTheDialToTheNext()
    {
        var (connection, _) = await RentDialledAsync();
        var rent = Rent();
        var dial = await _dials.NextAsync();

        Return(connection);
        Assert.Same(connection, await rent);

        dial.Succeed();
        await Eventually.TrueAsync(() => _pool.Idle == 1);
        var next = await Rent();
        Assert.NotSame(connection, next);
        Assert.Equal(2, _dials.Total);
    }

    [Theory]
    [InlineData(0, true, true)]
    [InlineData(1, true, false)]
    [InlineData(0, false, false)]
    [InlineData(1, false, false)]
    public async Task TryRent_PeerHasJustSpoken_GivesItOnlyToWhoCanBeSavedAndOnlyAtOnce(int idleMilliseconds, bool canBeSaved, bool isGiven)
    {
        var (quiet, _) = await RentDialledAsync();
        var (spoken, _) = await RentDialledAsync();
        Return(quiet);
        Return(spoken);
        _streams[spoken].HasUnseen = true;
        _time.Advance(Tick * idleMilliseconds);

        var given = _pool.TryRent(canBeSaved ? TimeSpan.MaxValue : IdleTimeout);

        Assert.Same(isGiven ? spoken : quiet, given);
        Assert.Equal((isGiven ? 0 : 1, isGiven ? 2 : 1), (_streams[spoken].Disposals, _pool.Open));
    }

    [Fact]
    public async Task Rent_Fresh_LeavesIdleOnesAlone()
    {
        var (idle, _) = await RentDialledAsync();
        Return(idle);

        var rent = Rent(fresh: true);
        (await _dials.NextAsync()).Succeed();

        Assert.NotSame(idle, await rent);
        Assert.Equal((2, 1), (_pool.Open, _pool.Idle));
    }

    [Fact]
    public async Task Rent_FreshWhileAllPlacesAreIdle_ClosesTheOneIdleLongestForIt()
    {
        Use(Options with { MaxConnections = 2 });
        var (first, firstStream) = await RentDialledAsync();
        var (second, secondStream) = await RentDialledAsync();
        Return(first);
        Return(second);

        var rent = Rent(fresh: true);
        Assert.Equal((1, 0), (firstStream.Disposals, secondStream.Disposals));
        (await _dials.NextAsync()).Succeed();
        Assert.False((await rent).IsReused);
        Assert.Equal((2, 1), (_pool.Open, _pool.Idle));

        var another = Rent(fresh: true);
        Assert.Equal(1, secondStream.Disposals);
        (await _dials.NextAsync()).Succeed();
        Assert.False((await another).IsReused);
        Assert.Equal((2, 0), (_pool.Open, _pool.Idle));
    }

    [Fact]
    public async Task Rent_FreshWhileAllAreBusy_IsPassedOverByUsedOnesAndServedByADialInTheirPlace()
    {
        Use(Options with { MaxConnections = 1 });
        var (connection, stream) = await RentDialledAsync();
        var fresh = Rent(fresh: true);
        var used = Rent();

        Return(connection);
        Assert.Same(connection, await used);
        Assert.False(fresh.IsCompleted);

        Return(connection);
        Assert.Equal(1, stream.Disposals);
        (await _dials.NextAsync()).Succeed();
        Assert.NotSame(connection, await fresh);
        Assert.Equal(1, _pool.Open);
    }

    // Limits

    [Fact]
    public async Task Rent_ManyAtOnce_DialsNoMoreThanAllowedAtATimeAndInAll()
    {
        var rents = Enumerable.Range(0, 8).Select(_ => Rent()).ToArray();
        var first = await _dials.NextAsync();
        await _dials.NextAsync();
        Assert.Equal((2, 2), (_dials.Total, _pool.Dialling));

        first.Succeed();
        (await _dials.NextAsync()).Succeed();
        (await _dials.NextAsync()).Succeed();
        await Eventually.TrueAsync(() => rents.Count(rent => rent.IsCompleted) == 3);

        Assert.Equal((3, 1, 5, 4), (_pool.Open, _pool.Dialling, _pool.Waiting, _dials.Total));
    }

    [Fact]
    public async Task Rent_AsManyWaitAsMay_FailsAtOnce()
    {
        var waiting = Enumerable.Range(0, 8).Select(_ => Rent()).ToArray();

        var failure = await Assert.ThrowsAsync<PoolFullException>(() => Rent());

        Assert.Equal("8 requests wait for a connection to it already", failure.Message);
        Assert.DoesNotContain(waiting, rent => rent.IsCompleted);
        Assert.Equal(8, _pool.Waiting);
    }

    [Fact]
    public async Task Return_NotReusable_ClosesItAndDialsForWhoWaits()
    {
        Use(Options with { MaxConnections = 1 });
        var (connection, stream) = await RentDialledAsync();
        var rent = Rent();
        Assert.Equal(1, _dials.Total);

        Return(connection, reusable: false);

        Assert.Equal((1, false), (stream.Disposals, stream.IsAborted));
        (await _dials.NextAsync()).Succeed();
        Assert.NotSame(connection, await rent);
    }

    // Time

    [Fact]
    public async Task Rent_AllStayBusy_FailsAfterTheQueueTimeout()
    {
        Use(Options with { MaxConnections = 1 });
        await RentDialledAsync();
        var first = Rent();
        _time.Advance(Tick);
        var second = Rent();

        _time.Advance(QueueTimeout - 2 * Tick);
        Assert.False(first.IsCompleted);
        _time.Advance(Tick);

        Assert.Equal("no connection to it became free within 5 s", (await Assert.ThrowsAsync<QueueTimeoutException>(() => first)).Message);
        Assert.Equal(1, _pool.Waiting);
        _time.Advance(Tick);
        await Assert.ThrowsAsync<QueueTimeoutException>(() => second);
        Assert.Equal((1, 0, 0), (_pool.Open, _pool.Waiting, _time.Timers));
    }

    [Fact]
    public async Task Rent_NoneOpenAndNoDialComesToAnEnd_FailsAfterItsTimeForADial()
    {
        var patient = Rent();
        var hurried = Rent(dialTime: DialTime / 2);

        _time.Advance(DialTime / 2 - Tick);
        Assert.False(hurried.IsCompleted);
        _time.Advance(Tick);
        var failure = await Assert.ThrowsAsync<DialTimeoutException>(() => hurried);
        Assert.Equal(DialTime / 2, failure.Limit);
        Assert.False(patient.IsCompleted);

        _time.Advance(DialTime / 2);
        await Assert.ThrowsAsync<DialTimeoutException>(() => patient);
        Assert.Equal((2, 0), (_pool.Dialling, _pool.Waiting));
    }

    [Fact]
    public async Task Rent_NoTimeForADial_TakesAnIdleOneAndElseFailsAtOnce()
    {
        await Assert.ThrowsAsync<DialTimeoutException>(() => Rent(dialTime: TimeSpan.Zero));
        Assert.Equal(0, _dials.Total);

        var (connection, _) = await RentDialledAsync();
        Return(connection);
        Assert.Same(connection, await Rent(dialTime: TimeSpan.Zero));

        var rent = Rent(dialTime: TimeSpan.Zero);
        Return(connection);
        Assert.Same(connection, await rent);
        Assert.Equal(1, _dials.Total);
    }

    [Fact]
    public async Task Dial_OnBehalfOfSeveral_GetsTheLongestTimeOfThem()
    {
        Use(Options with { MaxDials = 1 });
        var rents = new[] { Rent(dialTime: DialTime / 4), Rent(), Rent(dialTime: DialTime / 2) };

        // Begun for the first alone.
        var dial = await _dials.NextAsync();
        Assert.Equal(DialTime / 4, dial.Time);
        dial.Succeed();
        Assert.Equal(DialTime, (await _dials.NextAsync()).Time);
        await rents[0];
    }

    [Fact]
    public async Task Rent_TheLastOpenOneCloses_HasItsTimeForADialFromThen()
    {
        Use(Options with { MaxConnections = 1 });
        var (connection, _) = await RentDialledAsync();
        var rent = Rent();
        _time.Advance(QueueTimeout - TimeSpan.FromSeconds(1));

        Return(connection, reusable: false);
        await _dials.NextAsync();
        _time.Advance(DialTime - Tick);
        Assert.False(rent.IsCompleted);
        _time.Advance(Tick);

        await Assert.ThrowsAsync<DialTimeoutException>(() => rent);
    }

    [Fact]
    public async Task Rent_TheLastOpenOneClosesEarly_DoesNotWaitForTheQueueTimeout()
    {
        Use(Options with { MaxConnections = 1 });
        var (connection, _) = await RentDialledAsync();
        var rent = Rent(dialTime: TimeSpan.FromSeconds(1));

        Return(connection, reusable: false);
        _time.Advance(TimeSpan.FromSeconds(1));

        await Assert.ThrowsAsync<DialTimeoutException>(() => rent);
    }

    [Fact]
    public async Task Rent_TheFirstOneOpensForAnother_WaitsInTheQueueFromItsArrival()
    {
        Use(Options with { MaxConnections = 1, QueueTimeout = TimeSpan.FromSeconds(1) });
        var served = Rent();
        var waits = Rent();
        _time.Advance(TimeSpan.FromMilliseconds(900));
        (await _dials.NextAsync()).Succeed();
        await served;

        _time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.False(waits.IsCompleted);
        _time.Advance(Tick);

        await Assert.ThrowsAsync<QueueTimeoutException>(() => waits);
    }

    [Fact]
    public async Task Idle_ForAsLongAsMayBe_IsClosed()
    {
        var (first, firstStream) = await RentDialledAsync();
        var (second, secondStream) = await RentDialledAsync();
        Return(first);
        _time.Advance(IdleTimeout / 2);
        Return(second);

        _time.Advance(IdleTimeout / 2 - Tick);
        Assert.Equal((2, 2), (_pool.Open, _pool.Idle));
        _time.Advance(Tick);
        Assert.Equal((1, 1), (_pool.Open, _pool.Idle));
        Assert.Equal((1, 0), (firstStream.Disposals, secondStream.Disposals));
        _time.Advance(IdleTimeout / 2);
        Assert.Equal((0, 0), (_pool.Open, _pool.Idle));
        Assert.Equal((1, 1), (firstStream.Disposals, secondStream.Disposals));
    }

    [Fact]
    public async Task Idle_TakenAndGivenBack_BeginsAnew()
    {
        var (connection, stream) = await RentDialledAsync();
        for (var i = 0; i < 10; i++)
        {
            Return(connection);
            _time.Advance(IdleTimeout - Tick);
            Assert.Same(connection, await Rent());
        }

        Assert.Equal(0, stream.Disposals);
    }

    [Fact]
    public async Task Idle_Nothing_LeavesNoTimer()
    {
        Assert.Equal(0, _time.Timers);
        var (connection, _) = await RentDialledAsync();
        _time.Advance(DialTime);
        Assert.Equal(0, _time.Timers);

        Return(connection);
        Assert.Equal(1, _time.Timers);
        await Rent();
        _time.Advance(IdleTimeout);
        Assert.Equal(0, _time.Timers);
    }

    [Fact]
    public async Task Rent_TheTimerIsLate_DoesNotGiveAnExpiredOne()
    {
        // The clock of the pool goes on, its timer does not come.
        var stuck = new StuckTimers(_time);
        _pool.Dispose();
        _pool = new Http1Pool(_dials.DialAsync, Options, stuck);
        var (connection, _) = await RentDialledAsync();
        Return(connection);
        _time.Advance(IdleTimeout);

        var rent = Rent();
        (await _dials.NextAsync()).Succeed();
        Assert.NotSame(connection, await rent);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Return_ThePeerHardlyKeepsIt_ClosesIt(int seconds)
    {
        var (connection, stream) = await RentDialledAsync();
        await RequestAsync(connection, stream, $"HTTP/1.1 204 No Content\r\nKeep-Alive: timeout={seconds}\r\n\r\n");

        Return(connection);

        Assert.Equal((0, 0, 1), (_pool.Open, _pool.Idle, stream.Disposals));
    }

    [Fact]
    public async Task Idle_ThePeerSaidHowLongItKeepsIt_IsClosedASecondBefore()
    {
        var (connection, stream) = await RentDialledAsync();
        await RequestAsync(connection, stream, "HTTP/1.1 204 No Content\r\nKeep-Alive: timeout=3, max=100\r\n\r\n");
        Return(connection);

        _time.Advance(TimeSpan.FromSeconds(2) - Tick);
        Assert.Equal(1, _pool.Idle);
        _time.Advance(Tick);

        Assert.Equal((0, 0, 1), (_pool.Open, _pool.Idle, stream.Disposals));
    }

    [Fact]
    public async Task Idle_ThePeerKeepsItForLong_IsClosedAfterTheIdleTimeout()
    {
        var (connection, stream) = await RentDialledAsync();
        await RequestAsync(connection, stream, "HTTP/1.1 204 No Content\r\nKeep-Alive: timeout=60\r\n\r\n");
        Return(connection);

        _time.Advance(IdleTimeout);

        Assert.Equal((0, 1), (_pool.Open, stream.Disposals));
    }

    [Fact]
    public async Task Return_PastItsLifetime_ClosesIt()
    {
        var (connection, stream) = await RentDialledAsync();
        _time.Advance(Lifetime);

        Return(connection);

        Assert.Equal((0, 0, 1), (_pool.Open, _pool.Idle, stream.Disposals));
    }

    [Fact]
    public async Task Idle_PastItsLifetime_IsClosed()
    {
        var (connection, stream) = await RentDialledAsync();
        _time.Advance(Lifetime - Tick);
        Return(connection);
        Assert.Equal(1, _pool.Idle);

        _time.Advance(Tick);

        Assert.Equal((0, 0, 1), (_pool.Open, _pool.Idle, stream.Disposals));
    }

    // Dials that fail

    [Fact]
    public async Task Dial_FailsWhileNoneIsOpen_FailsAllThatWait()
    {
        var rents = Enumerable.Range(0, 5).Select(_ => Rent()).ToArray();
        var refused = new IOException("refused");

        var first = await _dials.NextAsync();
        await _dials.NextAsync();
        first.Fail(refused);

        foreach (var rent in rents)
            Assert.Same(refused, await Assert.ThrowsAsync<IOException>(() => rent));
        Assert.Equal((0, 1, 2), (_pool.Waiting, _pool.Dialling, _dials.Total));
    }

    [Fact]
    public async Task Dial_FailsWhileOthersAreOpen_FailsTheOldestAndDialsForTheRest()
    {
        Use(Options with { MaxDials = 1 });
        var (connection, _) = await RentDialledAsync();
        var rents = Enumerable.Range(0, 3).Select(_ => Rent()).ToArray();

        (await _dials.NextAsync()).Fail(new IOException("refused"));
        await Assert.ThrowsAsync<IOException>(() => rents[0]);
        Assert.Equal(2, _pool.Waiting);

        (await _dials.NextAsync()).Succeed();
        Assert.NotSame(connection, await rents[1]);
        Return(connection);
        Assert.Same(connection, await rents[2]);
    }

    [Fact]
    public async Task Dial_ThrowsBeforeItReturnsATask_CountsAsFailed()
    {
        _pool.Dispose();
        _pool = new Http1Pool((_, _) => throw new IOException("at once"), Options, _time);

        await Assert.ThrowsAsync<IOException>(() => Rent());

        Assert.Equal((0, 0, 0), (_pool.Open, _pool.Dialling, _pool.Waiting));
    }

    // Ended while idle

    [Fact]
    public async Task Idle_ThePeerEndsIt_LeavesThatMoment()
    {
        var (connection, stream) = await RentDialledAsync();
        Return(connection);

        stream.PeerEnds();

        Assert.Equal((0, 0, 1), (_pool.Open, _pool.Idle, stream.Disposals));
    }

    [Fact]
    public async Task Idle_ThePeerSpeaksUnasked_LeavesThatMoment()
    {
        var (connection, stream) = await RentDialledAsync();
        Return(connection);

        stream.PeerSends("HTTP/1.1 408 Request Timeout\r\n\r\n"u8);

        Assert.Equal((0, 0, 1), (_pool.Open, _pool.Idle, stream.Disposals));
    }

    [Fact]
    public async Task Idle_OneInTheMiddleEnds_LeavesTheOthersInTheirOrder()
    {
        var (first, _) = await RentDialledAsync();
        var (second, stream) = await RentDialledAsync();
        var (third, _) = await RentDialledAsync();
        Return(first);
        Return(second);
        Return(third);

        stream.PeerEnds();

        Assert.Equal((2, 2), (_pool.Open, _pool.Idle));
        Assert.Same(third, await Rent());
        Assert.Same(first, await Rent());
    }

    [Fact]
    public async Task Return_ThePeerHasEndedItAlready_ClosesItAndDialsForWhoWaits()
    {
        Use(Options with { MaxConnections = 1 });
        var (connection, stream) = await RentDialledAsync();
        var rent = Rent();
        stream.PeerEnds();

        Return(connection);

        Assert.Equal((0, 0, 1), (_pool.Open, _pool.Idle, stream.Disposals));
        (await _dials.NextAsync()).Succeed();
        Assert.NotSame(connection, await rent);
    }

    [Fact]
    public async Task Return_AbortedByAnother_ClosesIt()
    {
        var (connection, stream) = await RentDialledAsync();
        connection.Abort();

        Return(connection);

        Assert.Equal((0, 0, 1), (_pool.Open, _pool.Idle, stream.Disposals));
    }

    [Fact]
    public async Task Return_ThePeerEndsItWhileItBecomesIdle_KeepsNothing()
    {
        var (connection, stream) = await RentDialledAsync();
        stream.BeforeRead = stream.PeerEnds;

        Return(connection);

        Assert.Equal((0, 0, 1), (_pool.Open, _pool.Idle, stream.Disposals));
    }

    // Who may stand in the peer's accept queue

    [Fact]
    public async Task MakeWay_NothingCameOnAConnection_ClosesOneThatIsIdle()
    {
        var served = await RentServedAsync();
        var second = await RentServedAsync();
        var (waiting, waitingStream) = await RentDialledAsync();
        Return(served.Connection);
        Return(second.Connection);

        _pool.MakeWayFor(waiting);

        Assert.Equal((2, 1, 0), (_pool.Open, _pool.Idle, waitingStream.Disposals));
        Assert.Equal((1, 0), (served.Stream.Disposals, second.Stream.Disposals));
        _time.Advance(TimeSpan.FromSeconds(1));
        _pool.MakeWayFor(waiting);
        Assert.Equal(1, _pool.Idle);
    }

    [Fact]
    public async Task MakeWay_NoneIsIdle_ClosesTheNextThatComesBackWhileItWaits()
    {
        var served = await RentServedAsync();
        var second = await RentServedAsync();
        var (waiting, stream) = await RentDialledAsync();

        _pool.MakeWayFor(waiting);
        Return(served.Connection);
        Assert.Equal((2, 0, 1), (_pool.Open, _pool.Idle, served.Stream.Disposals));

        await ServeAsync(waiting, stream);
        Return(second.Connection);
        Assert.Equal((2, 1), (_pool.Open, _pool.Idle));
    }

    [Fact]
    public async Task MakeWay_ItIsAnsweredBefore_ClosesNothing()
    {
        var served = await RentServedAsync();
        var (waiting, stream) = await RentDialledAsync();
        _pool.MakeWayFor(waiting);

        await ServeAsync(waiting, stream);
        Return(served.Connection);

        Assert.Equal((2, 1), (_pool.Open, _pool.Idle));
    }

    [Fact]
    public async Task MakeWay_AYoungerConnectionWasAnswered_ClosesNothing()
    {
        var served = await RentServedAsync();
        var (waiting, _) = await RentDialledAsync();
        _time.Advance(Tick);
        var younger = await RentServedAsync();
        Return(served.Connection);
        Return(younger.Connection);

        _pool.MakeWayFor(waiting);

        Assert.Equal((3, 2), (_pool.Open, _pool.Idle));
    }

    [Fact]
    public async Task MakeWay_WhatWasClosedServedAnother_ClosesOneMore()
    {
        var served = await RentServedAsync();
        var (first, firstStream) = await RentDialledAsync();
        var (second, _) = await RentDialledAsync();
        Return(served.Connection);
        _pool.MakeWayFor(second);
        Assert.Equal((2, 0), (_pool.Open, _pool.Idle));

        await ServeAsync(first, firstStream);
        Return(first);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        _pool.MakeWayFor(second);

        Assert.Equal((1, 0, 1), (_pool.Open, _pool.Idle, firstStream.Disposals));
    }

    [Fact]
    public async Task MakeWay_ForAConnectionOfAnother_ClosesOneThatIsIdle()
    {
        var served = await RentServedAsync();
        Return(served.Connection);

        _pool.MakeWayFor(() => true);

        Assert.Equal((0, 0, 1), (_pool.Open, _pool.Idle, served.Stream.Disposals));
    }

    // The end of the pool

    [Fact]
    public async Task Dispose_WithConnections_ClosesIdleOnesNowAndBusyOnesWhenTheyComeBack()
    {
        var (idle, idleStream) = await RentDialledAsync();
        var (busy, busyStream) = await RentDialledAsync();
        Return(idle);

        _pool.Dispose();
        Assert.Equal((1, 0), (idleStream.Disposals, busyStream.Disposals));
        Assert.Equal((1, 0, 0), (_pool.Open, _pool.Idle, _time.Timers));

        Return(busy);
        Assert.Equal((1, 0), (busyStream.Disposals, _pool.Open));
        _pool.Dispose();
    }

    [Fact]
    public async Task Dispose_WhileSomeWait_FailsThemAndEndsTheirDials()
    {
        var rents = new[] { Rent(), Rent(), Rent() };
        var succeeds = await _dials.NextAsync();
        var fails = await _dials.NextAsync();
        Assert.False(succeeds.CancellationToken.IsCancellationRequested);

        _pool.Dispose();

        foreach (var rent in rents)
            await Assert.ThrowsAsync<ObjectDisposedException>(() => rent);
        Assert.True(succeeds.CancellationToken.IsCancellationRequested);
        fails.Fail(new OperationCanceledException());
        var stream = succeeds.Succeed();
        await Eventually.TrueAsync(() => stream.Disposals == 1 && _pool.Dialling == 0);
        Assert.Equal((0, 0, 2), (_pool.Open, _pool.Waiting, _dials.Total));
    }

    [Fact]
    public async Task Rent_AfterDispose_Fails()
    {
        _pool.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => Rent());
    }

    [Fact]
    public async Task Dispose_WhileAConnectionBecomesIdle_ClosesIt()
    {
        var (connection, stream) = await RentDialledAsync();
        stream.BeforeRead = _pool.Dispose;

        Return(connection);

        Assert.Equal((0, 0, 1), (_pool.Open, _pool.Idle, stream.Disposals));
    }

    // Tunnels

    [Fact]
    public async Task BecomeTunnel_AtTheLimit_LeavesItsPlaceToAnotherConnection()
    {
        Use(Options with { MaxConnections = 1 });
        var (connection, stream) = await RentDialledAsync();
        using var place = _pool.TryReserveTunnel();
        var rent = Rent();
        Assert.Equal(1, _dials.Total);

        _pool.BecomeTunnel(connection, place!);

        (await _dials.NextAsync()).Succeed();
        await rent;
        Assert.Equal((1, 1), (_pool.Open, _pool.Tunnels));
        Return(connection);
        Assert.Equal((1, 0, 0, 1), (_pool.Open, _pool.Tunnels, _pool.Idle, stream.Disposals));
    }

    [Fact]
    public void TryReserveTunnel_AllPlacesTaken_IsRefusedUntilOneIsGivenBack()
    {
        var first = _pool.TryReserveTunnel();
        Assert.NotNull(first);
        Assert.NotNull(_pool.TryReserveTunnel());
        Assert.Null(_pool.TryReserveTunnel());

        first.Dispose();
        first.Dispose();

        Assert.NotNull(_pool.TryReserveTunnel());
        Assert.Null(_pool.TryReserveTunnel());
    }

    [Fact]
    public async Task TunnelPlace_DisposedAfterItWentToATunnel_StaysTakenUntilTheTunnelEnds()
    {
        Use(Options with { MaxTunnels = 1 });
        var (connection, _) = await RentDialledAsync();
        var place = _pool.TryReserveTunnel();
        _pool.BecomeTunnel(connection, place!);

        place!.Dispose();
        Assert.Null(_pool.TryReserveTunnel());

        Return(connection, reusable: false);
        Assert.NotNull(_pool.TryReserveTunnel());
    }

    [Fact]
    public async Task BecomeTunnel_WithASpentPlaceOrAForeignOne_IsRefused()
    {
        var (connection, _) = await RentDialledAsync();
        var spent = _pool.TryReserveTunnel()!;
        spent.Dispose();
        Assert.Throws<InvalidOperationException>(() => _pool.BecomeTunnel(connection, spent));

        using var other = NewPool(Options);
        Assert.Throws<InvalidOperationException>(() => _pool.BecomeTunnel(connection, other.TryReserveTunnel()!));

        Return(connection);
        Assert.Throws<InvalidOperationException>(() => _pool.BecomeTunnel(connection, _pool.TryReserveTunnel()!));
        Assert.Equal((1, 1, 0), (_pool.Open, _pool.Idle, _pool.Tunnels));
    }

    [Fact]
    public async Task Dispose_WithATunnel_LeavesItUntilItComesBack()
    {
        var (connection, stream) = await RentDialledAsync();
        _pool.BecomeTunnel(connection, _pool.TryReserveTunnel()!);

        _pool.Dispose();
        Assert.Equal((1, 0), (_pool.Tunnels, stream.Disposals));

        Return(connection, reusable: false);
        Assert.Equal((0, 1), (_pool.Tunnels, stream.Disposals));
    }

    // Cancellation

    [Fact]
    public async Task Rent_CancelledBefore_DoesNothing()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Rent(cancellationToken: new CancellationToken(canceled: true)));

        Assert.Equal((0, 0), (_pool.Waiting, _dials.Total));
    }

    [Fact]
    public async Task Rent_CancelledInTheQueue_LeavesItAtOnce()
    {
        Use(Options with { MaxConnections = 1 });
        var (connection, _) = await RentDialledAsync();
        using var source = new CancellationTokenSource();
        var first = Rent();
        var cancelled = Rent(cancellationToken: source.Token);
        var last = Rent();

        await source.CancelAsync();

        Assert.Equal(2, _pool.Waiting);
        var failure = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Equal(source.Token, failure.CancellationToken);
        Return(connection);
        await first;
        Return(connection);
        await last;
    }

    [Fact]
    public async Task Rent_CancelledDuringItsDial_LeavesTheDialToOthers()
    {
        using var source = new CancellationTokenSource();
        var cancelled = Rent(cancellationToken: source.Token);
        var dial = await _dials.NextAsync();

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.False(dial.CancellationToken.IsCancellationRequested);
        var next = Rent();
        Assert.Equal(1, _dials.Total);
        dial.Succeed();
        await next;
    }

    [Fact]
    public async Task Rent_CancelledDuringItsDialAndNobodyElseWaits_KeepsTheConnectionIdle()
    {
        using var source = new CancellationTokenSource();
        var cancelled = Rent(cancellationToken: source.Token);
        var dial = await _dials.NextAsync();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);

        var stream = dial.Succeed();

        await Eventually.TrueAsync(() => _pool.Idle == 1);
        Assert.Equal((1, 0), (_pool.Open, stream.Disposals));
    }

    [Fact]
    public async Task Rent_CancelledAsItIsServed_IsServed()
    {
        Use(Options with { MaxConnections = 1 });
        var (connection, _) = await RentDialledAsync();
        using var source = new CancellationTokenSource();
        var rent = Rent(cancellationToken: source.Token);

        Return(connection);
        await source.CancelAsync();

        Assert.Same(connection, await rent);
        Return(connection);
        Assert.Equal((1, 1), (_pool.Open, _pool.Idle));
    }

    // Misuse and cost

    [Fact]
    public async Task Return_Twice_IsRefused()
    {
        var (connection, stream) = await RentDialledAsync();
        _pool.Return(connection, reusable: true);

        Assert.Throws<InvalidOperationException>(() => _pool.Return(connection, reusable: false));

        Assert.Equal((1, 1, 0), (_pool.Open, _pool.Idle, stream.Disposals));
    }

    [Fact]
    public async Task Return_ToAnotherPool_IsRefused()
    {
        var (connection, _) = await RentDialledAsync();
        using var other = NewPool(Options);

        Assert.Throws<InvalidOperationException>(() => other.Return(connection, reusable: true));
        using var stranger = new Http1Connection(new PeerStream(), Http1Limits.Default);
        Assert.Throws<InvalidOperationException>(() => _pool.Return(stranger, reusable: true));
    }

    [Fact]
    public async Task RentAndReturn_OneIsIdle_AllocatesNothing()
    {
        _pool.Dispose();
        _pool = new Http1Pool(_dials.DialAsync, Options, TimeProvider.System);
        var (connection, stream) = await RentDialledAsync();
        _pool.Return(connection, reusable: true);
        long allocated = 0;

        for (var i = 0; i < 3; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var round = 0; round < 1000; round++)
            {
                var rent = _pool.RentAsync(DialTime, TimeSpan.MaxValue, canRedispatch: false, CancellationToken.None);
                Assert.True(rent.IsCompletedSuccessfully);
                var rented = await rent;
                stream.PeerAnswers();
                _pool.Return(rented, reusable: true);
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }

    /// <summary>Gives a connection back after a request on it.</summary>
    private void Return(Http1Connection connection, bool reusable = true)
    {
        _streams.GetValueOrDefault(connection)?.PeerAnswers();
        _pool.Return(connection, reusable);
    }

    private static async Task RequestAsync(Http1Connection connection, PeerStream stream, string response)
    {
        stream.Answer = Encoding.ASCII.GetBytes(response);
        connection.Begin("GET", "/");
        connection.Request.EndFields();
        await connection.FlushAsync(last: true);
        await connection.ReadHeadAsync();
        Assert.True(connection.CanReuse);
    }

    private Http1Pool NewPool(Http1PoolOptions options) => new(_dials.DialAsync, options, _time);

    private void Use(Http1PoolOptions options)
    {
        _pool.Dispose();
        _pool = NewPool(options);
    }

    private Task<Http1Connection> Rent(bool fresh = false, TimeSpan? dialTime = null, CancellationToken cancellationToken = default) =>
        _pool
            .RentAsync(dialTime ?? DialTime, fresh ? TimeSpan.Zero : TimeSpan.MaxValue, canRedispatch: false, cancellationToken)
            .AsTask()
            .WaitAsync(TestDeadline.Value, CancellationToken.None);

    private async Task<(Http1Connection Connection, PeerStream Stream)> RentDialledAsync()
    {
        var rent = Rent(fresh: true);
        var stream = (await _dials.NextAsync()).Succeed();
        var connection = await rent;
        _streams[connection] = stream;
        return (connection, stream);
    }

    /// <summary>One that the peer has answered on and a request has still.</summary>
    private async Task<(Http1Connection Connection, PeerStream Stream)> RentServedAsync()
    {
        var (connection, stream) = await RentDialledAsync();
        await ServeAsync(connection, stream);
        Return(connection);
        Assert.Same(connection, await Rent());
        return (connection, stream);
    }

    private static async Task ServeAsync(Http1Connection connection, PeerStream stream)
    {
        connection.Begin("GET", "/");
        connection.Request.EndFields();
        await connection.FlushAsync(last: true);
        stream.PeerSends("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8);
        await connection.ReadHeadAsync();
    }
}
