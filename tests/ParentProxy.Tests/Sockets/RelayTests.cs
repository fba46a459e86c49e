using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using ParentProxy.Sockets;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Sockets;

/// <summary>A relay between two plain connections, as for bytes of which nothing is known.</summary>
public sealed class RelayTests : IDisposable
{
    private readonly SocketPair _front = SocketPair.Tcp();
    private readonly SocketPair _back = SocketPair.Unix();
    private readonly Owner _owner = new();
    private readonly End _frontEnd;
    private readonly End _backEnd;
    private readonly Task _running;

    public RelayTests()
    {
        _frontEnd = new End(_front.Near);
        _backEnd = new End(_back.Near);
        _running = new Relay(_frontEnd, _backEnd, _owner).RunAsync();
    }

    [Fact]
    public async Task Run_OneDirectionEnds_TheOtherGoesOn()
    {
        _front.Far.Send("to the back"u8);
        _front.Far.Shutdown(SocketShutdown.Send);
        Assert.Equal("to the back"u8.ToArray(), await ReadAllAsync(_back.Far));
        await Eventually.TrueAsync(() => !_owner.Ends.IsEmpty);
        Assert.False(_running.IsCompleted);

        _back.Far.Send("to the front"u8);
        _back.Far.Shutdown(SocketShutdown.Send);
        Assert.Equal("to the front"u8.ToArray(), await ReadAllAsync(_front.Far));

        await _running.WaitAsync(TestDeadline.Value);
        Assert.Equal([(_frontEnd, null), (_backEnd, null)], _owner.Ends);
        Assert.Equal((11, 12), (_owner.Read(_frontEnd), _owner.Read(_backEnd)));
        Assert.Equal(2, _owner.Moves);
    }

    [Fact]
    public async Task Run_MuchInBothDirectionsAtOnce_ArrivesWhole()
    {
        var (there, back) = (RandomNumberGenerator.GetBytes(3_000_000), RandomNumberGenerator.GetBytes(3_000_000));
        var sending = Task.WhenAll(SendAsync(_front.Far, there), SendAsync(_back.Far, back));
        var arriving = Task.WhenAll(ReadAllAsync(_back.Far), ReadAllAsync(_front.Far));

        var arrived = await arriving.WaitAsync(TestDeadline.Value);

        await sending;
        Assert.Equal(there, arrived[0]);
        Assert.Equal(back, arrived[1]);
        await _running.WaitAsync(TestDeadline.Value);
        Assert.Equal((there.Length, back.Length), (_owner.Read(_frontEnd), _owner.Read(_backEnd)));
    }

    [Fact]
    public async Task Run_AnEndBreaks_TheOtherIsAbortedAndTheFirstIsNamed()
    {
        _front.Far.Close(0);

        var failure = await Assert.ThrowsAsync<SocketException>(() => _running.WaitAsync(TestDeadline.Value));

        Assert.Equal(SocketError.ConnectionReset, failure.SocketErrorCode);
        Assert.Equal((_frontEnd, (Exception?)failure), _owner.Ends.First());
        Assert.True(_front.Near.IsClosed && _back.Near.IsClosed);
    }

    [Fact]
    public async Task Run_OverWhenAnEndBreaks_SaysNothingOfIt()
    {
        _back.Far.Shutdown(SocketShutdown.Send);
        Assert.Empty(await ReadAllAsync(_front.Far));
        await Eventually.TrueAsync(() => !_owner.Ends.IsEmpty);

        _owner.IsOver = true;
        _front.Far.Close(0);

        await _running.WaitAsync(TestDeadline.Value);
        Assert.Equal([(_backEnd, null)], _owner.Ends);
    }

    public void Dispose()
    {
        _front.Dispose();
        _back.Dispose();
    }

    private static async Task SendAsync(Socket socket, byte[] data)
    {
        for (var sent = 0; sent < data.Length;)
            sent += await socket.SendAsync(data.AsMemory(sent));
        socket.Shutdown(SocketShutdown.Send);
    }

    private static async Task<byte[]> ReadAllAsync(Socket socket)
    {
        using var all = new MemoryStream();
        var buffer = new byte[10_000];
        while (await socket.ReceiveAsync(buffer).WaitAsync(TestDeadline.Value) is > 0 and var count)
            all.Write(buffer, 0, count);
        return all.ToArray();
    }

    private sealed class End(LoopSocket socket) : IRelayEnd
    {
        public ValueTask<int> ReadAsync(Memory<byte> buffer) => socket.ReceiveAsync(buffer, CancellationToken.None);

        public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer) => socket.WriteAsync(buffer, CancellationToken.None);

        public ValueTask EndWritingAsync()
        {
            socket.ShutdownSend();
            return ValueTask.CompletedTask;
        }

        public void Abort() => socket.Abort();
    }

    private sealed class Owner : IRelayOwner
    {
        private readonly ConcurrentDictionary<IRelayEnd, int> _read = new();
        private int _moves;

        public bool IsOver { get; set; }

        public ConcurrentQueue<(IRelayEnd, Exception?)> Ends { get; } = [];

        public int Moves => Volatile.Read(ref _moves);

        public int Read(IRelayEnd from) => _read.GetValueOrDefault(from);

        public void OnRead(IRelayEnd from, ReadOnlySpan<byte> bytes)
        {
            var count = bytes.Length;
            _read.AddOrUpdate(from, count, (_, before) => before + count);
        }

        public void OnProgress() => Interlocked.Increment(ref _moves);

        public void OnEnd(IRelayEnd at, Exception? broken) => Ends.Enqueue((at, broken));
    }
}
