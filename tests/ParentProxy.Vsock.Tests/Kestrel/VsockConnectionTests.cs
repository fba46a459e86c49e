using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace ParentProxy.Vsock.Tests.Kestrel;

public sealed class VsockConnectionTests : IDisposable
{
    private readonly UnixPair _pair = new();
    private readonly ManualTimeProvider _clock = new();

    public void Dispose() => _pair.Dispose();

    [Fact]
    public async Task Bytes_FlowBothWays()
    {
        await using VsockConnection connection = Start();
        await _pair.Far.SendAsync("ping"u8.ToArray());
        ReadResult result = await Safety.WithinAsync(connection.Transport.Input.ReadAtLeastAsync(4));
        Assert.Equal("ping"u8.ToArray(), result.Buffer.ToArray());
        connection.Transport.Input.AdvanceTo(result.Buffer.End);

        await connection.Transport.Output.WriteAsync("pong"u8.ToArray());
        var buffer = new byte[8];
        Assert.Equal(4, await Safety.WithinAsync(_pair.Far.ReceiveAsync(buffer)));
        _pair.Far.Close();
    }

    [Fact]
    public async Task Features_AreThere()
    {
        await using VsockConnection connection = Start();

        Assert.NotEmpty(connection.ConnectionId);
        Assert.Equal((UnixPair.LocalEndPoint, UnixPair.RemoteEndPoint), (connection.LocalEndPoint, connection.RemoteEndPoint));
        Assert.Same(connection, connection.Features.Get<IConnectionTransportFeature>());
        Assert.Same(connection, connection.Features.Get<IConnectionLifetimeFeature>());
        Assert.Same(MemoryPool<byte>.Shared, connection.Features.Get<IMemoryPoolFeature>()?.MemoryPool);
        Assert.Empty(connection.Items);
    }

    [Fact]
    public async Task Send_ManySegments_AreGatheredBelowTheMaximum()
    {
        using var packets = new UnixPair(SocketType.Seqpacket);
        await using VsockConnection connection = VsockConnection.Start(
            packets.CreateStream(10_000),
            new VsockTransportOptions { MaxWriteBytes = 10_000 },
            MemoryPool<byte>.Shared,
            NullLogger.Instance,
            _clock);
        byte[] data = Payload.Create(64_000);

        // Many small segments and a large one, flushed in one go.
        PipeWriter output = connection.Transport.Output;
        for (int i = 0; i < 20; i++)
            Write(data.AsSpan(i * 1000, 1000));

        Write(data.AsSpan(20_000));
        Task flush = output.FlushAsync().AsTask();

        var got = new MemoryStream();
        var buffer = new byte[1 << 20];
        int calls = 0;
        while (got.Length < data.Length)
        {
            int count = await Safety.WithinAsync(packets.Far.ReceiveAsync(buffer));
            Assert.InRange(count, 1, 10_000);
            got.Write(buffer, 0, count);
            calls++;
        }

        await Safety.WithinAsync(flush);
        Assert.Equal(data, got.ToArray());
        Assert.InRange(calls, 7, 12);
        packets.Far.Close();

        void Write(ReadOnlySpan<byte> bytes)
        {
            // Its own memory each time, so that the pipe starts another segment.
            bytes.CopyTo(output.GetSpan(Math.Max(bytes.Length, 4096)));
            output.Advance(bytes.Length);
        }
    }

    [Fact]
    public async Task PeerHalfCloses_InputEndsAndTheAnswerStillGoes()
    {
        await using VsockConnection connection = Start();
        _pair.Far.Shutdown(SocketShutdown.Send);

        Assert.True((await Safety.WithinAsync(connection.Transport.Input.ReadAsync())).IsCompleted);
        Assert.Equal(TimeSpan.FromSeconds(1), await Safety.WithinAsync(_clock.TimersSet.ReadAsync()));
        Assert.False(connection.ConnectionClosed.IsCancellationRequested);

        await connection.Transport.Output.WriteAsync("late"u8.ToArray());
        await connection.Transport.Output.CompleteAsync();
        using var far = new MemoryStream();
        await Safety.WithinAsync(_pair.CreateFarStream().CopyToAsync(far));
        Assert.Equal("late"u8.ToArray(), far.ToArray());
        await ClosedAsync(connection);
    }

    [Fact]
    public async Task PeerHalfClosesThenGoes_ConnectionClosedFires()
    {
        await using VsockConnection connection = Start();
        _pair.Far.Shutdown(SocketShutdown.Send);
        TimeSpan period = await Safety.WithinAsync(_clock.TimersSet.ReadAsync());

        _pair.Far.Close();
        Assert.False(connection.ConnectionClosed.IsCancellationRequested);
        _clock.Advance(period);

        await ClosedAsync(connection);
    }

    [Fact]
    public async Task PeerCloses_InputEndsAndConnectionClosedFires()
    {
        await using VsockConnection connection = Start();
        _pair.Far.Close();

        Assert.True((await Safety.WithinAsync(connection.Transport.Input.ReadAsync())).IsCompleted);
        await ClosedAsync(connection);
    }

    [Fact]
    public async Task WriteToGonePeer_EndsWithReset()
    {
        await using VsockConnection connection = Start();
        _pair.Far.Close();
        await ClosedAsync(connection);

        FlushResult result;
        do
            result = await Safety.WithinAsync(connection.Transport.Output.WriteAsync(new byte[1024]));
        while (!result.IsCompleted);
    }

    [Fact]
    public async Task Abort_EndsEverythingWithItsReason()
    {
        await using VsockConnection connection = Start();
        var reason = new ConnectionAbortedException("because");
        Task<ReadResult> reading = connection.Transport.Input.ReadAsync().AsTask();

        connection.Abort(reason);

        Assert.Same(reason, await Assert.ThrowsAsync<ConnectionAbortedException>(() => Safety.WithinAsync(reading)));
        await ClosedAsync(connection);
        Assert.Equal(0, await Safety.WithinAsync(_pair.Far.ReceiveAsync(new byte[1])));
    }

    [Fact]
    public async Task Abort_WhileWritesWait_EndsThem()
    {
        await using VsockConnection connection = Start();
        Task<FlushResult> writing = connection.Transport.Output.WriteAsync(new byte[16 << 20]).AsTask();
        Assert.False(writing.IsCompleted);

        connection.Abort(new ConnectionAbortedException());

        Assert.True((await Safety.WithinAsync(writing)).IsCompleted);
    }

    [Fact]
    public async Task SlowReader_PausesThePeer()
    {
        var options = new VsockTransportOptions { MaxReadBufferSize = 64 * 1024 };
        await using VsockConnection connection = VsockConnection.Start(
            _pair.CreateStream(), options, MemoryPool<byte>.Shared, NullLogger.Instance, _clock);

        // Far more than the pipe and the kernel hold together.
        Task<int> sending = _pair.Far.SendAsync(new byte[8 << 20]);
        ReadResult result = await Safety.WithinAsync(connection.Transport.Input.ReadAtLeastAsync(64 * 1024));
        Assert.False(sending.IsCompleted);
        Assert.InRange(result.Buffer.Length, 64 * 1024, 128 * 1024);

        long got = 0;
        while (true)
        {
            got += result.Buffer.Length;
            connection.Transport.Input.AdvanceTo(result.Buffer.End);
            if (got == 8 << 20)
                break;

            result = await Safety.WithinAsync(connection.Transport.Input.ReadAsync());
        }

        await Safety.WithinAsync(sending);
        _pair.Far.Close();
    }

    [Fact]
    public async Task Dispose_SendsWhatWasWrittenThenEnds()
    {
        VsockConnection connection = Start();
        byte[] data = Payload.Create(50_000);
        await connection.Transport.Output.WriteAsync(data);

        Task disposing = connection.DisposeAsync().AsTask();
        using var far = new MemoryStream();
        await Safety.WithinAsync(_pair.CreateFarStream().CopyToAsync(far));
        _pair.Far.Close();
        await Safety.WithinAsync(disposing);

        Assert.Equal(data, far.ToArray());
        Assert.True(connection.ConnectionClosed.IsCancellationRequested);
    }

    private static async Task ClosedAsync(VsockConnection connection)
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = connection.ConnectionClosed.Register(closed.SetResult);
        await Safety.WithinAsync(closed.Task);
    }

    private VsockConnection Start() => VsockConnection.Start(
        _pair.CreateStream(timeProvider: _clock), new VsockTransportOptions(), MemoryPool<byte>.Shared, NullLogger.Instance, _clock);
}
