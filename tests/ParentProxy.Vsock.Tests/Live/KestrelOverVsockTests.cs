using System.Net;

namespace ParentProxy.Vsock.Tests.Live;

[Trait("Needs", "vsock")]
public sealed class KestrelOverVsockTests
{
    private readonly VsockServerTransport _transport = new();

    [VsockFact]
    public Task Http1_RequestsInParallel() => WebScenarios.RequestsInParallelAsync(_transport, HttpVersion.Version11, 200);

    [VsockFact]
    public Task Http2_RequestsInParallel() => WebScenarios.RequestsInParallelAsync(_transport, HttpVersion.Version20, 200);

    [VsockFact]
    public Task Http1_LargeBodies_ArriveWhole() => WebScenarios.LargeBodiesArriveWholeAsync(_transport, HttpVersion.Version11, 8 << 20);

    [VsockFact]
    public Task Http2_LargeBodies_ArriveWhole() => WebScenarios.LargeBodiesArriveWholeAsync(_transport, HttpVersion.Version20, 8 << 20);

    [VsockFact]
    public Task Http1_ClientGivesUp_RequestIsAborted() => WebScenarios.ClientGivesUp_RequestAbortedAsync(_transport, HttpVersion.Version11);

    [VsockFact]
    public Task Http1_HalfClosingClient_GetsItsAnswer() => WebScenarios.HalfClosingClientGetsItsAnswerAsync(_transport);

    [VsockFact]
    public Task Http1_Stop_WaitsForRequests() => WebScenarios.StopWaitsForRequestsAsync(_transport, HttpVersion.Version11);

    [VsockFact]
    public Task Http2_Stop_WaitsForRequests() => WebScenarios.StopWaitsForRequestsAsync(_transport, HttpVersion.Version20);

    [VsockFact]
    public async Task Bind_TakenPort_IsSaidByKestrel()
    {
        await using VsockListener listener = VsockListener.Bind(_transport.EndPoint);

        var exception = await Assert.ThrowsAsync<IOException>(
            () => WebServer.StartAsync(_transport, HttpVersion.Version11, _ => Task.CompletedTask));

        Assert.Contains("address already in use", exception.Message, StringComparison.OrdinalIgnoreCase);
    }
}
