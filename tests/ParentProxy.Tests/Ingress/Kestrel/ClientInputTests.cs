using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;
using ParentProxy.Ingress.Kestrel;
using ParentProxy.Tests.Sockets;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Kestrel;

/// <summary>What Kestrel reads a client's bytes from, over real sockets.</summary>
public sealed class ClientInputTests : IDisposable
{
    private readonly SocketPair _pair = SocketPair.Tcp();
    private readonly ClientInput _input;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? _abortReason;

    public ClientInputTests() => _input = new ClientInput(_pair.Near, () => _abortReason, () => _ended.TrySetResult());

    public void Dispose() => _pair.Dispose();

    [Fact]
    public async Task Read_LookedAtAndNotConsumed_WaitsForMoreAndGivesBoth()
    {
        _pair.Far.Send("abc"u8);
        var first = await ReadAsync();
        _input.AdvanceTo(first.Buffer.GetPosition(1), first.Buffer.End);

        var second = _input.ReadAsync();
        Assert.False(second.IsCompleted);
        _pair.Far.Send("d"u8);

        Assert.Equal("bcd"u8.ToArray(), (await Soon(second)).Buffer.ToArray());
    }

    [Fact]
    public async Task Read_NotLookedAtAll_GivesTheSameAgainAtOnce()
    {
        _pair.Far.Send("abc"u8);
        var first = await ReadAsync();
        _input.AdvanceTo(first.Buffer.Start);

        Assert.True(_input.TryRead(out var again));
        Assert.Equal("abc"u8.ToArray(), again.Buffer.ToArray());
        _input.AdvanceTo(again.Buffer.End);
        Assert.False(_input.TryRead(out _));
    }

    [Fact]
    public async Task Read_NothingConsumed_GrowsAsFarAsIsLookedAt()
    {
        var sent = RandomNumberGenerator.GetBytes(300_000);
        var sending = Task.Run(() => _pair.Far.Send(sent));
        var result = await ReadAsync();
        while (result.Buffer.Length < sent.Length)
        {
            _input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            result = await ReadAsync();
        }

        Assert.Equal(sent, result.Buffer.ToArray());
        await sending;
    }

    [Fact]
    public async Task Read_ConsumedInOddPieces_GivesEveryByteOnce()
    {
        var sent = RandomNumberGenerator.GetBytes(1_000_000);
        var sending = Task.Run(() =>
        {
            _pair.Far.Send(sent);
            _pair.Far.Shutdown(SocketShutdown.Send);
        });
        using var received = new MemoryStream();
        for (var take = 1; ; take = take * 5 % 30_011)
        {
            var result = await ReadAsync();
            var piece = result.Buffer.Slice(0, Math.Min(take, result.Buffer.Length));
            received.Write(piece.ToArray());
            _input.AdvanceTo(piece.End);
            if (result.IsCompleted && piece.Length == result.Buffer.Length)
                break;
        }

        Assert.Equal(sent, received.ToArray());
        await sending;
    }

    [Fact]
    public async Task Cancel_ReadThatWaits_EndsItOnce()
    {
        var reading = _input.ReadAsync().AsTask();
        _input.CancelPendingRead();
        var cancelled = await Soon(reading);
        Assert.True(cancelled is { IsCanceled: true, IsCompleted: false });
        _input.AdvanceTo(cancelled.Buffer.End);

        _pair.Far.Send("x"u8);
        Assert.False((await ReadAsync()).IsCanceled);
    }

    [Fact]
    public async Task Cancel_NoReadIsOn_EndsTheNextOne()
    {
        _pair.Far.Send("x"u8);
        _input.CancelPendingRead();

        var result = await ReadAsync();
        Assert.True(result.IsCanceled);
        _input.AdvanceTo(result.Buffer.Start);
        result = await ReadAsync();
        Assert.False(result.IsCanceled);
        Assert.Equal("x"u8.ToArray(), result.Buffer.ToArray());
    }

    [Fact]
    public async Task Cancel_AtAnyMoment_LosesNoByteAndNoCancellation()
    {
        for (var i = 0; i < 2000; i++)
        {
            var cancelling = Task.Run(_input.CancelPendingRead);
            if (i % 3 == 0)
                _pair.Far.Send("x"u8);
            var isCancelled = false;
            for (var bytes = 0L; !isCancelled || bytes < (i % 3 == 0 ? 1 : 0);)
            {
                var result = await ReadAsync();
                Assert.False(isCancelled && result.IsCanceled, "cancelled twice");
                isCancelled |= result.IsCanceled;
                bytes += result.Buffer.Length;
                _input.AdvanceTo(result.Buffer.End);
            }

            await cancelling;
        }
    }

    [Fact]
    public async Task End_AfterData_GivesTheDataFirst()
    {
        _pair.Far.Send("abc"u8);
        _pair.Far.Shutdown(SocketShutdown.Send);

        var result = await ReadAsync();
        if (!result.IsCompleted)
        {
            Assert.Equal("abc"u8.ToArray(), result.Buffer.ToArray());
            _input.AdvanceTo(result.Buffer.End);
            result = await ReadAsync();
        }

        Assert.True(result.IsCompleted);
        await Soon(_ended.Task);
    }

    [Fact]
    public async Task End_BehindWhatNobodyHasRead_IsToldWithTheLastOfIt()
    {
        // The head of an upload, the rest of which waits in the kernel.
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _pair.Near.PeerEnded = () => told.TrySetResult();
        _pair.Far.Send(new byte[100]);
        var head = await ReadAsync();
        _input.AdvanceTo(head.Buffer.End);
        _pair.Far.Send(new byte[20_000]);
        _pair.Far.Shutdown(SocketShutdown.Send);
        await Soon(told.Task);
        Assert.True(_pair.Near.HasUnread);
        Assert.False(_ended.Task.IsCompleted);

        // As long as the length says: the application will not read once more.
        for (var left = 20_000L; left > 0;)
        {
            var result = await ReadAsync();
            left -= result.Buffer.Length;
            _input.AdvanceTo(result.Buffer.End);
        }

        await Soon(_ended.Task);
    }

    [Fact]
    public async Task Reset_WhileReading_IsAConnectionReset()
    {
        var reading = _input.ReadAsync().AsTask();
        _pair.Far.Close(0);

        await Assert.ThrowsAsync<ConnectionResetException>(() => Soon(reading));
        await Soon(_ended.Task);
    }

    [Fact]
    public async Task Abort_WhileReading_GivesItsReason()
    {
        var reading = _input.ReadAsync().AsTask();
        _abortReason = new ConnectionAbortedException("for a reason");
        _pair.Near.Shutdown();

        Assert.Same(_abortReason, await Assert.ThrowsAsync<ConnectionAbortedException>(() => Soon(reading)));
    }

    private static Task<T> Soon<T>(ValueTask<T> task) => Soon(task.AsTask());

    private static Task<T> Soon<T>(Task<T> task) => task.WaitAsync(TestDeadline.Value).ContinueWith(t => t, TaskScheduler.Default).Unwrap();

    private static Task Soon(Task task) => task.WaitAsync(TestDeadline.Value).ContinueWith(t => t, TaskScheduler.Default).Unwrap();

    private Task<ReadResult> ReadAsync() => Soon(_input.ReadAsync());
}
