using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using ParentProxy.Sockets;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;
using ParentProxy.Vsock;

namespace ParentProxy.Tests.Sockets;

/// <summary>
/// Accepting over real sockets of the kernel, which is made to fail: a listening socket that is shut down accepts nothing any more.
/// </summary>
public sealed class LoopListenerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTimeProvider _time = new();
    private readonly Owner _owner = new();
    private readonly List<ListenSocket> _bound = [];

    [Theory]
    [InlineData("tcp", "EINVAL")]
    [InlineData("unix", "EAGAIN")]
    public async Task Accept_FromASocketThatIsBroken_OpensTheAddressAnew(string kind, string errno)
    {
        using var listener = Listen(kind);
        _bound[0].Socket.Shutdown(SocketShutdown.Both);

        var accepting = listener.AcceptAsync(socket => socket).AsTask();
        await ProceedUntilAsync(() => _bound.Count == 2);
        using var client = await ConnectAsync(listener.EndPoint);
        using var accepted = await accepting.WaitAsync(TestDeadline.Value);

        Assert.NotNull(accepted);
        Assert.Equal((10, errno), Assert.Single(_owner.Remade.Select(remade => (remade.Item1, remade.Item2.Name))));
        Assert.Empty(_owner.Failed);
        Assert.True(listener.IsOpen);
        Assert.Null(listener.Refusal);
    }

    [Fact]
    public async Task Accept_BreaksWhileItWaits_OpensTheAddressAnew()
    {
        using var listener = Listen("tcp");
        var accepting = listener.AcceptAsync(socket => socket).AsTask();
        using (await ConnectAsync(listener.EndPoint))
            (await accepting.WaitAsync(TestDeadline.Value))!.Dispose();
        accepting = listener.AcceptAsync(socket => socket).AsTask();

        _bound[0].Socket.Shutdown(SocketShutdown.Both);
        await ProceedUntilAsync(() => _bound.Count == 2);

        using var client = await ConnectAsync(listener.EndPoint);
        Assert.NotNull(await accepting.WaitAsync(TestDeadline.Value));
    }

    [Fact]
    public async Task Remake_WhileNobodyWaitsYet_IsNotForgotten()
    {
        using var listener = Listen("tcp");
        var again = 0;

        // Told on the way from the look at what is to be done to the wait.
        _owner.WhenRemade = () =>
        {
            if (again++ == 0)
                listener.Remake(3, Errno.ETIMEDOUT);
        };
        var accepting = listener.AcceptAsync(socket => socket).AsTask();
        listener.Remake(2, Errno.ETIMEDOUT);

        await Eventually.TrueAsync(() => _owner.Remade.Count == 2, () => $"opened anew {_owner.Remade.Count} times");
        Assert.Equal([(2, Errno.ETIMEDOUT), (3, Errno.ETIMEDOUT)], _owner.Remade);
        using var client = await ConnectAsync(listener.EndPoint);
        using var accepted = await accepting.WaitAsync(TestDeadline.Value);
        Assert.NotNull(accepted);
    }

    [Fact]
    public async Task Accept_BrokenAndTheAddressIsTaken_SaysSoAndTriesAgain()
    {
        var isTaken = false;
        using var listener = Listen("tcp", () => Volatile.Read(ref isTaken));
        Volatile.Write(ref isTaken, true);
        _bound[0].Socket.Shutdown(SocketShutdown.Both);

        var accepting = listener.AcceptAsync(socket => socket).AsTask();
        await ProceedUntilAsync(() => !_owner.Failed.IsEmpty);
        Assert.Equal(Errno.EADDRINUSE, _owner.Failed.First());
        await Eventually.TrueAsync(
            () => listener.Refusal == "accept fails: EADDRINUSE (address already in use)", () => listener.Refusal ?? "none");
        Volatile.Write(ref isTaken, false);
        await ProceedUntilAsync(() => _bound.Count == 2);

        using var client = await ConnectAsync(listener.EndPoint);
        Assert.NotNull(await accepting.WaitAsync(TestDeadline.Value));
        Assert.Equal([(10, Errno.EINVAL)], _owner.Remade);
    }

    [Fact]
    public async Task Close_BrokenAndTheAddressIsTaken_EndsAccepting()
    {
        var isTaken = false;
        using var listener = Listen("tcp", () => Volatile.Read(ref isTaken));
        Volatile.Write(ref isTaken, true);
        _bound[0].Socket.Shutdown(SocketShutdown.Both);
        var accepting = listener.AcceptAsync(socket => socket).AsTask();
        await ProceedUntilAsync(() => !_owner.Failed.IsEmpty);

        await listener.UnbindAsync();

        Assert.Null(await accepting.WaitAsync(TestDeadline.Value));
        Assert.False(listener.IsOpen);
    }

    [Fact]
    public async Task AcceptBare_ManyAtOnce_LeavesTheLoopToOthers()
    {
        const int Clients = 100;
        using var listener = Listen("unix");
        using var mayGoOn = new ManualResetEventSlim();
        var waits = new TaskCompletionSource<EventLoop>(TaskCreationOptions.RunContinuationsAsynchronously);
        var taken = 0;
        var takenOnLoop = 0;
        var accepting = AcceptAllAsync();

        // Of the first it is not known yet which descriptor it gets: it is accepted on the thread pool.
        using var first = await ConnectAsync(listener.EndPoint);
        await Eventually.TrueAsync(() => Volatile.Read(ref taken) == 1, () => $"{taken}");
        using var second = await ConnectAsync(listener.EndPoint);
        var loop = await waits.Task.WaitAsync(TestDeadline.Value);

        loop.Post(_ => mayGoOn.Wait(), null);
        var clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => ConnectAsync(listener.EndPoint)));
        mayGoOn.Set();
        await Eventually.TrueAsync(() => Volatile.Read(ref taken) == 2 + Clients, () => $"{taken}");

        Assert.InRange(takenOnLoop, 2, Clients / 2);
        foreach (var client in clients)
            client.Dispose();
        await listener.UnbindAsync();
        await accepting.WaitAsync(TestDeadline.Value);

        async Task AcceptAllAsync()
        {
            while (await listener.AcceptBareAsync(accepted => accepted) is { } accepted)
            {
                accepted.Dispose();
                listener.OnConnectionClosed();
                if (EventLoop.Current is { } loop)
                {
                    takenOnLoop++;
                    waits.TrySetResult(loop);
                }

                Interlocked.Increment(ref taken);
            }
        }
    }

    [Fact]
    public async Task Accept_ClientThatIsGoneWhenItIsTaken_LeavesItsPlaceToTheNext()
    {
        using var listener = Listen("tcp");
        using var first = await ConnectAsync(listener.EndPoint);
        using var second = await ConnectAsync(listener.EndPoint);
        var taken = 0;

        using var accepted = await listener
            .AcceptAsync(socket => taken++ == 0 ? throw new SocketException((int)SocketError.NotConnected) : socket)
            .AsTask().WaitAsync(TestDeadline.Value);

        Assert.Equal(second.LocalEndPoint, accepted!.RemoteEndPoint);
        Assert.Equal(1, listener.Connections);
        Assert.Equal(0, await first.ReceiveAsync(new byte[1]));
    }

    [Fact]
    public async Task Accept_AboveTheLimit_ClosesUntilOneLeaves()
    {
        _owner.MaxConnections = 1;
        using var listener = Listen("tcp");
        using var first = await ConnectAsync(listener.EndPoint);
        using var accepted = await listener.AcceptAsync(socket => socket).AsTask().WaitAsync(TestDeadline.Value);

        string? refusalWhenSaid = null;
        _owner.WhenRejected = () => refusalWhenSaid = listener.Refusal;
        var accepting = listener.AcceptAsync(socket => socket).AsTask();
        using var rejected = await ConnectAsync(listener.EndPoint);
        Assert.Equal(0, await rejected.ReceiveAsync(new byte[1]));
        Assert.Equal("1 connections are open, which is The:Setting; further ones are closed at once", listener.Refusal);
        await Eventually.TrueAsync(() => !_owner.Rejected.IsEmpty);
        Assert.Equal([(1, 1L)], _owner.Rejected);
        Assert.Equal(listener.Refusal, refusalWhenSaid);
        listener.OnConnectionClosed();
        using var second = await ConnectAsync(listener.EndPoint);

        Assert.Equal(second.LocalEndPoint, (await accepting.WaitAsync(TestDeadline.Value))!.RemoteEndPoint);
        Assert.Equal((1, 1L), (listener.Connections, listener.Rejected));
    }

    public void Dispose() => _directory.Dispose();

    private LoopListener Listen(string kind, Func<bool>? isTaken = null)
    {
        EndPoint endPoint = kind == "tcp" ? new IPEndPoint(IPAddress.Loopback, 0) : new UnixDomainSocketEndPoint(_directory.File("s"));
        return new LoopListener(endPoint, Bind, _owner, _owner, _time);

        ListenSocket Bind(EndPoint address)
        {
            if (isTaken?.Invoke() == true)
                throw new SocketException((int)SocketError.AddressAlreadyInUse);
            var socket = ListenSocket.Bind(address);
            _bound.Add(socket);
            return socket;
        }
    }

    /// <summary>Lets the pauses pass until something is so.</summary>
    private Task ProceedUntilAsync(Func<bool> condition) => Eventually.TrueAsync(() =>
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        return condition();
    });

    private static async Task<Socket> ConnectAsync(EndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(endPoint);
        return socket;
    }

    private sealed class Owner : IListenerOwner, IListenerEvents
    {
        public ConcurrentQueue<(int, long)> Rejected { get; } = [];

        public ConcurrentQueue<(int, Errno)> Remade { get; } = [];

        public ConcurrentQueue<Errno> Failed { get; } = [];

        public Action? WhenRejected { get; set; }

        public Action? WhenRemade { get; set; }

        public int MaxConnections { get; set; } = 100;

        public string MaxConnectionsSetting => "The:Setting";

        public void OnRejected(int limit, long rejected)
        {
            WhenRejected?.Invoke();
            Rejected.Enqueue((limit, rejected));
        }

        public void OnDescriptorsUsedUp(long? limit)
        {
        }

        public void OnAcceptFailed(Errno errno) => Failed.Enqueue(errno);

        public void OnRemade(int failures, Errno errno)
        {
            Remade.Enqueue((failures, errno));
            WhenRemade?.Invoke();
        }

        public void OnAcceptingAgain(string reason, TimeSpan lasted)
        {
        }

        public void OnRefusalChanged()
        {
        }
    }
}
