namespace ParentProxy.Vsock.Tests.Live;

/// <summary>No descriptor stays behind. Alone, because descriptors are counted for the whole process.</summary>
[Collection(nameof(DescriptorTests))]
[CollectionDefinition(nameof(DescriptorTests), DisableParallelization = true)]
[Trait("Needs", "vsock")]
public sealed class DescriptorTests
{
    private static readonly VsockConnectOptions Patient = new() { ConnectTimeout = Safety.Limit };

    [VsockFact]
    public async Task Connect_500Failing_LeaveNoDescriptor()
    {
        VsockEndPoint free = await FreePort.FindAsync();
        await FailAsync(free, Patient);
        int before = CountSockets();

        for (int i = 0; i < 250; i++)
        {
            await FailAsync(free, Patient);
            await FailAsync(new VsockEndPoint(16, 6300), Patient);
        }

        await SettleAsync(before);
    }

    [VsockFact]
    public async Task Connect_500Cancelled_LeaveNoDescriptor()
    {
        await using VsockListener listener = VsockListener.Bind(new VsockEndPoint(VsockCid.Local, VsockEndPoint.AnyPort));
        Task accepting = AcceptAndCloseAsync(listener);
        using (await VsockClient.ConnectAsync(listener.LocalEndPoint, Patient, CancellationToken.None))
        {
        }

        int before = CountSockets();
        int cancelled = 0;
        for (int i = 0; i < 500; i++)
        {
            using var cancel = new CancellationTokenSource();
            Task<VsockStream> connecting = VsockClient.ConnectAsync(listener.LocalEndPoint, Patient, cancel.Token);

            // At once, or while the answer comes in: both sides of the race.
            if (i % 2 == 0)
                cancel.Cancel();
            else
                await Task.Run(cancel.Cancel);

            try
            {
                await using VsockStream stream = await Safety.WithinAsync(connecting);
            }
            catch (OperationCanceledException e)
            {
                Assert.Equal(cancel.Token, e.CancellationToken);
                cancelled++;
            }
        }

        Assert.NotEqual(0, cancelled);
        await SettleAsync(before);
        await listener.DisposeAsync();
        await Safety.WithinAsync(accepting);
    }

    private static async Task AcceptAndCloseAsync(VsockListener listener)
    {
        while (await listener.AcceptAsync() is { } stream)
            stream.Abort();
    }

    private static Task<VsockException> FailAsync(VsockEndPoint endPoint, VsockConnectOptions options) =>
        Assert.ThrowsAsync<VsockException>(() => Safety.WithinAsync(VsockClient.ConnectAsync(endPoint, options, CancellationToken.None)));

    // Closing goes on for a moment after a connect has failed or a stream was aborted by the other side.
    private static async Task SettleAsync(int before)
    {
        try
        {
            await Safety.UntilAsync(() => CountSockets() <= before);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{CountSockets()} sockets are open, {before} were before.");
        }
    }

    private static int CountSockets() => Directory.GetFileSystemEntries("/proc/self/fd")
        .Count(entry => new FileInfo(entry).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);
}
