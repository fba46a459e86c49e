using System.Net;
using ParentProxy.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Simulator;

public sealed class TimingRouteTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task Slow_AnswersWhenTheTimeHasPassed()
    {
        await using var fixture = await StartAsync();

        var pending = fixture.Http.GetAsync("/slow?ms=3600000");
        await _time.WaitForTimerAsync(Hour);
        Assert.False(pending.IsCompleted);
        _time.Advance(Hour);

        using var response = await pending;
        Assert.Equal("""{"ms":3600000}""", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Slow_WithHead_SendsTheHeadAtOnce()
    {
        await using var fixture = await StartAsync();

        using var response = await fixture.Http.GetAsync("/slow?ms=3600000&head=true", HttpCompletionOption.ResponseHeadersRead);
        await _time.WaitForTimerAsync(Hour);
        _time.Advance(Hour);

        Assert.Equal("""{"ms":3600000}""", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Stream_SendsAnEventAtATime()
    {
        await using var fixture = await StartAsync();

        using var response = await fixture.Http.GetAsync("/stream?count=3&ms=3600000", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var events = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            if (i > 0)
            {
                await _time.WaitForTimerAsync(Hour);
                _time.Advance(Hour);
            }

            events.Add(
                $"{await reader.ReadLineAsync()}|{await reader.ReadLineAsync()}|"
                    + $"{await reader.ReadLineAsync()}|{await reader.ReadLineAsync()}");
        }

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(["event: tick|data: 0|id: 0|", "event: tick|data: 1|id: 1|", "event: tick|data: 2|id: 2|"], events);
        Assert.Null(await reader.ReadLineAsync());
    }

    [Fact]
    public async Task Latency_DelaysOrdinaryRequestsOnly()
    {
        await using var fixture = await StartAsync(latency: Hour);

        var pending = fixture.Http.GetAsync("/echo");
        await _time.WaitForTimerAsync(Hour);
        using (var health = await fixture.Http.GetAsync("/health"))
            Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        Assert.False(pending.IsCompleted);
        _time.Advance(Hour);

        using var response = await pending;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Hang_NeverAnswers_AndEndsWithTheEnclave()
    {
        await using var fixture = await StartAsync();

        var pending = fixture.Http.GetAsync("/hang");
        // Answered on another connection: the one that hangs has arrived when both are counted.
        while (fixture.Enclave.Requests == 0)
            (await fixture.Http.GetAsync("/health")).Dispose();
        _time.Advance(TimeSpan.FromDays(400));
        Assert.False(pending.IsCompleted);
        await fixture.Enclave.StopAsync().WaitAsync(TestDeadline.Value);

        await Assert.ThrowsAsync<HttpRequestException>(() => pending);
    }

    private Task<EnclaveFixture> StartAsync(TimeSpan latency = default) =>
        EnclaveFixture.StartAsync(new SimulatorOptions { Listen = "tcp://127.0.0.1:0", Latency = latency, TimeProvider = _time });
}
