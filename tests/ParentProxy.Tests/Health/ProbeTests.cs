using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Health;

/// <summary>What a probe asks and what counts as healthy.</summary>
public sealed class ProbeTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nI am up";
    private static readonly string[] Never = ["Health:Probe:Interval=01:00:00"];

    [Fact]
    public async Task Http_Asks_WhatIsConfigured()
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await StartAsync(enclave, "Health:Probe:Path=/up?deep=1", "Health:Probe:Host=app.internal:80");

        var request = Assert.Single(enclave.Requests);
        Assert.Equal("GET /up?deep=1 HTTP/1.1", request.StartLine);
        Assert.Equal("app.internal:80", request.Field("Host"));
        Assert.Null(request.Field("traceparent"));
        await AssertStateAsync(proxy, "healthy");
    }

    [Theory]
    [InlineData("200-399", "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", true)]
    [InlineData("200-399", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", false)]
    [InlineData("200,404", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", true)]
    [InlineData("200", "HTTP/1.1 204 No Content\r\n\r\n", false)]
    [InlineData("200", "no HTTP at all\r\n\r\n", false)]
    public async Task Http_Status_IsHeldAgainstExpectedStatus(string expected, string answer, bool healthy)
    {
        await using var enclave = ScriptedEnclave.Answering(answer);
        await using var proxy = await StartAsync(enclave, $"Health:Probe:ExpectedStatus={expected}");

        await AssertStateAsync(proxy, healthy ? "healthy" : "unhealthy");
    }

    [Theory]
    [InlineData("am u", true)]
    [InlineData("am U", false)]
    public async Task Http_Body_IsHeldAgainstExpectedBody(string expected, bool healthy)
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await StartAsync(enclave, $"Health:Probe:ExpectedBody={expected}");

        await AssertStateAsync(proxy, healthy ? "healthy" : "unhealthy");
    }

    [Fact]
    public async Task Http_FailedByItsAnswer_LogAndAdminNameAnswerAndSetting()
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await StartAsync(enclave);

        var line = await proxy.Log.WaitForAsync(e => e.Message.Contains("-> unhealthy", StringComparison.Ordinal));
        Assert.Contains("404", line.Message, StringComparison.Ordinal);
        Assert.Contains("Health:Probe:Path", line.Message, StringComparison.Ordinal);
        var probe = (await proxy.EnclaveAsync("0")).GetProperty("lastProbe");
        Assert.Equal(404, probe.GetProperty("status").GetInt32());
        Assert.Equal("status", probe.GetProperty("error").GetString());
    }

    [Theory]
    [InlineData("""{"detail":"The application has ended"}""", "answered 503: The application has ended")]
    [InlineData("""{"detail":"a\u001b[31mb\nc\u202e"}""", "answered 503: a [31mb c")]
    [InlineData("""{"detail":17}""", "answered 503, expected 200-399")]
    [InlineData("""{"detail":"cut""", "answered 503, expected 200-399")]
    [InlineData("[]", "answered 503, expected 200-399")]
    public async Task Http_Problem_IsSaidInItsOwnWords(string problem, string said)
    {
        await using var enclave = ScriptedEnclave.Answering(
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n"
                + $"Content-Length: {problem.Length}\r\n\r\n{problem}");
        await using var proxy = await StartAsync(enclave);

        var line = await proxy.Log.WaitForAsync(e => e.Message.Contains("-> unhealthy", StringComparison.Ordinal));
        Assert.Contains(said, line.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("no HTTP at all\r\n\r\n")]
    public async Task Http_Query_IsShownNowhere(string response)
    {
        await using var enclave = ScriptedEnclave.Answering(response);
        await using var proxy = await StartAsync(enclave, "Health:Probe:Path=/up?token=hunter2");

        var line = await proxy.Log.WaitForAsync(e => e.Message.Contains("-> unhealthy", StringComparison.Ordinal));
        Assert.Contains("GET /up?… on", line.Message, StringComparison.Ordinal);
        var shown = (await proxy.EnclaveAsync("0")).GetRawText();
        Assert.Contains("GET /up?… on", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", line.Message + shown, StringComparison.Ordinal);
        Assert.All(enclave.Requests, request => Assert.Equal("GET /up?token=hunter2 HTTP/1.1", request.StartLine));
    }

    [Fact]
    public async Task Http_NoAnswerInTime_Fails()
    {
        await using var enclave = ScriptedEnclave.Start(c => c.ReadToEndAsync());
        await using var proxy = await StartAsync(enclave, "Health:Probe:Timeout=00:00:00.200");

        await AssertStateAsync(proxy, "unhealthy");
        Assert.Equal("timeout", (await proxy.EnclaveAsync("0")).GetProperty("lastProbe").GetProperty("error").GetString());
    }

    [Fact]
    public async Task Connect_AnAcceptedConnection_IsEnough()
    {
        await using var enclave = ScriptedEnclave.Start(c => c.ReadToEndAsync());
        await using var proxy = await StartAsync(enclave, "Health:Probe:Type=connect");

        await AssertStateAsync(proxy, "healthy");
    }

    [Fact]
    public async Task Port_OfItsOwn_IsTheOneProbed()
    {
        await using var application = ScriptedEnclave.Answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\napp");
        await using var sideCar = ScriptedEnclave.Answering(Ok);
        await using var proxy = await StartAsync(application, $"Health:Probe:Port={new Uri(sideCar.EndPoint).Port}");

        Assert.Equal("app", await proxy.Http.GetStringAsync("/x"));
        Assert.Equal("GET /x HTTP/1.1", Assert.Single(application.Requests).StartLine);
        Assert.Single(sideCar.Requests);
    }

    [Fact]
    public async Task Http2_Enclave_IsProbedOverHttp2()
    {
        await using var enclave = await TestEnclave.StartAsync(http2: true);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, "Routing:HttpVersion=2");

        await AssertStateAsync(proxy, "healthy");
    }

    [Fact]
    public async Task Enabled_False_StartsHealthyAndDialsAgainAfterAFailure()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave.Simulated, "Health:Probe:Enabled=false", "Retry:WaitForEnclave=00:00:00.300", "Timeouts:Connect=00:00:00.300");
        await AssertStateAsync(proxy, "healthy");

        await enclave.KillAsync();
        Assert.Equal(503, (int)(await proxy.Http.GetAsync("/echo")).StatusCode);
        await proxy.WaitForStateAsync("0", "unhealthy");
        Assert.Equal(503, (int)(await proxy.Http.GetAsync("/health")).StatusCode);

        await enclave.RestartAsync();
        await proxy.WaitForStateAsync("0", "healthy");
        Assert.Equal(200, (int)(await proxy.Http.GetAsync("/echo")).StatusCode);
        Assert.Equal(0, enclave.Simulated.HealthRequests);
    }

    [Theory]
    [InlineData("GET /status/500 HTTP/1.1\r\nHost: x\r\n\r\n", "")]
    [InlineData("GET /slow?ms=2000 HTTP/1.1\r\nHost: x\r\n\r\n", "")]
    [InlineData("GET /reset HTTP/1.1\r\nHost: x\r\n\r\n", "")]
    public async Task Evidence_FromTraffic_StartsAProbe(string request, string setting)
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, setting.Length == 0 ? Never : [.. Never, setting]);
        Assert.Equal(1, enclave.Simulated.HealthRequests);

        await proxy.ExchangeAsync(request);

        await Eventually.TrueAsync(() => enclave.Simulated.HealthRequests > 1);
        await AssertStateAsync(proxy, "healthy");
    }

    [Fact]
    public async Task Evidence_ConfirmedByOneFailedProbe_TakesTheEnclaveOut()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, [.. Never, "Health:Probe:UnhealthyAfter=5"]);
        enclave.Simulated.Healthy = false;

        await proxy.ExchangeAsync("GET /status/500 HTTP/1.1\r\nHost: x\r\n\r\n");

        await proxy.WaitForStateAsync("0", "unhealthy");
    }

    [Fact]
    public async Task TwoEnclaves_OneDies_NoGetFails()
    {
        await using var one = await TestEnclave.StartAsync(name: "one");
        await using var two = await TestEnclave.StartAsync("tcp", name: "two");
        await using var proxy = await TestProxy.InFrontOfAsync(one.Simulated, TestProxy.Enclave(1, two.EndPoint));

        for (var round = 0; round < 3; round++)
        {
            await one.KillAsync();
            for (var i = 0; i < 30; i++)
            {
                var answer = await proxy.ExchangeAsync("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
                Assert.Equal((200, "two"), (answer.Status, answer.Field("X-Enclave")));
            }

            await one.RestartAsync();
            await proxy.WaitForStateAsync("0", "healthy");
        }
    }

    private static Task<TestProxy> StartAsync(ScriptedEnclave enclave, params string[] settings) =>
        TestProxy.StartAsync([.. TestProxy.Enclave(0, enclave.EndPoint), .. Never, .. settings]);

    private static async Task AssertStateAsync(TestProxy proxy, string state) =>
        Assert.Equal(state, (await proxy.EnclaveAsync("0")).GetProperty("state").GetString());
}
