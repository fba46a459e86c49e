using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using ParentProxy.Sockets;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Sockets;

/// <summary>Sockets that an event loop waits for, over real ones of the kernel.</summary>
public sealed class LoopSocketTests
{
    public static TheoryData<string> Kinds => ["unix", "tcp"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Receive_BeforeAnythingCame_EndsWithIt(string kind)
    {
        using var pair = Pair(kind);
        var buffer = new byte[16];
        var receive = pair.Near.ReceiveAsync(buffer, CancellationToken.None);
        Assert.False(receive.IsCompleted);

        pair.Far.Send("hello"u8);

        Assert.Equal(5, await Soon(receive));
        Assert.Equal("hello"u8.ToArray(), buffer[..5]);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Receive_OnAndOn_GetsEveryByteOnce(string kind)
    {
        using var pair = Pair(kind);
        var sent = RandomNumberGenerator.GetBytes(3_000_000);
        var sending = Task.Run(() => SendInPieces(pair.Far, sent));

        Assert.Equal(sent, await ReadAllAsync(pair.Near, pieces: 4096));
        await sending;
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Receive_DataAndEndCameTogether_GivesBoth(string kind)
    {
        // One event tells of both, and there is none after it.
        using var pair = Pair(kind);
        pair.Far.Send("last"u8);
        pair.Far.Shutdown(SocketShutdown.Send);

        Assert.Equal("last"u8.ToArray(), await ReadAllAsync(pair.Near, pieces: 100));
        Assert.Equal(0, await Soon(pair.Near.ReceiveAsync(new byte[1], CancellationToken.None)));
    }

    [Fact]
    public async Task Receive_ExactlyWhatTheBufferHolds_GoesOnWithTheRest()
    {
        using var pair = SocketPair.Unix();
        pair.Far.Send(new byte[30]);
        var buffer = new byte[10];

        for (var i = 0; i < 3; i++)
            Assert.Equal(10, await Soon(pair.Near.ReceiveAsync(buffer, CancellationToken.None)));
        var waiting = pair.Near.ReceiveAsync(buffer, CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        pair.Far.Send(new byte[1]);
        Assert.Equal(1, await Soon(waiting));
    }

    [Fact]
    public async Task Receive_IntoNothing_WaitsAndTakesNothing()
    {
        using var pair = SocketPair.Unix();
        var waiting = pair.Near.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
        Assert.False(waiting.IsCompleted);

        pair.Far.Send("x"u8);

        Assert.Equal(0, await Soon(waiting));
        Assert.Equal(0, await Soon(pair.Near.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None)));
        Assert.True(pair.Near.TryReceive(new byte[10], out var count));
        Assert.Equal(1, count);
        Assert.False(pair.Near.TryReceive(new byte[10], out _));
    }

    [Fact]
    public async Task Receive_Cancelled_LosesNothing()
    {
        using var pair = SocketPair.Unix();
        using var cancelling = new CancellationTokenSource();
        for (var i = 0; i < 200; i++)
        {
            using var source = new CancellationTokenSource();
            var receive = pair.Near.ReceiveAsync(new byte[1], source.Token).AsTask();
            var sending = i % 2 == 0 ? Task.Run(() => pair.Far.Send("x"u8)) : Task.CompletedTask;
            source.Cancel();
            var came = 0;
            try
            {
                came = await Soon(receive);
            }
            catch (OperationCanceledException ex)
            {
                Assert.Equal(source.Token, ex.CancellationToken);
            }

            await sending;
            if (i % 2 == 0 && came == 0)
                came = await Soon(pair.Near.ReceiveAsync(new byte[1], CancellationToken.None));
            Assert.Equal(i % 2 == 0 ? 1 : 0, came);
        }
    }

    [Fact]
    public async Task Receive_RightAfterAnotherWasCancelled_IsNotMixedUpWithIt()
    {
        for (var i = 0; i < 300; i++)
        {
            using var pair = SocketPair.Unix();
            using var source = new CancellationTokenSource();
            var cancelled = pair.Near.ReceiveAsync(new byte[1], source.Token).AsTask();

            source.Cancel();
            var next = pair.Near.ReceiveAsync(new byte[1], CancellationToken.None).AsTask();
            pair.Far.Send("x"u8);

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Soon(cancelled));
            Assert.Equal(1, await Soon(next));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Close_LingeringUnderARead_KeepsTheDescriptorUntilThePeerHasAll(bool asynchronously)
    {
        using var pair = SocketPair.Unix(options: Lingering());
        await pair.Near.WriteAsync("last words"u8.ToArray(), CancellationToken.None);
        var reading = pair.Near.ReceiveAsync(new byte[1], CancellationToken.None).AsTask();

        if (!asynchronously)
            pair.Near.Dispose();
        var closing = pair.Near.CloseAsync();

        await AssertAbortedAsync(reading);
        Assert.False(closing.IsCompleted);
        Assert.True(pair.Near.IsClosed);
        var received = new byte[10];
        ReadExactly(pair.Far, received);
        Assert.Equal("last words"u8.ToArray(), received);
        Assert.Equal(0, pair.Far.Receive(new byte[1]));
        pair.Far.Send("ignored"u8);
        Assert.False(closing.IsCompleted);
        pair.Far.Shutdown(SocketShutdown.Send);
        await Soon(closing);
        Assert.True(pair.Near.Handle.IsClosed);
    }

    [Fact]
    public async Task Close_Lingering_IsOverAfterASecond()
    {
        var clock = new ManualTimeProvider();
        using var pair = SocketPair.Unix(options: Lingering(clock));
        await pair.Near.WriteAsync("x"u8.ToArray(), CancellationToken.None);

        var closing = pair.Near.CloseAsync();
        Assert.False(closing.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(1));

        await Soon(closing);
        Assert.True(pair.Near.Handle.IsClosed);
    }

    [Fact]
    public async Task Abort_WhileItLingers_ClosesAtOnce()
    {
        using var pair = SocketPair.Unix(options: Lingering());
        await pair.Near.WriteAsync("x"u8.ToArray(), CancellationToken.None);
        var closing = pair.Near.CloseAsync();

        pair.Near.Abort();

        await Soon(closing);
        Assert.True(pair.Near.Handle.IsClosed);
    }

    [Theory]
    [InlineData("nothing was sent")]
    [InlineData("a send is pending")]
    [InlineData("the peer has ended")]
    public async Task Close_NothingToLingerFor_ClosesAtOnce(string why)
    {
        using var pair = SocketPair.Unix(options: Lingering());
        Task pending = Task.CompletedTask;
        if (why == "a send is pending")
            pending = pair.Near.WriteAsync(new byte[20_000_000], CancellationToken.None).AsTask();
        if (why == "the peer has ended")
        {
            await ExchangeAsync(pair);
            await pair.Near.WriteAsync("x"u8.ToArray(), CancellationToken.None);
            pair.Far.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, await Soon(pair.Near.ReceiveAsync(new byte[1], CancellationToken.None)));
            await Eventually.TrueAsync(() => pair.Near.HasPeerEnded);
        }

        Assert.True(pair.Near.CloseAsync().IsCompleted);

        Assert.True(pair.Near.Handle.IsClosed);
        if (why == "a send is pending")
            await AssertAbortedAsync(pending);
    }

    [Fact]
    public async Task Receive_OfUnconnectedSocket_IsTheEnd()
    {
        // ENOTCONN, which vsock gives after a half-close, can be had on any family that was never connected.
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var near = new LoopSocket(socket);

        Assert.Equal(0, await Soon(near.ReceiveAsync(new byte[1], CancellationToken.None)));
        near.ShutdownSend();
    }

    [Theory]
    [InlineData(1, 1000)]
    [InlineData(1000, 1000)]
    [InlineData(1001, 1000)]
    [InlineData(2_000_000, 28672)]
    public async Task Send_NeverExceedsTheMaximum(int length, int maximum)
    {
        // A sequenced-packet socket keeps the boundaries of system calls, so each can be counted.
        using var pair = SocketPair.Unix(options: new LoopSocketOptions { MaxSendBytes = maximum }, type: SocketType.Seqpacket);
        var data = RandomNumberGenerator.GetBytes(length);

        foreach (var send in new Func<Task>[]
        {
            () => pair.Near.WriteAsync(data, CancellationToken.None).AsTask(),
            () => pair.Near.SendAsync(data, CancellationToken.None).AsTask(),
        })
        {
            var sending = send();
            var got = new MemoryStream();
            var buffer = new byte[1 << 20];
            for (var left = length; left > 0;)
            {
                var count = await Soon(pair.Far.ReceiveAsync(buffer));
                Assert.Equal(Math.Min(left, maximum), count);
                got.Write(buffer, 0, count);
                left -= count;
            }

            await Soon(sending);
            Assert.Equal(data, got.ToArray());
        }

        Assert.Equal(2L * length, pair.Near.BytesTaken);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Send_MoreThanThereIsRoomFor_GoesOnAsThePeerReads(string kind)
    {
        using var pair = Pair(kind);
        var sent = RandomNumberGenerator.GetBytes(20_000_000);
        for (var round = 0; round < 3; round++)
        {
            var sending = pair.Near.SendAsync(sent, CancellationToken.None);
            Assert.False(sending.IsCompleted);

            var received = new byte[sent.Length];
            await Task.Run(() => ReadExactly(pair.Far, received));

            Assert.Equal(sent.Length, await Soon(sending));
            Assert.Equal(sent, received);
        }
    }

    [Fact]
    public async Task BothDirections_AtOnce_DoNotDisturbEachOther()
    {
        using var pair = SocketPair.Tcp();
        var (there, back) = (RandomNumberGenerator.GetBytes(4_000_000), RandomNumberGenerator.GetBytes(4_000_000));
        var received = new byte[there.Length];
        var peer = Task.WhenAll(Task.Run(() => ReadExactly(pair.Far, received)), Task.Run(() => SendInPieces(pair.Far, back)));

        var sending = pair.Near.WriteAsync(there, CancellationToken.None).AsTask();
        var read = await ReadAllAsync(pair.Near, pieces: 10_000);
        await Soon(sending);
        await peer;

        Assert.Equal(there, received);
        Assert.Equal(back, read);
    }

    [Fact]
    public async Task Send_PeerIsGone_FailsWithItsName()
    {
        using var pair = SocketPair.Unix();
        pair.Far.Dispose();

        var failure = await Assert.ThrowsAsync<SocketException>(() => Soon(pair.Near.SendAsync("x"u8.ToArray(), CancellationToken.None)));

        Assert.Equal(SocketError.Shutdown, failure.SocketErrorCode);
    }

    [Fact]
    public async Task SendThatWaits_PeerGoes_Fails()
    {
        using var pair = SocketPair.Tcp();
        var sending = pair.Near.WriteAsync(new byte[20_000_000], CancellationToken.None).AsTask();
        Assert.False(sending.IsCompleted);

        pair.Far.Close(0);

        await Assert.ThrowsAsync<SocketException>(() => Soon(sending));
    }

    [Fact]
    public async Task Receive_Reset_FailsWithItsName()
    {
        using var pair = SocketPair.Tcp();
        var receive = pair.Near.ReceiveAsync(new byte[1], CancellationToken.None).AsTask();
        pair.Far.Close(0);

        Assert.Equal(SocketError.ConnectionReset, (await Assert.ThrowsAsync<SocketException>(() => Soon(receive))).SocketErrorCode);
    }

    [Fact]
    public async Task Close_UnderALock_FailsWhatIsPendingElsewhere()
    {
        using var pair = SocketPair.Tcp();
        var gate = new Lock();
        var receive = Under(gate, async () => await pair.Near.ReceiveAsync(new byte[1], CancellationToken.None));
        var send = Under(gate, async () => await pair.Near.SendAsync(new byte[20_000_000], CancellationToken.None));

        lock (gate)
        {
            pair.Near.Dispose();

            // Had it run here, it would have had the lock already.
            Assert.False(receive.IsCompleted || send.IsCompleted);
        }

        foreach (var failed in new[] { receive, send })
            Assert.Equal(SocketError.OperationAborted, (await Assert.ThrowsAsync<SocketException>(() => Soon(failed))).SocketErrorCode);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Soon(pair.Near.SendAsync(new byte[1], CancellationToken.None)));
    }

    [Fact]
    public async Task Close_WhileItIsUsed_EndsEverything()
    {
        for (var i = 0; i < 300; i++)
        {
            using var pair = SocketPair.Unix();
            pair.Far.Send("x"u8);
            var receiving = Task.Run(async () =>
            {
                while (await pair.Near.ReceiveAsync(new byte[1], CancellationToken.None) > 0)
                {
                }
            });
            var closing = Task.Run(pair.Near.Abort);

            var failure = await Record.ExceptionAsync(() => Soon(receiving));

            var isTold = failure is SocketException { SocketErrorCode: SocketError.OperationAborted } or ObjectDisposedException;
            Assert.True(isTold, failure?.ToString());
            await closing;
        }
    }

    [Fact]
    public async Task Explain_MakesTheExceptionOfEveryFailure()
    {
        using var pair = SocketPair.Tcp();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var stream = new LoopSocket(socket, new LoopSocketOptions { Explain = (ex, operation) => new IOException(operation, ex) });

        var failure = await Assert.ThrowsAsync<IOException>(() => Soon(stream.SendAsync(new byte[1], CancellationToken.None)));

        Assert.Equal("write", failure.Message);
        Assert.Equal(SocketError.Shutdown, Assert.IsType<SocketException>(failure.InnerException).SocketErrorCode);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task PeerEnded_NobodyReads_IsTold(string kind)
    {
        using var pair = Pair(kind);
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.Near.PeerEnded = () => told.TrySetResult();
        await ExchangeAsync(pair);
        Assert.False(told.Task.IsCompleted);

        pair.Far.Shutdown(SocketShutdown.Send);

        await Soon(told.Task);
        Assert.False(pair.Near.HasUnread);
        Assert.True(pair.Near is { HasPeerEnded: true, IsBroken: false, IsOpenForSending: true });
    }

    [Fact]
    public async Task PeerEnded_Reset_IsBroken()
    {
        using var pair = SocketPair.Tcp();
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.Near.PeerEnded = () => told.TrySetResult();
        await ExchangeAsync(pair);

        pair.Far.Close(0);

        await Soon(told.Task);
        Assert.True(pair.Near is { IsBroken: true, IsOpenForSending: false });
    }

    [Fact]
    public async Task OneThatAlwaysHasSomething_LetsTheOthersHaveTheirTurn()
    {
        var loop = EventLoop.Start(90);
        using var busy = SocketPair.Unix(loop);
        using var other = SocketPair.Unix(loop);
        busy.Far.SendBufferSize = 1 << 20;
        busy.Far.Send(new byte[50_000]);
        var left = 50_000;
        var leftWhenServed = -1;
        var served = OnceReceivedAsync(other.Near, () => leftWhenServed = Volatile.Read(ref left));
        await Eventually.TrueAsync(() => IsWaiting(other.Near));
        var reading = Task.Run(async () =>
        {
            // The first wait ends on the loop, and all that follows would run there at one go.
            await busy.Near.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
            other.Far.Send("x"u8);
            while (left > 0)
                Volatile.Write(ref left, left - await busy.Near.ReceiveAsync(new byte[1], CancellationToken.None));
        });

        await Soon(reading);
        await Soon(served);
        Assert.InRange(leftWhenServed, 1, 50_000);
    }

    [Fact]
    public async Task ComeToHand_OnAnotherLoop_IsServedThereFromThenOn()
    {
        var (first, second) = (EventLoop.Start(91), EventLoop.Start(92));
        using var wanderer = SocketPair.Unix(first);
        using var home = SocketPair.Unix(second);

        // It waits already, as an idle connection does.
        var onLoop = OnceReceivedAsync(wanderer.Near, () => EventLoop.Current);
        await Eventually.TrueAsync(() => IsWaiting(wanderer.Near));
        var taking = OnceReceivedAsync(home.Near, () =>
        {
            var before = wanderer.Near.IsOnCurrentLoop;
            wanderer.Near.MoveToCurrentLoop();
            return (before, wanderer.Near.IsOnCurrentLoop);
        });
        await Eventually.TrueAsync(() => IsWaiting(home.Near));
        home.Far.Send("x"u8);
        Assert.Equal((false, true), await Soon(taking));

        wanderer.Far.Send("x"u8);
        Assert.Same(second, await Soon(onLoop));
    }

    [Fact]
    public async Task ComeToHand_BackAndForth_LosesNothing()
    {
        EventLoop[] loops = [EventLoop.Start(93), EventLoop.Start(94)];
        using var wanderer = SocketPair.Unix();
        using var first = SocketPair.Unix(loops[0]);
        using var second = SocketPair.Unix(loops[1]);
        var reading = Task.Run(() => ReadAllAsync(wanderer.Near, pieces: 100));
        var moving = Task.WhenAll(MoveAsync(first), MoveAsync(second));

        var sent = RandomNumberGenerator.GetBytes(1_000_000);
        for (var i = 0; i < sent.Length; i += 1000)
        {
            wanderer.Far.Send(sent.AsSpan(i, 1000));
            first.Far.Send("x"u8);
            second.Far.Send("x"u8);
        }

        wanderer.Far.Shutdown(SocketShutdown.Send);
        Assert.Equal(sent, await Soon(reading));
        first.Far.Shutdown(SocketShutdown.Send);
        second.Far.Shutdown(SocketShutdown.Send);
        await Soon(moving);

        async Task MoveAsync(SocketPair pair)
        {
            while (await pair.Near.ReceiveAsync(new byte[1], CancellationToken.None).ConfigureAwait(false) > 0)
                wanderer.Near.MoveToCurrentLoop();
        }
    }

    [Fact]
    public async Task Connect_ToAListener_CanSendAndReceive()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        using var near = await Soon(LoopSocket.ConnectAsync(socket, listener.LocalEndPoint!, options: null, CancellationToken.None));
        using var far = await listener.AcceptAsync();

        await near.SendAsync("hi"u8.ToArray(), CancellationToken.None);
        Assert.Equal(2, far.Receive(new byte[10]));
        far.Send("you"u8);
        Assert.Equal(3, await Soon(near.ReceiveAsync(new byte[10], CancellationToken.None)));
    }

    [Theory]
    [InlineData("tcp", SocketError.ConnectionRefused)]
    [InlineData("missing file", SocketError.AddressNotAvailable)]
    [InlineData("full queue", SocketError.WouldBlock)]
    public async Task Connect_ThatFails_SaysWhy(string how, SocketError expected)
    {
        using var folder = new TemporaryDirectory();
        var family = how == "tcp" ? AddressFamily.InterNetwork : AddressFamily.Unix;
        using var listener = new Socket(family, SocketType.Stream, ProtocolType.Unspecified);
        EndPoint target = how == "tcp" ? new IPEndPoint(IPAddress.Loopback, 0) : new UnixDomainSocketEndPoint(folder.File("s"));
        var queued = new List<Socket>();
        if (how != "missing file")
        {
            listener.Bind(target);
            target = listener.LocalEndPoint!;
        }

        if (how == "full queue")
        {
            listener.Listen(0);
            queued.Add(new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified));
            queued[0].Connect(target);
        }

        using var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        var failure = await Assert.ThrowsAsync<SocketException>(
            () => Soon(LoopSocket.ConnectAsync(socket, target, options: null, CancellationToken.None)));

        Assert.Equal(expected, failure.SocketErrorCode);
        queued.ForEach(s => s.Dispose());
    }

    [Fact]
    public async Task Connect_Cancelled_GivesUp()
    {
        // A full accept queue of TCP swallows the next ones.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        using var first = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        first.Connect(listener.LocalEndPoint!);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var cancelling = new CancellationTokenSource();

        var connecting = LoopSocket.ConnectAsync(socket, listener.LocalEndPoint!, options: null, cancelling.Token).AsTask();
        Assert.False(connecting.IsCompleted);
        cancelling.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Soon(connecting));
    }

    [Fact]
    public async Task What_Waits_RunsOnTheLoop()
    {
        var loop = EventLoop.Start(95);
        using var pair = SocketPair.Tcp(loop);
        var receiving = OnceReceivedAsync(pair.Near, () => EventLoop.Current);
        await Eventually.TrueAsync(() => IsWaiting(pair.Near));
        pair.Far.Send("x"u8);

        Assert.Same(loop, await Soon(receiving));
        Assert.Null(EventLoop.Current);
    }

    [Fact]
    public async Task Turn_LoopIsHeldUp_WaitsForIt()
    {
        var loop = EventLoop.Start(96);
        await Soon(loop.TurnAsync());
        using var pair = SocketPair.Unix(loop);
        using var release = new ManualResetEventSlim();
        var blocking = OnceReceivedAsync(pair.Near, () =>
        {
            release.Wait();
            return true;
        });
        await Eventually.TrueAsync(() => IsWaiting(pair.Near));
        pair.Far.Send("x"u8);
        await Eventually.TrueAsync(() => !IsWaiting(pair.Near));

        var turn = loop.TurnAsync();
        Assert.False(turn.IsCompleted);
        release.Set();

        await Soon(turn);
        await Soon(blocking);
    }

    /// <summary>Of a socket that lingers; its second passes only when it is told to.</summary>
    private static LoopSocketOptions Lingering(ManualTimeProvider? clock = null) =>
        new() { LingerClock = clock ?? new ManualTimeProvider() };

    private static async Task AssertAbortedAsync(Task pending) =>
        Assert.Equal(SocketError.OperationAborted, (await Assert.ThrowsAsync<SocketException>(() => Soon(pending))).SocketErrorCode);

    private static SocketPair Pair(string kind) => kind == "unix" ? SocketPair.Unix() : SocketPair.Tcp();

    /// <summary>
    /// Runs something on the loop that brings a byte. It is in place when this method returns: a task of its own might still
    /// be on its way to the wait when the byte comes, and would then go on by itself.
    /// </summary>
    private static async Task<T> OnceReceivedAsync<T>(LoopSocket socket, Func<T> then)
    {
        await socket.ReceiveAsync(new byte[1], CancellationToken.None).ConfigureAwait(false);
        return then();
    }

    private static bool IsWaiting(LoopSocket socket) => socket.IsReceiving;

    private static Task<T> Soon<T>(ValueTask<T> task) => Soon(task.AsTask());

    /// <summary>The rest of a test does not run on a loop, which it may block.</summary>
    private static Task<T> Soon<T>(Task<T> task) => task.WaitAsync(TestDeadline.Value).ContinueWith(t => t, TaskScheduler.Default).Unwrap();

    private static Task Soon(Task task) => task.WaitAsync(TestDeadline.Value).ContinueWith(t => t, TaskScheduler.Default).Unwrap();

    /// <summary>What is run has the lock as soon as it goes on.</summary>
    private static async Task<int> Under(Lock gate, Func<Task<int>> run)
    {
        try
        {
            return await run().ConfigureAwait(false);
        }
        finally
        {
            lock (gate)
            {
            }
        }
    }

    /// <summary>Has it watched.</summary>
    private static async Task ExchangeAsync(SocketPair pair)
    {
        pair.Far.Send("x"u8);
        Assert.Equal(1, await Soon(pair.Near.ReceiveAsync(new byte[10], CancellationToken.None)));
    }

    private static void SendInPieces(Socket socket, byte[] data)
    {
        for (int from = 0, size = 1; from < data.Length; from += size, size = size * 7 % 40_009 + 1)
            socket.Send(data.AsSpan(from, Math.Min(size, data.Length - from)));
        socket.Shutdown(SocketShutdown.Send);
    }

    private static void ReadExactly(Socket socket, byte[] into)
    {
        for (var count = 0; count < into.Length;)
            count += socket.Receive(into.AsSpan(count));
    }

    private static async Task<byte[]> ReadAllAsync(LoopSocket socket, int pieces)
    {
        using var all = new MemoryStream();
        var buffer = new byte[pieces];
        while (true)
        {
            var count = await Soon(socket.ReceiveAsync(buffer, CancellationToken.None));
            if (count == 0)
                return all.ToArray();
            all.Write(buffer, 0, count);
        }
    }
}
