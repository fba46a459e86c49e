namespace ParentProxy.Vsock.Tests.Live;

[Trait("Needs", "vsock")]
public sealed class VsockStreamTests
{
    [VsockFact]
    public Task BothWays_64MiB_ArriveWhole() =>
        WithPairAsync((near, far) => StreamScenarios.BothWaysArriveWholeAsync(near, far, 64 << 20));

    [VsockFact]
    public Task BothWays_LargeBuffers_ArriveWhole() =>
        WithPairAsync((near, far) => StreamScenarios.BothWaysArriveWholeAsync(near, far, 8 << 20), bufferBytes: 2 << 20);

    [VsockFact]
    public Task HalfClose_Near_KeepsTheOtherDirection() => WithPairAsync(StreamScenarios.HalfCloseKeepsTheOtherDirectionAsync);

    [VsockFact]
    public Task HalfClose_Far_KeepsTheOtherDirection() =>
        WithPairAsync((near, far) => StreamScenarios.HalfCloseKeepsTheOtherDirectionAsync(far, near));

    [VsockFact]
    public Task Read_AfterTheEnd_IsStillTheEnd() => WithPairAsync(StreamScenarios.EndThenReadAgainIsStillTheEndAsync);

    [VsockFact]
    public Task Write_ToGonePeer_NamesTheError() => WithPairAsync(StreamScenarios.WriteToGonePeerNamesTheErrorAsync);

    [VsockFact]
    public Task Read_OfZeroBytes_WaitsAndConsumesNothing() => WithPairAsync(StreamScenarios.ZeroByteReadWaitsAndConsumesNothingAsync);

    [VsockFact]
    public Task Read_Cancelled_LosesNothing() => WithPairAsync(StreamScenarios.CancelledReadLosesNothingAsync);

    [VsockFact]
    public Task Write_Cancelled_Throws() => WithPairAsync((near, _) => StreamScenarios.CancelledWriteThrowsAsync(near));

    [VsockFact]
    public Task CloseAsync_AfterWrite_LosesNothing() =>
        WithPairAsync((near, far) => StreamScenarios.CloseLosesNothingAsync(near, far, asynchronously: true));

    [VsockFact]
    public Task Close_AfterWrite_LosesNothing() =>
        WithPairAsync((near, far) => StreamScenarios.CloseLosesNothingAsync(near, far, asynchronously: false));

    [VsockFact]
    public Task Close_InterruptsPendingRead() => WithPairAsync(StreamScenarios.CloseInterruptsPendingReadAsync);

    [VsockFact]
    public Task IsPeerGone_TellsHalfCloseFromClose() => WithPairAsync(StreamScenarios.PeerGoneIsToldFromHalfClosedAsync);

    [VsockFact]
    public Task Reset_EndsReadAndWrite() => WithPairAsync(async (near, far) =>
    {
        Task<int> reading = near.ReadAsync(new byte[1]).AsTask();
        far.Abort();

        // An established vsock gives no error to the reader when it is reset.
        Assert.Equal(0, await Safety.WithinAsync(reading));
        await Assert.ThrowsAsync<VsockException>(async () =>
        {
            while (true)
                await Safety.WithinAsync(near.WriteAsync(new byte[1]));
        });
    });

    private static async Task WithPairAsync(Func<VsockStream, VsockStream, Task> scenario, long bufferBytes = 0)
    {
        await using VsockListener listener = VsockListener.Bind(
            new VsockEndPoint(VsockCid.Local, VsockEndPoint.AnyPort), new VsockListenOptions { BufferBytes = bufferBytes });
        await using VsockStream near = await VsockClient.ConnectAsync(
            listener.LocalEndPoint,
            new VsockConnectOptions { ConnectTimeout = Safety.Limit, BufferBytes = bufferBytes },
            CancellationToken.None);
        await using VsockStream? far = await Safety.WithinAsync(listener.AcceptAsync());
        Assert.NotNull(far);
        await scenario(near, far);
    }
}
