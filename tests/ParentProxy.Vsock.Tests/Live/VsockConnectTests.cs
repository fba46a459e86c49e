namespace ParentProxy.Vsock.Tests.Live;

[Trait("Needs", "vsock")]
public sealed class VsockConnectTests
{
    private static readonly VsockConnectOptions Patient = new() { ConnectTimeout = Safety.Limit };

    [VsockFact]
    public async Task Connect_ToListener_KnowsBothAddresses()
    {
        await using VsockListener listener = VsockListener.Bind(new VsockEndPoint(VsockCid.Local, VsockEndPoint.AnyPort));
        await using VsockStream near = await VsockClient.ConnectAsync(listener.LocalEndPoint, Patient, CancellationToken.None);
        await using VsockStream? far = await Safety.WithinAsync(listener.AcceptAsync());

        Assert.NotNull(far);
        Assert.Equal(listener.LocalEndPoint, near.RemoteEndPoint);
        Assert.Equal(listener.LocalEndPoint, far.LocalEndPoint);
        Assert.Equal(VsockCid.Local, far.RemoteEndPoint?.Cid);
        Assert.Equal(near.LocalEndPoint?.Port, far.RemoteEndPoint?.Port);
    }

    [VsockFact]
    public async Task Connect_32BitPort_Works()
    {
        var endPoint = new VsockEndPoint(VsockCid.Local, 4_000_000_000);
        await using VsockListener listener = VsockListener.Bind(endPoint);
        await using VsockStream near = await VsockClient.ConnectAsync(endPoint, Patient, CancellationToken.None);

        Assert.Equal(endPoint, near.RemoteEndPoint);
    }

    [VsockFact]
    public async Task Connect_ToHostFlag_IsAcceptedAndDoesNotShow()
    {
        await using VsockListener listener = VsockListener.Bind(new VsockEndPoint(VsockCid.Local, VsockEndPoint.AnyPort));
        VsockConnectOptions toHost = Patient with { ToHost = true };

        // Loopback is chosen before the flag is looked at, so the kernel's acceptance is all that can be seen here.
        await using VsockStream near = await VsockClient.ConnectAsync(listener.LocalEndPoint, toHost, CancellationToken.None);

        Assert.Equal(listener.LocalEndPoint, near.RemoteEndPoint);
        Assert.Equal(new VsockEndPoint(16, 6300), (await FailAsync(new VsockEndPoint(16, 6300), toHost)).EndPoint);
    }

    [VsockFact]
    public async Task Connect_NobodyListens_IsReset()
    {
        VsockException exception = await FailAsync(await FreePort.FindAsync(), Patient);

        Assert.Equal((Errno.ECONNRESET, "connect"), (exception.Errno, exception.Operation));
    }

    [VsockFact]
    public async Task Connect_CidWithoutTransport_IsNoDeviceByName()
    {
        VsockException exception = await FailAsync(new VsockEndPoint(16, 6300), Patient);

        Assert.Equal(Errno.ENODEV, exception.Errno);
        Assert.StartsWith("connect vsock://16:6300: ENODEV (no transport to this CID): ", exception.Message, StringComparison.Ordinal);
    }

    [VsockFact]
    public async Task Connect_DeadlinePasses_IsTimedOut()
    {
        await using VsockListener listener = VsockListener.Bind(new VsockEndPoint(VsockCid.Local, VsockEndPoint.AnyPort));

        VsockException exception = await FailAsync(listener.LocalEndPoint, Patient with { TimeProvider = new ElapsedTimeProvider() });

        Assert.Equal(Errno.ETIMEDOUT, exception.Errno);
    }

    [VsockFact]
    public async Task Connect_AlreadyCancelled_DialsNothing()
    {
        await using VsockListener listener = VsockListener.Bind(new VsockEndPoint(VsockCid.Local, VsockEndPoint.AnyPort));
        var cancelled = new CancellationToken(canceled: true);

        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => VsockClient.ConnectAsync(listener.LocalEndPoint, Patient, cancelled));

        Assert.Equal(cancelled, exception.CancellationToken);
    }

    [VsockFact]
    public async Task Connect_OptionsReachTheKernel()
    {
        await using VsockListener listener = VsockListener.Bind(new VsockEndPoint(VsockCid.Local, VsockEndPoint.AnyPort));
        using System.Net.Sockets.Socket socket = VsockSocket.Create(listener.LocalEndPoint);
        VsockSocket.SetConnectTimeout(socket, TimeSpan.FromMilliseconds(3500), listener.LocalEndPoint);
        VsockSocket.SetBufferBytes(socket, 1 << 20, listener.LocalEndPoint);
        var value = new byte[16];

        Assert.Equal(16, socket.GetRawSocketOption(40, 8, value));
        Assert.Equal((3L, 500_000L), (BitConverter.ToInt64(value), BitConverter.ToInt64(value, 8)));
        Assert.Equal(8, socket.GetRawSocketOption(40, 0, value));
        Assert.Equal(1 << 20, BitConverter.ToInt64(value));
    }

    [VsockFact]
    public void LocalCid_IsTold()
    {
        Assert.True(VsockLocal.IsLoopbackAvailable());
        Assert.True(VsockLocal.TryGetLocalCid(out uint cid));
        Assert.NotEqual(0u, cid);
    }

    private static Task<VsockException> FailAsync(VsockEndPoint endPoint, VsockConnectOptions options) =>
        Assert.ThrowsAsync<VsockException>(() => Safety.WithinAsync(VsockClient.ConnectAsync(endPoint, options, CancellationToken.None)));
}
