using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Health;

/// <summary>Probes and requests to applications that serve few connections at a time.</summary>
public sealed class BusyApplicationTests
{
    private const string Often = "Health:Probe:Interval=00:00:00.100";
    private const string Get = "GET /x HTTP/1.1\r\nHost: x\r\n\r\n";
    private const string Post = "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi";

    [Theory]
    [InlineData(1, 1, Get)]
    [InlineData(1, 2, Get)]
    [InlineData(1, 4, Post)]
    [InlineData(2, 5, Get)]
    public async Task FewAtATime_MoreClients_AllAreServedAndItStaysHealthy(int workers, int clients, string request)
    {
        await using var enclave = new FewAtATime(workers);
        await using var proxy = await StartAsync(enclave, Often);

        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 4; i++)
                Assert.Equal(200, (await proxy.ExchangeAsync(request)).Status);
        })));

        Assert.DoesNotContain(proxy.Log.Entries, entry => entry.Message.Contains("-> unhealthy", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Idle_AConnectionOfThePool_TakesTheProbe()
    {
        await using var enclave = new FewAtATime(workers: 1);
        await using var proxy = await StartAsync(enclave, Often, "Routing:PooledConnectionIdleTimeout=00:01:00");
        Assert.Equal(0, enclave.PooledProbes);
        Assert.NotEqual(0, enclave.FreshProbes);

        // A probe that is on its way behind the request has the request's connection closed, once.
        await Eventually.TrueAsync(async () =>
        {
            Assert.Equal(200, (await proxy.ExchangeAsync(Get)).Status);
            return enclave.PooledProbes > 3;
        });

        Assert.Equal(200, (await proxy.ExchangeAsync(Get)).Status);
        Assert.Equal("healthy", await StateAsync(proxy));
    }

    [Fact]
    public async Task Idle_ItAnswersTheProbeWith503_IsUnhealthyWhateverRequestsGet()
    {
        await using var enclave = new FewAtATime(workers: 4);
        await using var proxy = await StartAsync(enclave, Often);
        Assert.Equal(200, (await proxy.ExchangeAsync(Get)).Status);
        await Eventually.TrueAsync(() => enclave.PooledProbes > 0);

        enclave.OnProbe = (_, _) => Task.FromResult<string?>("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");

        await proxy.WaitForStateAsync("0", "unhealthy");
        Assert.Equal(503, (await proxy.EnclaveAsync("0")).GetProperty("lastProbe").GetProperty("status").GetInt32());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("no HTTP at all\r\n\r\n")]
    public async Task Idle_TheConnectionFailsTheProbe_AFreshOneDecides(string? answer)
    {
        await using var enclave = new FewAtATime(workers: 4);
        enclave.OnProbe = (_, probe) => Task.FromResult(probe.Field("Connection") == "close" ? FewAtATime.Ok : answer);
        await using var proxy = await StartAsync(enclave, Often, "Health:Probe:UnhealthyAfter=1");
        var before = enclave.FreshProbes;

        Assert.Equal(200, (await proxy.ExchangeAsync(Get)).Status);
        await Eventually.TrueAsync(() => enclave.PooledProbes > 0 && enclave.FreshProbes > before);

        Assert.DoesNotContain(proxy.Log.Entries, entry => entry.Message.Contains("-> unhealthy", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Idle_TheConnectionAnswersAndNewOnesDoNot_IsHealthy()
    {
        await using var enclave = new FewAtATime(workers: 4);
        await using var proxy = await StartAsync(
            enclave, Often, "Health:Probe:UnhealthyAfter=1", "Routing:PooledConnectionIdleTimeout=00:01:00");
        Assert.Equal(200, (await proxy.ExchangeAsync(Get)).Status);

        // Slower than a probe waits for it alone: the fresh one that is sent then gets nothing.
        enclave.OnProbe = async (_, probe) =>
        {
            await Task.Delay(probe.Field("Connection") == "close" ? Timeout.Infinite : 300);
            return FewAtATime.Ok;
        };
        var (pooled, fresh) = (enclave.PooledProbes, enclave.FreshProbes);
        await Eventually.TrueAsync(async () =>
        {
            // A probe in the accept queue may have had the connection closed.
            if (proxy.Server.Registry.Find("0")!.IdleConnections == 0)
                await proxy.ExchangeAsync(Get);
            return enclave.PooledProbes > pooled + 2 && enclave.FreshProbes > fresh;
        });

        Assert.DoesNotContain(proxy.Log.Entries, entry => entry.Message.Contains("-> unhealthy", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Idle_NobodyAnswersAProbe_IsUnhealthy()
    {
        await using var enclave = new FewAtATime(workers: 4);
        await using var proxy = await StartAsync(enclave, Often, "Health:Probe:Timeout=00:00:00.500");
        Assert.Equal(200, (await proxy.ExchangeAsync(Get)).Status);

        enclave.OnProbe = async (_, _) =>
        {
            await Task.Delay(Timeout.Infinite);
            return null;
        };

        await proxy.WaitForStateAsync("0", "unhealthy");
        Assert.Equal("timeout", (await proxy.EnclaveAsync("0")).GetProperty("lastProbe").GetProperty("error").GetString());
    }

    [Fact]
    public async Task HostOfItsOwn_ThePoolIsLeftAlone()
    {
        await using var enclave = new FewAtATime(workers: 4);
        await using var proxy = await StartAsync(enclave, Often, "Health:Probe:Host=app.internal");
        Assert.Equal(200, (await proxy.ExchangeAsync(Get)).Status);

        var before = enclave.FreshProbes;
        await Eventually.TrueAsync(() => enclave.FreshProbes > before + 2);

        Assert.Equal(0, enclave.PooledProbes);
    }

    [Fact]
    public async Task Streaming_TheProbeQueuesBehindIt_StaysInUntilTheAnswerStandsStill()
    {
        var goesOn = true;
        await using var enclave = new FewAtATime(workers: 1, async (connection, _) =>
        {
            await connection.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            while (Volatile.Read(ref goesOn))
            {
                await connection.SendAsync("1\r\nx\r\n");
                await Task.Delay(20);
            }

            await Task.Delay(Timeout.Infinite);
            return false;
        });
        await using var proxy = await StartAsync(enclave, Often, "Health:Probe:Timeout=00:00:01");
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        Assert.Equal(200, (await client.ReadHeadAsync())!.Status);
        var reading = client.ReadToEndAsync();

        await Eventually.TrueAsync(async () => (await LastProbeAsync(proxy)).Contains("the application is busy", StringComparison.Ordinal));
        Assert.Equal("healthy", await StateAsync(proxy));
        Volatile.Write(ref goesOn, false);

        await proxy.WaitForStateAsync("0", "unhealthy");
        Assert.False(reading.IsCompleted);
    }

    [Fact]
    public async Task Http2_TheConnectionOfRequests_TakesTheProbe()
    {
        await using var enclave = await TestEnclave.StartAsync(http2: true);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, "Routing:HttpVersion=2", Often);
        Assert.Equal(200, (await proxy.ExchangeAsync("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n")).Status);

        var before = enclave.Simulated.HealthRequests;
        await Eventually.TrueAsync(() => enclave.Simulated.HealthRequests > before + 2);

        Assert.Equal("healthy", await StateAsync(proxy));
    }

    private static Task<TestProxy> StartAsync(FewAtATime enclave, params string[] settings) =>
        TestProxy.StartAsync([.. TestProxy.Enclave(0, enclave.EndPoint), .. settings]);

    private static async Task<string?> StateAsync(TestProxy proxy) => (await proxy.EnclaveAsync("0")).GetProperty("state").GetString();

    private static async Task<string> LastProbeAsync(TestProxy proxy) =>
        (await proxy.EnclaveAsync("0")).GetProperty("lastProbe").GetProperty("detail").GetString()!;
}
