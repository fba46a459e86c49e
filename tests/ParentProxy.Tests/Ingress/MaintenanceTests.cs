using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ParentProxy.Tests.Passthrough;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

/// <summary>One enclave is taken out by a reload, and put back, and nobody notices.</summary>
public sealed class MaintenanceTests
{
    [Fact]
    public async Task Drain_UnderLoad_FailsNoRequest_AndTheOtherGetsThemAll()
    {
        await using var one = await TestEnclave.StartAsync(name: "one");
        await using var two = await TestEnclave.StartAsync(name: "two");
        await using var proxy = await StartAsync(one, two);
        var ended = false;
        var answered = 0;
        var load = Enumerable.Range(0, 8).Select(async i =>
        {
            while (!Volatile.Read(ref ended))
            {
                using var response = i % 2 == 0
                    ? await proxy.Http.GetAsync("/slow?ms=10")
                    : await proxy.Http.PostAsync("/echo/body", new StringContent("body"));
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                Interlocked.Increment(ref answered);
            }
        }).ToList();

        for (var i = 0; i < 6; i++)
        {
            proxy.Apply(i % 2 == 0 ? "Enclaves:0:State=drain" : "Enclaves:0:State=ready");
            var before = Volatile.Read(ref answered);
            await Eventually.TrueAsync(() => Volatile.Read(ref answered) > before + 50 || load.Exists(t => t.IsFaulted));
        }

        Volatile.Write(ref ended, true);
        await Task.WhenAll(load);
        Assert.Empty(proxy.Log.AtLeast(LogLevel.Warning));
    }

    [Fact]
    public async Task Drain_RequestInFlight_OutlastsTheTimeOfARemovedOne_AndIsSeenToEnd()
    {
        await using var one = await TestEnclave.StartAsync(name: "one");
        await using var two = await TestEnclave.StartAsync(name: "two");
        await using var proxy = await StartAsync(one, two, "Timeouts:Drain=00:00:00.100", "Enclaves:1:State=drain");
        var enclave = proxy.Server.Registry.All[0];
        var inFlight = proxy.Http.GetAsync("/slow?ms=2000");
        await Eventually.TrueAsync(() => enclave.InFlight == 1);

        proxy.Apply("Enclaves:0:State=drain", "Enclaves:1:State=ready");

        Assert.Equal("two", await AskAsync(proxy));
        var shown = await proxy.EnclaveAsync("0");
        Assert.Equal(
            ("draining", "State is drain in the configuration", 1),
            (shown.GetProperty("state").GetString(), shown.GetProperty("reason").GetString(), shown.GetProperty("inFlight").GetInt32()));
        using var response = await inFlight;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await Eventually.TrueAsync(async () => (await proxy.EnclaveAsync("0")).GetProperty("inFlight").GetInt32() == 0);
        Assert.Same(enclave, proxy.Server.Registry.All[0]);
    }

    [Fact]
    public async Task Drain_OneOfTwo_IsDegradedAndReady_AllOfThem_Is503UntilOneIsBack()
    {
        await using var one = await TestEnclave.StartAsync(name: "one");
        await using var two = await TestEnclave.StartAsync(name: "two");
        await using var proxy = await StartAsync(one, two, "Retry:WaitForEnclave=00:00:00.100");

        proxy.Apply("Enclaves:0:State=drain");
        Assert.Equal((200, """{"status":"degraded","healthy":1,"total":2}"""), await HealthAsync(proxy));
        Assert.Equal(HttpStatusCode.OK, (await proxy.Admin.GetAsync("/health/ready")).StatusCode);
        Assert.Contains(
            """parentproxy_enclave_state{otel_scope_name="ParentProxy",enclave="0",state="draining"} 1""",
            await proxy.Admin.GetStringAsync("/metrics"),
            StringComparison.Ordinal);

        proxy.Apply("Enclaves:1:Weight=0");
        Assert.Equal((503, """{"status":"unhealthy","healthy":0,"total":2}"""), await HealthAsync(proxy));
        var answer = await proxy.ExchangeAsync("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Equal((503, "1"), (answer.Status, answer.Field("Retry-After")));
        Assert.Contains(proxy.Log.AtLeast(LogLevel.Warning), entry => entry.Message.Contains("is draining (ok)", StringComparison.Ordinal));

        proxy.Apply("Enclaves:0:State=ready");
        Assert.Equal("one", await AskAsync(proxy));
        Assert.Equal((200, """{"status":"degraded","healthy":1,"total":2}"""), await HealthAsync(proxy));
    }

    [Fact]
    public async Task Drain_EnclaveIsRestarted_IsProbedAndUsedWhenItIsPutBack()
    {
        await using var one = await TestEnclave.StartAsync(name: "one");
        await using var two = await TestEnclave.StartAsync(name: "two");
        await using var proxy = await StartAsync(one, two, "Health:Probe:Interval=00:00:00.100", "Routing:LoadBalancing=FirstAlphabetical");
        proxy.Apply("Enclaves:0:State=drain");

        await one.KillAsync();
        await Eventually.TrueAsync(async () => !(await ProbeAsync()).GetProperty("ok").GetBoolean());
        await one.RestartAsync();
        await Eventually.TrueAsync(async () => (await ProbeAsync()).GetProperty("ok").GetBoolean());
        Assert.Equal("draining", (await proxy.EnclaveAsync("0")).GetProperty("state").GetString());
        Assert.Equal("two", await AskAsync(proxy));

        // One of two that has just returned takes part in a tenth of the choices at first.
        proxy.Apply("Enclaves:0:State=ready", "Routing:SlowStart=00:00:00");
        Assert.Equal("one", await AskAsync(proxy));
        Assert.Empty(proxy.Log.AtLeast(LogLevel.Warning));

        async Task<JsonElement> ProbeAsync() => (await proxy.EnclaveAsync("0")).GetProperty("lastProbe");
    }

    [Theory]
    [InlineData("Redistribute", 200)]
    [InlineData("Return503Error", 503)]
    public async Task Drain_SessionWithAffinity_GoesAsItsFailurePolicySays(string policy, int status)
    {
        await using var one = await TestEnclave.StartAsync(name: "one");
        await using var two = await TestEnclave.StartAsync(name: "two");
        const string Cluster = "ReverseProxy:Clusters:c:";
        await using var proxy = await StartAsync(
            one,
            two,
            "ReverseProxy:Routes:r:ClusterId=c",
            "ReverseProxy:Routes:r:Match:Path=/{**rest}",
            $"{Cluster}Destinations:d:Address=enclave://*",
            $"{Cluster}LoadBalancingPolicy=FirstAlphabetical",
            $"{Cluster}SessionAffinity:Enabled=true",
            $"{Cluster}SessionAffinity:Policy=HashCookie",
            $"{Cluster}SessionAffinity:AffinityKeyName=k",
            $"{Cluster}SessionAffinity:FailurePolicy={policy}");
        var first = await proxy.ExchangeAsync("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
        var cookie = first.Field("Set-Cookie")!.Split(';')[0];

        proxy.Apply("Enclaves:0:State=drain");

        var next = await proxy.ExchangeAsync($"GET /echo HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n");
        Assert.Equal((200, status), (first.Status, next.Status));
    }

    [Fact]
    public async Task Backup_TakesOverAndGivesBack()
    {
        await using var one = await TestEnclave.StartAsync(name: "one");
        await using var two = await TestEnclave.StartAsync(name: "two");
        await using var proxy = await StartAsync(one, two, "Enclaves:1:Backup=true", "Health:Probe:Interval=00:00:00.100");
        Assert.True((await proxy.EnclaveAsync("1")).GetProperty("backup").GetBoolean());
        Assert.Contains(
            """parentproxy_enclave_backup{otel_scope_name="ParentProxy",enclave="1"} 1""",
            await proxy.Admin.GetStringAsync("/metrics"),
            StringComparison.Ordinal);
        for (var i = 0; i < 10; i++)
            Assert.Equal("one", await AskAsync(proxy));

        // By its end, which no request suffers from, and by an operator.
        await one.KillAsync();
        Assert.Equal("two", await AskAsync(proxy));
        await one.RestartAsync();
        await proxy.WaitForStateAsync("0", "healthy");
        for (var i = 0; i < 10; i++)
            Assert.Equal("one", await AskAsync(proxy));
        proxy.Apply("Enclaves:0:State=drain");
        Assert.Equal("two", await AskAsync(proxy));
        proxy.Apply("Enclaves:0:State=ready");
        Assert.Equal("one", await AskAsync(proxy));
    }

    [Fact]
    public async Task Drain_RawConnection_GoesOn_AndNewOnesGoElsewhere()
    {
        await using var one = PassthroughExtensions.Echo("one ");
        await using var two = PassthroughExtensions.Echo("two ");
        await using var proxy = await TestProxy.StartAsync(
        [
            .. TestProxy.Enclave(0, one.EndPoint), .. TestProxy.Enclave(1, two.EndPoint), .. PassthroughExtensions.ToEnclaves,
            "Health:Probe:Enabled=false", "Enclaves:1:Backup=true", "Timeouts:Drain=00:00:00.100",
        ]);
        await using var open = await proxy.ConnectRawAsync();
        Assert.Equal("one a", await open.AskAsync("a"));

        proxy.Apply("Enclaves:0:State=drain");

        for (var i = 0; i < 5; i++)
            Assert.Equal("two b", await proxy.AskRawAsync("b"));
        Assert.Equal("one c", await open.AskAsync("c"));
        Assert.Equal(1, proxy.Server.Registry.All[0].InFlight);

        proxy.Apply("Enclaves:0:State=ready");
        Assert.Equal("one d", await proxy.AskRawAsync("d"));
        Assert.Equal("one e", await open.AskAsync("e"));
    }

    private static Task<TestProxy> StartAsync(TestEnclave one, TestEnclave two, params string[] settings) =>
        TestProxy.StartAsync([.. TestProxy.Enclave(0, one.EndPoint), .. TestProxy.Enclave(1, two.EndPoint), .. settings]);

    /// <summary>The name of the enclave that answers.</summary>
    private static async Task<string?> AskAsync(TestProxy proxy)
    {
        using var json = JsonDocument.Parse(await proxy.Http.GetStringAsync("/echo"));
        return json.RootElement.GetProperty("enclave").GetString();
    }

    private static async Task<(int Status, string Body)> HealthAsync(TestProxy proxy)
    {
        var answer = await proxy.ExchangeAsync("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        return (answer.Status, answer.Text);
    }
}
