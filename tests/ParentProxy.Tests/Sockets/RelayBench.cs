using System.Net.Sockets;
using ParentProxy.Sockets;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Sockets;

/// <summary>A relay between two connections of the kernel: a client and an enclave hold the other ends.</summary>
internal sealed class RelayBench : ISocketRelayOwner, IDisposable
{
    /// <summary>One for all of them, on which nothing else runs.</summary>
    public static readonly EventLoop Loop = EventLoop.Start(100);

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Descriptor _front;
    private readonly Descriptor _back;
    private int _ends;

    private RelayBench(SocketPair front, SocketPair back, LoopSocketOptions? backOptions, TimeProvider? time)
    {
        (Client, Enclave) = (front.Far, back.Far);
        _front = Take(front);
        _back = Take(back);
        Time = time as ManualTimeProvider ?? new ManualTimeProvider();
        Relay = new SocketRelay(
            _front, _back, LoopSocketOptions.Default, backOptions ?? LoopSocketOptions.Default, this, Loop, time ?? Time);
    }

    public static TheoryData<string> Kinds => ["tcp-tcp", "unix-unix", "tcp-unix"];

    public Socket Client { get; }

    public Socket Enclave { get; }

    public SocketRelay Relay { get; }

    /// <summary>The clock of the relay, which stands still.</summary>
    public ManualTimeProvider Time { get; }

    /// <summary>Whether a relay that ended untouched is wanted back.</summary>
    public bool StartsOver { get; init; }

    /// <summary>How often the owner was told of the end.</summary>
    public int Ends => Volatile.Read(ref _ends);

    public bool FrontIsClosed => _front.IsClosed;

    public bool BackIsClosed => _back.IsClosed;

    /// <summary>Made, and not started.</summary>
    /// <param name="kind">What is at the front and at the back.</param>
    /// <param name="startsOver">See <see cref="StartsOver"/>.</param>
    /// <param name="backOptions">What the back needs.</param>
    /// <param name="buffers">The size of all kernel buffers; null for what the machine has.</param>
    public static RelayBench Of(string kind, bool startsOver = false, LoopSocketOptions? backOptions = null, int? buffers = null)
    {
        var kinds = kind.Split('-');
        return new RelayBench(Pair(kinds[0], buffers), Pair(kinds[1], buffers), backOptions, null) { StartsOver = startsOver };
    }

    public static RelayBench Start(string kind, bool startsOver = false, LoopSocketOptions? backOptions = null, int? buffers = null)
    {
        var bench = Of(kind, startsOver, backOptions, buffers);
        bench.Relay.Start(null);
        return bench;
    }

    /// <summary>The near end of a pair, as a relay wants it.</summary>
    public static Descriptor Take(SocketPair pair)
    {
        var socket = pair.Near.Release().Socket;
        socket.Blocking = false;
        return Descriptor.TakeFrom(socket);
    }

    public Task EndedAsync() => _ended.Task.WaitAsync(TestDeadline.Value);

    /// <summary>Both sockets are closed and nobody is told a second time.</summary>
    public async Task AssertOverAsync()
    {
        await EndedAsync();
        await Eventually.TrueAsync(() => FrontIsClosed && BackIsClosed);
        await TurnsAsync();
        Assert.Equal(1, Ends);
    }

    /// <summary>The loop has seen all that was there before.</summary>
    public static async Task TurnsAsync()
    {
        for (var i = 0; i < 3; i++)
            await Loop.TurnAsync().WaitAsync(TestDeadline.Value);
    }

    public static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes, bool ends = false)
    {
        for (var sent = 0; sent < bytes.Length;)
            sent += await socket.SendAsync(bytes[sent..]).AsTask().WaitAsync(TestDeadline.Value);
        if (ends)
            socket.Shutdown(SocketShutdown.Send);
    }

    public static async Task<byte[]> ReadAsync(Socket socket, int count)
    {
        var bytes = new byte[count];
        for (var read = 0; read < count;)
        {
            var more = await socket.ReceiveAsync(bytes.AsMemory(read)).AsTask().WaitAsync(TestDeadline.Value);
            Assert.True(more > 0, $"ended after {read} of {count} bytes");
            read += more;
        }

        return bytes;
    }

    /// <summary>What comes until the end, and whether that was a reset.</summary>
    public static async Task<(byte[] Bytes, bool IsReset)> ReadToEndAsync(Socket socket)
    {
        using var all = new MemoryStream();
        var buffer = new byte[50_000];
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory()).AsTask().WaitAsync(TestDeadline.Value) is > 0 and var count)
                all.Write(buffer, 0, count);
            return (all.ToArray(), false);
        }
        catch (SocketException ex)
        {
            Assert.Equal(SocketError.ConnectionReset, ex.SocketErrorCode);
            return (all.ToArray(), true);
        }
    }

    bool ISocketRelayOwner.MayStartOver() => StartsOver;

    void ISocketRelayOwner.OnEnded()
    {
        Interlocked.Increment(ref _ends);
        _ended.TrySetResult();
    }

    public void Dispose()
    {
        Client.Dispose();
        Enclave.Dispose();
        Relay.Close();
    }

    private static SocketPair Pair(string kind, int? buffers)
    {
        var pair = kind switch
        {
            "tcp" => SocketPair.Tcp(),
            "packets" => SocketPair.Unix(type: SocketType.Seqpacket),
            _ => SocketPair.Unix(),
        };
        if (buffers is not { } size)
            return pair;
        var near = pair.Near.Release().Socket;
        near.SendBufferSize = near.ReceiveBufferSize = pair.Far.SendBufferSize = pair.Far.ReceiveBufferSize = size;
        return pair;
    }
}
