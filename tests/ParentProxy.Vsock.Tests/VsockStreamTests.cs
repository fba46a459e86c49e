using System.Diagnostics;
using System.Net.Sockets;
using System.Reflection;

namespace ParentProxy.Vsock.Tests;

/// <summary>The stream over unix sockets.</summary>
public sealed class VsockStreamTests : IDisposable
{
    private readonly UnixPair _pair = new();

    public void Dispose() => _pair.Dispose();

    [Fact]
    public async Task BothWays_ArriveWhole() =>
        await StreamScenarios.BothWaysArriveWholeAsync(_pair.CreateStream(), _pair.CreateFarStream(), 8 << 20);

    [Fact]
    public async Task HalfClose_KeepsTheOtherDirection() =>
        await StreamScenarios.HalfCloseKeepsTheOtherDirectionAsync(_pair.CreateStream(), _pair.CreateFarStream());

    [Fact]
    public async Task Read_AfterTheEnd_IsStillTheEnd() =>
        await StreamScenarios.EndThenReadAgainIsStillTheEndAsync(_pair.CreateStream(), _pair.CreateFarStream());

    [Fact]
    public async Task Write_ToGonePeer_NamesTheError() =>
        await StreamScenarios.WriteToGonePeerNamesTheErrorAsync(_pair.CreateStream(), _pair.CreateFarStream());

    [Fact]
    public async Task Read_OfZeroBytes_WaitsAndConsumesNothing() =>
        await StreamScenarios.ZeroByteReadWaitsAndConsumesNothingAsync(_pair.CreateStream(), _pair.CreateFarStream());

    [Fact]
    public async Task Read_Cancelled_LosesNothing() =>
        await StreamScenarios.CancelledReadLosesNothingAsync(_pair.CreateStream(), _pair.CreateFarStream());

    [Fact]
    public async Task Write_Cancelled_Throws() => await StreamScenarios.CancelledWriteThrowsAsync(_pair.CreateStream());

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Close_AfterWrite_LosesNothing(bool asynchronously) =>
        await StreamScenarios.CloseLosesNothingAsync(_pair.CreateStream(), _pair.CreateFarStream(), asynchronously);

    [Fact]
    public async Task Close_InterruptsPendingRead() =>
        await StreamScenarios.CloseInterruptsPendingReadAsync(
            _pair.CreateStream(timeProvider: new ManualTimeProvider()), _pair.CreateFarStream());

    [Fact]
    public async Task IsPeerGone_TellsHalfCloseFromClose() =>
        await StreamScenarios.PeerGoneIsToldFromHalfClosedAsync(_pair.CreateStream(), _pair.CreateFarStream());

    [Theory]
    [InlineData(1, 1000)]
    [InlineData(1000, 1000)]
    [InlineData(1001, 1000)]
    [InlineData(200_000, 28672)]
    public async Task Write_NeverExceedsTheMaximum(int length, int maximum)
    {
        // A sequenced-packet socket keeps the boundaries of system calls, so each can be counted.
        using var packets = new UnixPair(SocketType.Seqpacket);
        VsockStream stream = packets.CreateStream(maximum);
        byte[] data = Payload.Create(length);

        foreach (Func<Task> write in new Func<Task>[] { () => stream.WriteAsync(data).AsTask(), () => Task.Run(() => stream.Write(data)) })
        {
            Task writing = write();
            var got = new MemoryStream();
            var buffer = new byte[1 << 20];
            for (int left = length; left > 0;)
            {
                int count = await Safety.WithinAsync(packets.Far.ReceiveAsync(buffer));
                Assert.Equal(Math.Min(left, maximum), count);
                got.Write(buffer, 0, count);
                left -= count;
            }

            await Safety.WithinAsync(writing);
            Assert.Equal(data, got.ToArray());
        }
    }

    [Fact]
    public async Task Write_Empty_SendsNothing()
    {
        VsockStream stream = _pair.CreateStream();

        await stream.WriteAsync(ReadOnlyMemory<byte>.Empty);
        await stream.FlushAsync();

        Assert.Equal(0, _pair.Far.Available);
    }

    [Fact]
    public void Write_ThatNeedNotWait_AllocatesNothing()
    {
        using var cancel = new CancellationTokenSource();
        VsockStream stream = _pair.CreateStream(maxWriteBytes: 100);
        var data = new byte[1000];
        var sink = new byte[1000];

        RoundTrips(100);

        long before = GC.GetAllocatedBytesForCurrentThread();
        RoundTrips(1000);
        long perWrite = (GC.GetAllocatedBytesForCurrentThread() - before) / 1000;

        // In a debug build the compiler makes the state machine a class: one object a call, whatever the parts.
        bool isDebugBuild = typeof(VsockStream).Assembly.GetCustomAttribute<DebuggableAttribute>()?.IsJITOptimizerDisabled == true;
        Assert.True(perWrite < (isDebugBuild ? 160 : 16), $"{perWrite} bytes per write and read");

        void RoundTrips(int count)
        {
            for (int i = 0; i < count; i++)
            {
                ValueTask write = stream.WriteAsync(data, cancel.Token);
                Assert.True(write.IsCompletedSuccessfully);
                write.GetAwaiter().GetResult();
                for (int left = data.Length; left > 0;)
                    left -= _pair.Far.Receive(sink);
            }
        }
    }

    [Fact]
    public async Task Read_OfUnconnectedSocket_IsTheEnd()
    {
        // ENOTCONN, which vsock gives after a half-close, can be had on any family that was never connected.
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var stream = new VsockStream(socket, null, null, 28672, TimeProvider.System);

        Assert.Equal(0, await stream.ReadAsync(new byte[1]));
        Assert.Equal(0, stream.Read(new byte[1]));
        stream.ShutdownSend();
        await stream.DisposeAsync();
    }

    [Fact]
    public async Task Read_ResetByPeer_NamesTheError()
    {
        (Socket near, Socket far) = ConnectTcp();
        var stream = new VsockStream(near, UnixPair.LocalEndPoint, UnixPair.RemoteEndPoint, 28672, TimeProvider.System);
        far.Close(0);

        var exception = await Assert.ThrowsAsync<VsockException>(() => Safety.WithinAsync(stream.ReadAsync(new byte[1])));

        Assert.Equal((Errno.ECONNRESET, "read", UnixPair.RemoteEndPoint), (exception.Errno, exception.Operation, exception.EndPoint));
    }

    [Fact]
    public async Task Close_NothingWritten_ClosesAtOnce()
    {
        VsockStream stream = _pair.CreateStream(timeProvider: new ManualTimeProvider());

        Assert.True(stream.DisposeAsync().AsTask().IsCompleted);

        Assert.Equal(0, await _pair.Far.ReceiveAsync(new byte[1]));
        Assert.False(stream.CanRead || stream.CanWrite);
    }

    [Fact]
    public async Task Close_PeerHasClosed_ClosesAtOnce()
    {
        VsockStream stream = _pair.CreateStream(timeProvider: new ManualTimeProvider());
        await stream.WriteAsync(new byte[1]);
        _pair.Far.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await stream.ReadAsync(new byte[1]));

        Assert.True(stream.DisposeAsync().AsTask().IsCompleted);
    }

    [Fact]
    public async Task Close_PeerStaysOpen_WaitsOneSecond()
    {
        var clock = new ManualTimeProvider();
        VsockStream stream = _pair.CreateStream(timeProvider: clock);
        await stream.WriteAsync(new byte[1]);

        Task closing = stream.DisposeAsync().AsTask();
        Assert.Equal(TimeSpan.FromSeconds(1), await Safety.WithinAsync(clock.TimersSet.ReadAsync()));
        Assert.Equal(1, await _pair.Far.ReceiveAsync(new byte[8]));
        Assert.Equal(0, await _pair.Far.ReceiveAsync(new byte[8]));
        clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.False(closing.IsCompleted);

        clock.Advance(TimeSpan.FromMilliseconds(1));
        await Safety.WithinAsync(closing);
    }

    [Fact]
    public async Task Close_PeerSendsOn_StopsAfterOneMegabyte()
    {
        VsockStream stream = _pair.CreateStream(timeProvider: new ManualTimeProvider());
        await stream.WriteAsync(new byte[1]);
        await using VsockStream far = _pair.CreateFarStream();
        Task flood = Assert.ThrowsAsync<VsockException>(async () =>
        {
            while (true)
                await far.WriteAsync(new byte[64 * 1024]);
        });

        await Safety.WithinAsync(stream.DisposeAsync());
        await Safety.WithinAsync(flood);
    }

    [Fact]
    public async Task Close_WithPendingWrite_ClosesAtOnce()
    {
        VsockStream stream = _pair.CreateStream(timeProvider: new ManualTimeProvider());
        Task writing = stream.WriteAsync(new byte[16 << 20]).AsTask();
        Assert.False(writing.IsCompleted);

        await Safety.WithinAsync(stream.DisposeAsync());

        var exception = await Assert.ThrowsAsync<VsockException>(() => Safety.WithinAsync(writing));
        Assert.Equal((Errno.ECANCELED, "write"), (exception.Errno, exception.Operation));
    }

    [Fact]
    public async Task Abort_WhileLingering_EndsTheWait()
    {
        VsockStream stream = _pair.CreateStream(timeProvider: new ManualTimeProvider());
        await stream.WriteAsync(new byte[1]);
        Task closing = stream.DisposeAsync().AsTask();
        Assert.False(closing.IsCompleted);

        stream.Abort();

        await Safety.WithinAsync(closing);
    }

    [Fact]
    public async Task Abort_FailsPendingOperations()
    {
        VsockStream stream = _pair.CreateStream(timeProvider: new ManualTimeProvider());
        Task<int> reading = stream.ReadAsync(new byte[1]).AsTask();
        Task writing = stream.WriteAsync(new byte[16 << 20]).AsTask();

        stream.Abort();

        Assert.Equal(Errno.ECANCELED, (await Assert.ThrowsAsync<VsockException>(() => Safety.WithinAsync(reading))).Errno);
        Assert.Equal(Errno.ECANCELED, (await Assert.ThrowsAsync<VsockException>(() => Safety.WithinAsync(writing))).Errno);
        stream.Abort();
        stream.Dispose();
        await stream.DisposeAsync();
    }

    [Fact]
    public async Task EndPoints_OutliveTheConnection()
    {
        VsockStream stream = _pair.CreateStream();
        stream.ShutdownSend();
        await stream.DisposeAsync();

        Assert.Equal((UnixPair.LocalEndPoint, UnixPair.RemoteEndPoint), (stream.LocalEndPoint, stream.RemoteEndPoint));
        Assert.Throws<ObjectDisposedException>(stream.ShutdownSend);
    }

    [Fact]
    public void Synchronous_ReadAndWrite_Work()
    {
        using VsockStream near = _pair.CreateStream();
        using VsockStream far = _pair.CreateFarStream();
        var buffer = new byte[8];

        near.Write("abc"u8.ToArray(), 1, 2);

        Assert.Equal(2, far.Read(buffer, 3, 5));
        Assert.Equal("bc"u8.ToArray(), buffer[3..5]);
        Assert.Throws<NotSupportedException>(() => near.Length);
        Assert.Throws<NotSupportedException>(() => near.Position);
        Assert.Throws<NotSupportedException>(() => near.Seek(0, SeekOrigin.Begin));
    }

    private static (Socket Near, Socket Far) ConnectTcp()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        listener.Listen(1);
        var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        near.Connect(listener.LocalEndPoint!);
        return (near, listener.Accept());
    }
}
