using System.Net;

namespace ParentProxy.Vsock.Tests.Kestrel;

/// <summary>The whole transport below Kestrel, with unix sockets in the place of vsock.</summary>
public sealed class KestrelOverUnixTests : IDisposable
{
    private readonly UnixServerTransport _transport = new();

    public static TheoryData<string> Versions => ["1.1", "2.0"];

    public void Dispose() => _transport.Dispose();

    [Theory]
    [MemberData(nameof(Versions))]
    public Task Requests_InParallel(string version) => WebScenarios.RequestsInParallelAsync(_transport, Version.Parse(version), 500);

    [Theory]
    [MemberData(nameof(Versions))]
    public Task LargeBodies_ArriveWhole(string version) =>
        WebScenarios.LargeBodiesArriveWholeAsync(_transport, Version.Parse(version), 8 << 20);

    [Theory]
    [MemberData(nameof(Versions))]
    public Task ClientGivesUp_RequestIsAborted(string version) =>
        WebScenarios.ClientGivesUp_RequestAbortedAsync(_transport, Version.Parse(version));

    [Theory]
    [MemberData(nameof(Versions))]
    public Task Stop_WaitsForRequests(string version) => WebScenarios.StopWaitsForRequestsAsync(_transport, Version.Parse(version));

    [Fact]
    public Task HalfClosingClient_GetsItsAnswer() => WebScenarios.HalfClosingClientGetsItsAnswerAsync(_transport);

    [Fact]
    public void Factory_BindsVsockAlone()
    {
        var factory = new VsockTransportFactory(
            Microsoft.Extensions.Options.Options.Create(new VsockTransportOptions()),
            Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);

        Assert.True(factory.CanBind(new VsockEndPoint(1, 2)));
        Assert.False(factory.CanBind(new IPEndPoint(IPAddress.Loopback, 80)));
    }
}
