using System.Net;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

/// <summary>Requests while no enclave can take them.</summary>
public sealed class UnavailableTests
{
    [Fact]
    public async Task Enclave_Down_Is503NotBeforeWaitForEnclaveAndServedAgainAfterItsReturn()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave.Simulated,
            "Retry:WaitForEnclave=00:00:00.700",
            "Timeouts:Connect=00:00:00.500",
            "Health:Probe:Interval=00:00:00.200");
        Assert.Equal(HttpStatusCode.OK, (await proxy.Http.GetAsync("/echo")).StatusCode);

        await enclave.KillAsync();
        await proxy.WaitForStateAsync("0", "unhealthy");
        var started = TimeProvider.System.GetTimestamp();
        var answer = await proxy.Http.GetAsync("/echo");
        var took = TimeProvider.System.GetElapsedTime(started);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.True(took >= TimeSpan.FromSeconds(0.7), took.ToString());

        await enclave.RestartAsync();
        await proxy.WaitForStateAsync("0", "healthy");
        Assert.Equal(HttpStatusCode.OK, (await proxy.Http.GetAsync("/echo")).StatusCode);
    }

    [Fact]
    public async Task Enclave_JustDied_TheFirstRequestIsAnswered()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave.Simulated, "Retry:WaitForEnclave=00:00:00.500", "Timeouts:Connect=00:00:00.500", "Health:Probe:Interval=01:00:00");

        await enclave.KillAsync();
        var answer = await proxy.Http.GetAsync("/echo");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }

    [Theory]
    [InlineData("GET", "true")]
    [InlineData("POST", "true")]
    [InlineData("POST", "false")]
    public async Task Requests_ThatWait_AreReleasedByTheEnclavesReturn(string method, string probe)
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave.Simulated, "Retry:WaitForEnclave=00:00:25", $"Health:Probe:Enabled={probe}", "Health:Probe:Interval=00:00:01");
        await enclave.KillAsync();

        var waiting = Enumerable.Range(0, 10).Select(async i =>
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), "/echo")
            {
                Content = method == "POST" ? new StringContent($"body {i}") : null,
            };
            using var response = await proxy.Http.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            if (method == "POST")
                Assert.Equal($"body {i}", Echo.Parse(await response.Content.ReadAsStringAsync()).Body);
        }).ToList();
        await Eventually.TrueAsync(async () => (await proxy.EnclaveAsync("0")).GetProperty("waiting").GetInt32() == 10);
        Assert.DoesNotContain(waiting, t => t.IsCompleted);
        await enclave.RestartAsync();

        await Task.WhenAll(waiting);
        Assert.Equal(0, (await proxy.EnclaveAsync("0")).GetProperty("waiting").GetInt32());
    }

    [Fact]
    public async Task Requests_MoreThanMayWait_Are503AtOnce()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave.Simulated, "Retry:WaitForEnclave=00:00:25", "Retry:MaxWaiting=1", "Health:Probe:Interval=00:00:00.200");
        await enclave.KillAsync();
        await proxy.WaitForStateAsync("0", "unhealthy");

        var waits = proxy.Http.GetAsync("/echo");
        await Eventually.TrueAsync(async () => (await proxy.EnclaveAsync("0")).GetProperty("waiting").GetInt32() == 1);
        var refused = await proxy.Http.GetAsync("/echo");
        await enclave.RestartAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal(1, await proxy.RejectedAsync("waiting"));
        Assert.Contains("connection_limit_reached", refused.Headers.GetValues("Proxy-Status").Single(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await waits).StatusCode);
    }

    [Fact]
    public async Task Client_GoesWhileItWaits_NoLongerWaits()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave.Simulated, "Retry:WaitForEnclave=00:10:00", "Health:Probe:Interval=00:00:00.200");
        await enclave.KillAsync();
        await proxy.WaitForStateAsync("0", "unhealthy");

        var connection = await proxy.ConnectAsync();
        await connection.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await Eventually.TrueAsync(async () => (await proxy.EnclaveAsync("0")).GetProperty("waiting").GetInt32() == 1);
        connection.Reset();

        await Eventually.TrueAsync(async () => (await proxy.EnclaveAsync("0")).GetProperty("waiting").GetInt32() == 0);
    }

    [Fact]
    public async Task FirstSecond_TheFirstProbeStillRuns_RequestsWaitForIt()
    {
        var healthy = new TaskCompletionSource();
        await using var enclave = ScriptedEnclave.Start(async c =>
        {
            var request = await c.ReadMessageAsync();
            if (request.StartLine.Contains("/health", StringComparison.Ordinal))
                await healthy.Task;
            await c.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        await using var proxy = await TestProxy.StartUnprobedAsync(
            [.. TestProxy.Enclave(0, enclave.EndPoint), "Retry:WaitForEnclave=00:00:20", "Health:Probe:Timeout=00:00:20"]);

        var health = await proxy.ExchangeAsync("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        var waits = proxy.Http.GetStringAsync("/");
        await Eventually.TrueAsync(async () => (await proxy.EnclaveAsync("0")).GetProperty("waiting").GetInt32() == 1);
        healthy.SetResult();

        Assert.Equal(503, health.Status);
        Assert.Equal("ok", await waits);
    }

    [Fact]
    public async Task Attempts_OverSlowlyFailingEnclaves_TakeNoLongerThanAllowedTogether()
    {
        using var directory = new TemporaryDirectory();
        var sockets = Enumerable.Range(0, 4).Select(i => directory.File($"{i}.sock")).ToArray();
        await using var one = SlowHandshake(sockets[0]);
        await using var two = SlowHandshake(sockets[1]);
        await using var three = SlowHandshake(sockets[2]);
        await using var four = SlowHandshake(sockets[3]);
        await using var proxy = await TestProxy.StartAsync(
            [.. sockets.SelectMany((socket, i) => TestProxy.Enclave(i, $"hybrid:{socket}:1")),
                "Health:Probe:Enabled=false", "Timeouts:Connect=00:00:12", "Retry:WaitForEnclave=00:00:12"]);
        var started = TimeProvider.System.GetTimestamp();

        var answer = await proxy.Http.GetAsync("/");

        // Four dials that fail after 10 s each would take 40 s; on a machine that is busy with other tests, 12 s may be many more.
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(35));
    }

    private static ScriptedEnclave SlowHandshake(string path) => ScriptedEnclave.Start(
        async c =>
        {
            await c.ReadLineAsync();
            await Task.Delay(10_000);
        },
        new System.Net.Sockets.UnixDomainSocketEndPoint(path));
}
