using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using ParentProxy.Http1;
using ParentProxy.Sockets;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Http1;

/// <summary>Everything at once, in any order: the books come out even at the end.</summary>
public sealed class Http1PoolStressTests
{
    private const int Workers = 16;
    private const int RoundsEach = 1500;

    private static readonly TimeSpan DialTime = TimeSpan.FromSeconds(30);

    private static readonly Http1PoolOptions Options = new()
    {
        MaxConnections = 6,
        MaxTunnels = 3,
        MaxQueued = 12,
        QueueTimeout = TimeSpan.FromSeconds(30),
        MaxDials = 3,
        IdleTimeout = TimeSpan.FromMilliseconds(3),
        Lifetime = TimeSpan.FromMilliseconds(200),
    };

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 3)]
    [InlineData(3, 0)]
    public async Task Pool_RandomRequestsAndPeers_EndsWithNothingLeft(int seed, int maxTunnels)
    {
        var dials = new RandomDials(seed);
        var options = Options with { MaxTunnels = maxTunnels };
        using var pool = new Http1Pool(dials.DialAsync, options, TimeProvider.System);

        await RunAsync(seed, random => WorkAsync(pool, dials, random));

        await Eventually.TrueAsync(() => (pool.Waiting, pool.Dialling) == (0, 0), () => Describe(pool));
        await Eventually.TrueAsync(() => (pool.Open, pool.Idle, pool.Tunnels) == (0, 0, 0), () => Describe(pool));
        AssertEven(pool, dials, options);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Pool_ClosedInTheMiddle_EndsWithNothingLeft(int seed)
    {
        var dials = new RandomDials(seed);
        var options = Options with { IdleTimeout = TimeSpan.FromMinutes(1), Lifetime = TimeSpan.FromMinutes(1) };
        using var pool = new Http1Pool(dials.DialAsync, options, TimeProvider.System);
        var rounds = 0;

        await RunAsync(seed, async random =>
        {
            if (Interlocked.Increment(ref rounds) == Workers * RoundsEach / 2)
                pool.Dispose();
            await WorkAsync(pool, dials, random);
        });

        await Eventually.TrueAsync(
            () => (pool.Waiting, pool.Dialling) == (0, 0) && (pool.Open, pool.Idle, pool.Tunnels) == (0, 0, 0), () => Describe(pool));
        AssertEven(pool, dials, options);
    }

    [Fact]
    public async Task Pool_OverSocketsWhosePeerClosesAtRandom_NoticesEachEnd()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(128);
        var streams = new ConcurrentDictionary<SocketStream, Socket>();
        var open = 0;
        using var pool = new Http1Pool(
            DialAsync,
            Options with { MaxDials = 1, IdleTimeout = TimeSpan.FromMinutes(1), Lifetime = TimeSpan.FromMinutes(1) },
            TimeProvider.System);

        await RunAsync(6, async random =>
        {
            try
            {
                using var source = new CancellationTokenSource();
                var rent = pool
                    .RentAsync(DialTime, random.Next(8) == 0 ? TimeSpan.Zero : TimeSpan.MaxValue, canRedispatch: false, source.Token)
                    .AsTask();
                if (random.Next(8) == 0)
                    await source.CancelAsync();
                var connection = await rent;

                // A connection whose peer is silent: it becomes idle once, and is not used.
                pool.Return(connection, reusable: !connection.IsReused);
            }
            catch (Exception ex) when (ex is OperationCanceledException or PoolFullException)
            {
            }

            if (random.Next(3) == 0 && streams.ToArray() is { Length: > 0 } all)
                End(all[random.Next(all.Length)].Value, random);
        });

        await Eventually.TrueAsync(() => (pool.Waiting, pool.Dialling) == (0, 0) && pool.Open == pool.Idle, () => Describe(pool));
        foreach (var peer in streams.Values)
            peer.Dispose();
        await Eventually.TrueAsync(() => (pool.Open, pool.Idle) == (0, 0), () => Describe(pool));
        Assert.Equal(0, Volatile.Read(ref open));
        Assert.All(streams.Keys, stream => Assert.Equal(1, stream.Disposals));

        async Task<DuplexStream> DialAsync(TimeSpan time, CancellationToken cancellationToken)
        {
            // One dial at a time: what is accepted is its other end.
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(listener.LocalEndPoint!, cancellationToken);
            var peer = await listener.AcceptAsync(cancellationToken);
            Interlocked.Increment(ref open);
            var stream = new SocketStream(socket, () => Interlocked.Decrement(ref open));
            Assert.True(streams.TryAdd(stream, peer));
            return stream;
        }
    }

    private static void End(Socket peer, Random random)
    {
        try
        {
            switch (random.Next(3))
            {
                case 0:
                    peer.Shutdown(SocketShutdown.Send);
                    break;
                case 1:
                    peer.Send("unasked"u8);
                    break;
                default:
                    peer.Close(timeout: 0);
                    break;
            }
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            // It had ended before.
        }
    }

    private static async Task RunAsync(int seed, Func<Random, Task> round)
    {
        var workers = Enumerable.Range(0, Workers).Select(worker => Task.Run(async () =>
        {
            var random = new Random(seed * 1000 + worker);
            for (var i = 0; i < RoundsEach; i++)
                await round(random);
        }));
        await Task.WhenAll(workers).WaitAsync(TestDeadline.Value);
    }

    private static async Task WorkAsync(Http1Pool pool, RandomDials dials, Random random)
    {
        using var source = new CancellationTokenSource();
        using var place = random.Next(6) == 0 ? pool.TryReserveTunnel() : null;
        try
        {
            var rent = pool.RentAsync(
                DialTime,
                random.Next(6) switch { 0 => TimeSpan.Zero, 1 => TimeSpan.FromMilliseconds(1), _ => TimeSpan.MaxValue },
                canRedispatch: random.Next(4) == 0,
                random.Next(3) == 0 ? source.Token : CancellationToken.None).AsTask();
            if (random.Next(4) == 0)
                await Task.Yield();
            if (random.Next(4) == 0)
                await source.CancelAsync();
            var connection = await rent;
            if (place is not null && random.Next(2) == 0)
                pool.BecomeTunnel(connection, place);
            for (var i = random.Next(4); i > 0; i--)
                await Task.Yield();
            if (random.Next(8) == 0)
                connection.Abort();
            pool.Return(connection, reusable: await RequestAsync(connection) && random.Next(5) > 0);
        }
        catch (Exception ex)
            when (ex is OperationCanceledException or PoolFullException or ObjectDisposedException or IOException { Message: "refused" })
        {
        }

        // Whatever the peer of any connection likes to do.
        if (random.Next(4) == 0 && dials.Streams.LastOrDefault() is { } last)
        {
            if (random.Next(2) == 0)
                last.PeerEnds();
            else
                last.PeerSends("unasked"u8);
        }
    }

    private static async Task<bool> RequestAsync(Http1Connection connection)
    {
        try
        {
            connection.Begin("GET", "/");
            connection.Request.EndFields();
            await connection.FlushAsync(last: true);
            await connection.ReadHeadAsync();
            return connection.CanReuse;
        }
        catch (Exception ex) when (ex is IOException or ObjectDisposedException)
        {
            return false;
        }
    }

    private static void AssertEven(Http1Pool pool, RandomDials dials, Http1PoolOptions options)
    {
        Assert.Equal(0, dials.Open);
        Assert.NotEmpty(dials.Streams);
        Assert.All(dials.Streams, stream => Assert.Equal(1, stream.Disposals));
        Assert.InRange(dials.MostDialling, 1, options.MaxDials);
        Assert.InRange(dials.MostOpen, 1, options.MaxConnections + options.MaxTunnels);

        // Nor is a place for a tunnel lost.
        for (var i = 0; i < options.MaxTunnels; i++)
            Assert.NotNull(pool.TryReserveTunnel());
    }

    private static string Describe(Http1Pool pool) =>
        $"{pool.Open} open, {pool.Idle} idle, {pool.Tunnels} tunnels, {pool.Waiting} waiting, {pool.Dialling} dialling";
}
