namespace ParentProxy.Vsock.Tests.Live;

[Trait("Needs", "vsock")]
public sealed class VsockListenerTests
{
    [VsockFact]
    public async Task Bind_AnyPort_IsResolved()
    {
        await using VsockListener listener = VsockListener.Bind(new VsockEndPoint(VsockCid.Any, VsockEndPoint.AnyPort));

        Assert.Equal(VsockCid.Any, listener.LocalEndPoint.Cid);
        Assert.NotEqual(VsockEndPoint.AnyPort, listener.LocalEndPoint.Port);
    }

    [VsockFact]
    public async Task Bind_TakenPort_IsAddressInUse()
    {
        await using VsockListener listener = VsockListener.Bind(new VsockEndPoint(VsockCid.Local, VsockEndPoint.AnyPort));

        var exception = Assert.Throws<VsockException>(() => VsockListener.Bind(listener.LocalEndPoint));

        Assert.Equal((Errno.EADDRINUSE, "bind", listener.LocalEndPoint), (exception.Errno, exception.Operation, exception.EndPoint));
    }

    [VsockFact]
    public void Bind_ForeignCid_IsNotAvailable()
    {
        var exception = Assert.Throws<VsockException>(() => VsockListener.Bind(new VsockEndPoint(12345, VsockEndPoint.AnyPort)));

        Assert.Equal(Errno.EADDRNOTAVAIL, exception.Errno);
    }

    [VsockFact]
    public async Task Dispose_WhileAccepting_EndsAtOnceWithNull()
    {
        VsockListener listener = VsockListener.Bind(new VsockEndPoint(VsockCid.Local, VsockEndPoint.AnyPort));
        Task<VsockStream?> accepting = listener.AcceptAsync().AsTask();
        Assert.False(accepting.IsCompleted);

        await listener.DisposeAsync();

        Assert.Null(await Safety.WithinAsync(accepting));
        Assert.Null(await listener.AcceptAsync());

        // And the port is free again.
        await using VsockListener again = VsockListener.Bind(listener.LocalEndPoint);
    }

    [VsockFact]
    public async Task Accept_Cancelled_ThrowsAndListensOn()
    {
        await using VsockListener listener = VsockListener.Bind(new VsockEndPoint(VsockCid.Local, VsockEndPoint.AnyPort));
        using var cancel = new CancellationTokenSource();
        Task<VsockStream?> accepting = listener.AcceptAsync(cancel.Token).AsTask();
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Safety.WithinAsync(accepting));

        await using VsockStream near = await VsockClient.ConnectAsync(
            listener.LocalEndPoint, new VsockConnectOptions { ConnectTimeout = Safety.Limit }, CancellationToken.None);
        await using VsockStream? far = await Safety.WithinAsync(listener.AcceptAsync());
        Assert.NotNull(far);
    }

    [VsockFact]
    public async Task Backlog_Full_ResetsTheNext()
    {
        await using VsockListener listener = VsockListener.Bind(
            new VsockEndPoint(VsockCid.Local, VsockEndPoint.AnyPort), new VsockListenOptions { Backlog = 1 });
        var options = new VsockConnectOptions { ConnectTimeout = Safety.Limit };
        var streams = new List<VsockStream>();

        var exception = await Assert.ThrowsAsync<VsockException>(async () =>
        {
            while (streams.Count < 16)
                streams.Add(await VsockClient.ConnectAsync(listener.LocalEndPoint, options, CancellationToken.None));
        });

        Assert.Equal(Errno.ECONNRESET, exception.Errno);
        streams.ForEach(stream => stream.Abort());
    }
}
