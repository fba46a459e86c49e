namespace ParentProxy.Vsock.Tests;

/// <summary>
/// What two connected streams must do, over whatever family: run on unix sockets everywhere and on vsock where there is one.
/// </summary>
internal static class StreamScenarios
{
    public static async Task BothWaysArriveWholeAsync(VsockStream near, VsockStream far, long length)
    {
        Task<byte[]> nearSent = SendAndEndAsync(near, length, seed: 1);
        Task<byte[]> farSent = SendAndEndAsync(far, length, seed: 2);
        Task<(long Length, byte[] Hash)> farGot = Payload.ReceiveAsync(far);
        Task<(long Length, byte[] Hash)> nearGot = Payload.ReceiveAsync(near);
        await Safety.WithinAsync(Task.WhenAll(nearSent, farSent, farGot, nearGot));

        Assert.Equal((length, length), ((await farGot).Length, (await nearGot).Length));
        Assert.Equal(await nearSent, (await farGot).Hash);
        Assert.Equal(await farSent, (await nearGot).Hash);
    }

    public static async Task HalfCloseKeepsTheOtherDirectionAsync(VsockStream near, VsockStream far)
    {
        await near.WriteAsync("question"u8.ToArray());
        near.ShutdownSend();
        near.ShutdownSend();
        (long length, _) = await Safety.WithinAsync(Payload.ReceiveAsync(far));
        Assert.Equal(8, length);

        byte[] answer = Payload.Create(150_000);
        Task sending = SendAsync();
        var got = new MemoryStream();
        await Safety.WithinAsync(near.CopyToAsync(got));
        await sending;

        Assert.Equal(answer, got.ToArray());

        async Task SendAsync()
        {
            await far.WriteAsync(answer);
            await far.DisposeAsync();
        }
    }

    public static async Task EndThenReadAgainIsStillTheEndAsync(VsockStream near, VsockStream far)
    {
        near.ShutdownSend();
        await far.DisposeAsync();
        var buffer = new byte[16];

        Assert.Equal(0, await Safety.WithinAsync(near.ReadAsync(buffer)));
        Assert.Equal(0, await Safety.WithinAsync(near.ReadAsync(buffer)));
        Assert.Equal(0, await Safety.WithinAsync(near.ReadAsync(Memory<byte>.Empty)));
        Assert.Equal(0, near.Read(buffer));
    }

    public static async Task WriteToGonePeerNamesTheErrorAsync(VsockStream near, VsockStream far)
    {
        far.Abort();
        var buffer = new byte[64 * 1024];

        var exception = await Assert.ThrowsAsync<VsockException>(async () =>
        {
            while (true)
                await Safety.WithinAsync(near.WriteAsync(buffer));
        });

        Assert.Contains(exception.Errno, new[] { Errno.EPIPE, Errno.ECONNRESET });
        Assert.Equal(("write", near.RemoteEndPoint), (exception.Operation, exception.EndPoint));
    }

    public static async Task ZeroByteReadWaitsAndConsumesNothingAsync(VsockStream near, VsockStream far)
    {
        ValueTask<int> waiting = near.ReadAsync(Memory<byte>.Empty);
        Assert.False(waiting.IsCompleted);

        await far.WriteAsync("x"u8.ToArray());
        Assert.Equal(0, await Safety.WithinAsync(waiting));
        Assert.Equal(0, await Safety.WithinAsync(near.ReadAsync(Memory<byte>.Empty)));

        var buffer = new byte[16];
        Assert.Equal(1, await Safety.WithinAsync(near.ReadAsync(buffer)));
        Assert.Equal((byte)'x', buffer[0]);
    }

    public static async Task CancelledReadLosesNothingAsync(VsockStream near, VsockStream far)
    {
        var buffer = new byte[16];
        for (int i = 0; i < 3; i++)
        {
            using var cancel = new CancellationTokenSource();
            Task<int> reading = near.ReadAsync(buffer, cancel.Token).AsTask();
            Assert.False(reading.IsCompleted);
            cancel.Cancel();
            var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Safety.WithinAsync(reading));
            Assert.Equal(cancel.Token, exception.CancellationToken);
        }

        await far.WriteAsync("abc"u8.ToArray());
        Assert.Equal(3, await Safety.WithinAsync(near.ReadAsync(buffer, CancellationToken.None)));
    }

    public static async Task CancelledWriteThrowsAsync(VsockStream near)
    {
        using var cancel = new CancellationTokenSource();
        Task writing = near.WriteAsync(new byte[16 << 20], cancel.Token).AsTask();
        Assert.False(writing.IsCompleted);

        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Safety.WithinAsync(writing));
    }

    /// <summary>Writes less than the credit, closes at once, and only then is read.</summary>
    public static async Task CloseLosesNothingAsync(VsockStream near, VsockStream far, bool asynchronously)
    {
        byte[] data = Payload.Create(100_000);
        await near.WriteAsync(data);
        Task closing = asynchronously ? near.DisposeAsync().AsTask() : Task.CompletedTask;
        if (!asynchronously)
            near.Dispose();

        var got = new MemoryStream();
        await Safety.WithinAsync(far.CopyToAsync(got));
        await far.DisposeAsync();
        await Safety.WithinAsync(closing);

        Assert.Equal(data, got.ToArray());
    }

    public static async Task CloseInterruptsPendingReadAsync(VsockStream near, VsockStream far)
    {
        await near.WriteAsync("x"u8.ToArray());
        Task<int> reading = near.ReadAsync(new byte[16]).AsTask();

        // The peer neither reads nor closes, so that nothing but the close can end the read.
        ValueTask closing = near.DisposeAsync();
        var exception = await Assert.ThrowsAsync<VsockException>(() => Safety.WithinAsync(reading));
        Assert.Equal(Errno.ECANCELED, exception.Errno);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => near.ReadAsync(new byte[1]).AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => near.WriteAsync(new byte[1]).AsTask());

        await far.DisposeAsync();
        await Safety.WithinAsync(closing);
    }

    public static async Task PeerGoneIsToldFromHalfClosedAsync(VsockStream near, VsockStream far)
    {
        var buffer = new byte[1];
        Assert.False(await near.IsPeerGoneAsync());

        far.ShutdownSend();
        Assert.Equal(0, await Safety.WithinAsync(near.ReadAsync(buffer)));
        Assert.False(await near.IsPeerGoneAsync());

        await far.DisposeAsync();
        await Safety.UntilAsync(() => near.IsPeerGoneAsync().AsTask().GetAwaiter().GetResult());
    }

    private static async Task<byte[]> SendAndEndAsync(VsockStream stream, long length, int seed)
    {
        byte[] hash = await Payload.SendAsync(stream, length, seed);
        stream.ShutdownSend();
        return hash;
    }
}
