using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Enclaves.Discovery;

/// <summary>The real proxy, a program in the place of nitro-cli, and simulated enclaves behind CIDs.</summary>
public sealed class DiscoveryTests : IAsyncLifetime
{
    private readonly FakeNitroCli _nitroCli = new();
    private readonly VsockByCid _vsock = new();
    private readonly List<IAsyncDisposable> _started = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        var overlaps = _nitroCli.Overlaps;
        foreach (var started in Enumerable.Reverse(_started))
            await started.DisposeAsync();
        _nitroCli.Dispose();
        Assert.Equal(0, overlaps);
    }

    [Fact]
    public async Task Start_EnclaveRuns_IsFoundByNameAndReadyWaitsForIt()
    {
        await EnclaveAsync(16, "one");
        _nitroCli.Tell(FakeNitroCli.Enclave("proof-server", 16));
        var proxy = await ProxyAsync();

        // No waiting here: the start has waited for the first call and the first probe.
        Assert.Equal("{\"status\":\"healthy\",\"healthy\":1,\"total\":1}", await proxy.Http.GetStringAsync("/health"));
        Assert.Equal("one", await WhoAsync(proxy));
        Assert.Equal("vsock://16:6300", (await proxy.EnclaveAsync("proof-server")).GetProperty("endpoint").GetString());
        var discovery = await DiscoveryAsync(proxy);
        Assert.Equal(_nitroCli.Program, discovery.GetProperty("program").GetString());
        Assert.Equal(JsonValueKind.Null, discovery.GetProperty("lastError").ValueKind);
        Assert.InRange(discovery.GetProperty("ageSeconds").GetDouble(), 0, TestDeadline.Value.TotalSeconds);
        var enclave = Assert.Single(discovery.GetProperty("enclaves").EnumerateArray());
        Assert.Equal(
            $$"""{"name":"proof-server","id":"proof-server","enclaveId":"{{FakeNitroCli.Id("proof-server")}}","cid":"""
                + """16,"state":"RUNNING","debug":false,"cpus":2,"memoryMiB":512,"accepted":true,"reason":null}""",
            JsonSerializer.Serialize(enclave));
        Assert.Empty(proxy.Log.AtLeast(LogLevel.Warning));
    }

    [Fact]
    public async Task Start_NoEnclaveYet_RequestsWaitAndThenFindIt()
    {
        await EnclaveAsync(16, "one");
        var proxy = await ProxyAsync("Retry:WaitForEnclave=00:00:00.200", "Timeouts:Connect=00:00:00.200");
        using (var early = await proxy.Http.GetAsync("/echo"))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, early.StatusCode);
        using (var health = await proxy.Http.GetAsync("/health"))
            Assert.Equal("{\"status\":\"unhealthy\",\"healthy\":0,\"total\":0}", await health.Content.ReadAsStringAsync());

        proxy.Apply("Retry:WaitForEnclave=00:00:50");
        var isThereWhenSaid = false;
        proxy.Log.WhenWritten = entry =>
        {
            if (entry.Message.StartsWith("Discovery: enclave app ", StringComparison.Ordinal))
                isThereWhenSaid = proxy.Server.Registry.Find("app") is not null;
        };
        var waiting = WhoAsync(proxy);
        _nitroCli.Tell(FakeNitroCli.Enclave("app", 16));
        Assert.Equal("one", await waiting);
        await proxy.Log.WaitForAsync(entry => entry.Message.StartsWith("Discovery: enclave app ", StringComparison.Ordinal));
        Assert.True(isThereWhenSaid);
    }

    [Fact]
    public async Task CidChange_UnderRequests_LosesNothing()
    {
        await EnclaveAsync(16, "one");
        await EnclaveAsync(17, "two");
        _nitroCli.Tell(FakeNitroCli.Enclave("app", 16));
        var proxy = await ProxyAsync();
        var ended = false;
        var load = Enumerable.Range(0, 4).Select(async _ =>
        {
            while (!Volatile.Read(ref ended))
            {
                using var response = await proxy.Http.GetAsync("/slow?ms=5");
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            }
        }).ToList();

        for (uint run = 2; run < 8; run++)
        {
            var cid = 16 + ((run + 1) % 2);
            _nitroCli.Tell(FakeNitroCli.Enclave("app", cid, (int)run));
            await Eventually.TrueAsync(async () => await WhoAsync(proxy) == (cid == 16 ? "one" : "two") || load.Exists(t => t.IsFaulted));
        }

        Volatile.Write(ref ended, true);
        await Task.WhenAll(load);
        Assert.Equal("app", Assert.Single(proxy.Server.Registry.All).Id);
        Assert.Empty(proxy.Log.AtLeast(LogLevel.Warning));
        Assert.Contains(proxy.Log.Entries, entry => entry.Message.Contains("was restarted, CID 16 -> 17", StringComparison.Ordinal));
    }

    [Fact]
    public async Task CidChange_RequestInFlight_FinishesAtTheOldOne()
    {
        var old = await EnclaveAsync(16, "old");
        await EnclaveAsync(17, "new");
        _nitroCli.Tell(FakeNitroCli.Enclave("app", 16));
        var proxy = await ProxyAsync();
        var before = old.Simulated.Requests;
        var inFlight = WhoAsync(proxy, "/slow?ms=3000");
        await Eventually.TrueAsync(() => old.Simulated.Requests > before);

        _nitroCli.Tell(FakeNitroCli.Enclave("app", 17, 2));
        await Eventually.TrueAsync(async () => await WhoAsync(proxy) == "new");
        Assert.Equal("old", await inFlight);
    }

    [Fact]
    public async Task CidChange_OldOneDead_TheFailedDialBringsTheNewOneAtOnce()
    {
        var old = await EnclaveAsync(16, "old");
        _nitroCli.Tell(FakeNitroCli.Enclave("app", 16));
        var proxy = await ProxyAsync("Discovery:Interval=1.00:00:00", "Retry:WaitForEnclave=00:00:50");
        Assert.Equal("old", await WhoAsync(proxy));
        var calls = _nitroCli.Calls;

        await EnclaveAsync(17, "new");
        _nitroCli.Tell(FakeNitroCli.Enclave("app", 17, 2));
        await old.KillAsync();
        _vsock[16] = null;

        await Eventually.TrueAsync(async () => (await TryWhoAsync(proxy)) == "new");
        Assert.InRange(_nitroCli.Calls, calls + 1, calls + 100);
    }

    [Fact]
    public async Task Restart_AtTheSameCid_ReplacesTheConnections()
    {
        await EnclaveAsync(16, "one");
        _nitroCli.Tell(FakeNitroCli.Enclave("app", 16));
        var proxy = await ProxyAsync("Routing:PooledConnectionIdleTimeout=01:00:00");
        Assert.Equal("one", await WhoAsync(proxy));
        var before = proxy.Server.Registry.Find("app")!;
        Assert.Equal(1, before.OpenConnections);

        _nitroCli.Tell(FakeNitroCli.Enclave("app", 16, 2));
        await Eventually.TrueAsync(() => proxy.Server.Registry.Find("app") != before);
        Assert.Equal("one", await WhoAsync(proxy));
        var now = proxy.Server.Registry.Find("app")!;
        Assert.Equal((FakeNitroCli.Id("app", 2), before.Endpoint), (now.Instance, now.Endpoint));
        await Eventually.TrueAsync(() => before.OpenConnections == 0);
    }

    [Fact]
    public async Task Missing_StaysWhileReachableAndGoesWhenNot()
    {
        var one = await EnclaveAsync(16, "one");
        await EnclaveAsync(17, "two");
        _nitroCli.Tell(FakeNitroCli.Enclave("a", 16), FakeNitroCli.Enclave("b", 17));
        var proxy = await ProxyAsync("Health:Probe:Interval=00:00:00.500", "Health:Probe:Timeout=00:00:20");

        _nitroCli.Tell(FakeNitroCli.Enclave("b", 17));
        await _nitroCli.CalledAgainAsync();
        await proxy.WaitForStateAsync("a", "healthy");
        Assert.Contains(
            "missing",
            (await DiscoveryAsync(proxy)).GetProperty("enclaves")[0].GetProperty("reason").GetString(),
            StringComparison.Ordinal);

        await one.KillAsync();
        await Eventually.TrueAsync(() => proxy.Server.Registry.All is [{ Id: "b" }]);
        Assert.Equal("two", await WhoAsync(proxy));
    }

    [Fact]
    public async Task Missing_WithoutProbes_GoesWhenItsDialFailed()
    {
        var one = await EnclaveAsync(16, "one");
        await EnclaveAsync(17, "two");
        _nitroCli.Tell(FakeNitroCli.Enclave("a", 16), FakeNitroCli.Enclave("b", 17));
        var proxy = await ProxyAsync("Health:Probe:Enabled=false");

        _nitroCli.Tell(FakeNitroCli.Enclave("b", 17));
        await _nitroCli.CalledAgainAsync();
        Assert.Equal(2, proxy.Server.Registry.All.Count);
        await one.KillAsync();
        await Eventually.TrueAsync(async () =>
        {
            using var response = await proxy.Http.GetAsync("/echo");
            return proxy.Server.Registry.All is [{ Id: "b" }];
        });
    }

    [Fact]
    public async Task DebugMode_IsRefusedUntilAReloadAllowsIt()
    {
        await EnclaveAsync(16, "one");
        _nitroCli.Tell(FakeNitroCli.Enclave("app", 16, flags: "DEBUG_MODE"));
        var proxy = await ProxyAsync("Retry:WaitForEnclave=00:00:00.100", "Timeouts:Connect=00:00:00.100");
        await _nitroCli.CalledAgainAsync();
        Assert.Empty(proxy.Server.Registry.All);
        Assert.Single(proxy.Log.AtLeast(LogLevel.Warning), entry => entry.Message.Contains("DEBUG_MODE", StringComparison.Ordinal));
        var enclave = (await DiscoveryAsync(proxy)).GetProperty("enclaves")[0];
        Assert.Equal((false, true), (enclave.GetProperty("accepted").GetBoolean(), enclave.GetProperty("debug").GetBoolean()));
        Assert.Contains("Discovery:AllowDebugMode", enclave.GetProperty("reason").GetString(), StringComparison.Ordinal);

        // In effect when the reload returns.
        proxy.Apply("Discovery:AllowDebugMode=true", "Retry:WaitForEnclave=00:00:50");
        Assert.Equal("app", Assert.Single(proxy.Server.Registry.All).Id);
        Assert.Equal("one", await WhoAsync(proxy));
        proxy.Apply("Discovery:AllowDebugMode=false");
        Assert.Empty(proxy.Server.Registry.All);
    }

    [Fact]
    public async Task Pins_OtherImage_GetsNoTraffic()
    {
        await EnclaveAsync(16, "good");
        await EnclaveAsync(17, "bad");
        var pinned = string.Concat(Enumerable.Repeat("0123456789abcdef", 6));
        _nitroCli.Tell(FakeNitroCli.Enclave("a", 16, pcr0: pinned), FakeNitroCli.Enclave("b", 17));
        var proxy = await ProxyAsync($"Discovery:Pcrs:PCR0={pinned.ToUpperInvariant()}");
        for (var i = 0; i < 10; i++)
            Assert.Equal("good", await WhoAsync(proxy));
        Assert.Equal("a", Assert.Single(proxy.Server.Registry.All).Id);

        // The good one is replaced by another image: nothing of its connections may lead there.
        _nitroCli.Tell(FakeNitroCli.Enclave("a", 16, 2), FakeNitroCli.Enclave("b", 17));
        await Eventually.TrueAsync(() => proxy.Server.Registry.All.Count == 0);
    }

    [Fact]
    public async Task OtherState_LeavesAtOnce()
    {
        await EnclaveAsync(16, "one");
        await EnclaveAsync(17, "two");
        _nitroCli.Tell(FakeNitroCli.Enclave("a", 16), FakeNitroCli.Enclave("b", 17));
        var proxy = await ProxyAsync();
        _nitroCli.Tell(FakeNitroCli.Enclave("a", 16, state: "TERMINATING"), FakeNitroCli.Enclave("b", 17));
        await Eventually.TrueAsync(() => proxy.Server.Registry.All is [{ Id: "b" }]);
        Assert.Equal("two", await WhoAsync(proxy));
        Assert.Empty(proxy.Log.AtLeast(LogLevel.Warning));
    }

    [Fact]
    public async Task Configured_WithAStaleCid_HealsByItsName()
    {
        await EnclaveAsync(17, "one");
        _nitroCli.Tell(FakeNitroCli.Enclave("proof-server", 17));
        var proxy = await ProxyAsync("Enclaves:0:Name=proof-server", "Enclaves:0:Cid=16", "Enclaves:0:Port=5000");
        Assert.Equal("one", await WhoAsync(proxy));
        Assert.Equal("vsock://17:5000", (await proxy.EnclaveAsync("0")).GetProperty("endpoint").GetString());
        Assert.Equal("0", (await DiscoveryAsync(proxy)).GetProperty("enclaves")[0].GetProperty("id").GetString());

        // A reload of something else keeps what is known.
        proxy.Apply("Timeouts:Connect=00:00:03");
        Assert.Equal("vsock://17:5000", proxy.Server.Registry.Find("0")!.Endpoint.ToString());
    }

    [Fact]
    public async Task Configured_SeenForTheFirstTime_KeepsItsConnections()
    {
        await EnclaveAsync(16, "one");
        var proxy = await ProxyAsync("Enclaves:0:Name=app", "Enclaves:0:Cid=16", "Enclaves:0:Port=6300");
        Assert.Equal("one", await WhoAsync(proxy));
        var before = proxy.Server.Registry.Find("0")!;
        _nitroCli.Tell(FakeNitroCli.Enclave("app", 16));
        await Eventually.TrueAsync(() => before.Instance is not null);
        Assert.Same(before, proxy.Server.Registry.Find("0"));
    }

    [Theory]
    [InlineData("[]", "")]
    [InlineData("[ { \"EnclaveID\"", "")]
    [InlineData("[]", "error")]
    [InlineData("[]", "hang")]
    [InlineData("[]", "flood")]
    public async Task BadOutput_WhatIsKnownStays(string output, string mode)
    {
        await EnclaveAsync(16, "one");
        _nitroCli.Tell(FakeNitroCli.Enclave("app", 16));
        var proxy = await ProxyAsync("Discovery:Timeout=00:00:15");
        var before = proxy.Server.Registry.Find("app");
        Assert.NotNull(before);

        _nitroCli.Print(output);
        _nitroCli.Do(mode);

        // Only now: a call that is merely slow must not be taken for one that hangs.
        if (mode == "hang")
            proxy.Apply("Discovery:Timeout=00:00:00.500");
        await _nitroCli.CalledAgainAsync();
        Assert.Same(before, proxy.Server.Registry.Find("app"));
        Assert.Equal("one", await WhoAsync(proxy));

        var fails = (output, mode) != ("[]", "");
        Assert.Equal(
            fails ? 1 : 0, proxy.Log.Entries.Count(entry => entry.Message.StartsWith("Discovery failed", StringComparison.Ordinal)));
        _nitroCli.Tell(FakeNitroCli.Enclave("app", 16));
        _nitroCli.Do("");
        proxy.Apply("Discovery:Timeout=00:01:00");
        await _nitroCli.CalledAgainAsync();
        Assert.Equal(
            fails ? 1 : 0, proxy.Log.Entries.Count(entry => entry.Message.StartsWith("Discovery works again", StringComparison.Ordinal)));
        Assert.Same(before, proxy.Server.Registry.Find("app"));
    }

    [Fact]
    public async Task Program_IsInstalledLater_IsUsedThen()
    {
        await EnclaveAsync(16, "one");
        var proxy = await ProxyAsync("Discovery:NitroCli=/nonexistent/nitro-cli");
        Assert.Single(
            proxy.Log.AtLeast(LogLevel.Warning),
            entry => entry.Message.Contains("/nonexistent/nitro-cli does not exist", StringComparison.Ordinal));
        Assert.StartsWith("ENOENT", (await DiscoveryAsync(proxy)).GetProperty("lastError").GetString(), StringComparison.Ordinal);

        _nitroCli.Tell(FakeNitroCli.Enclave("app", 16));
        proxy.Apply($"Discovery:NitroCli={_nitroCli.Program}", "Retry:WaitForEnclave=00:00:50");
        Assert.Equal("one", await WhoAsync(proxy));
    }

    [Fact]
    public async Task Reload_SwitchesItOnAndOff()
    {
        await EnclaveAsync(16, "one");
        await EnclaveAsync(17, "two");
        _nitroCli.Tell(FakeNitroCli.Enclave("app", 16));
        var proxy = await ProxyAsync("Discovery:Enabled=false", "Enclaves:0:Cid=17", "Enclaves:0:Port=6300");
        Assert.Equal(JsonValueKind.Null, (await DiscoveryAsync(proxy)).ValueKind);
        Assert.Equal(0, _nitroCli.Calls);

        proxy.Apply("Discovery:Enabled=true");
        await Eventually.TrueAsync(() => proxy.Server.Registry.Find("app") is { IsUsable: true });
        proxy.Apply("Discovery:EnclaveName=other*");
        Assert.Null(proxy.Server.Registry.Find("app"));
        proxy.Apply("Discovery:EnclaveName=a??");
        Assert.NotNull(proxy.Server.Registry.Find("app"));
        proxy.Apply("Discovery:Enabled=false");
        Assert.Equal("0", Assert.Single(proxy.Server.Registry.All).Id);
        Assert.Equal("two", await WhoAsync(proxy));
        Assert.Equal(JsonValueKind.Null, (await DiscoveryAsync(proxy)).ValueKind);
    }

    [Fact]
    public async Task EnclaveReference_MeansDiscoveredOnesToo()
    {
        await EnclaveAsync(16, "one");
        await EnclaveAsync(17, "two");
        _nitroCli.Tell(FakeNitroCli.Enclave("app", 16));
        var proxy = await ProxyAsync(
            "ReverseProxy:Clusters:c:Destinations:d:Address=enclave://api*",
            "ReverseProxy:Routes:r:ClusterId=c",
            "ReverseProxy:Routes:r:Match:Path=/api/{**rest}",
            "Retry:WaitForEnclave=00:00:50");
        Assert.Equal("one", await WhoAsync(proxy));
        var waiting = WhoAsync(proxy, "/api/x");
        _nitroCli.Tell(FakeNitroCli.Enclave("app", 16), FakeNitroCli.Enclave("api-1", 17));
        Assert.Equal("two", await waiting);
    }

    [Fact]
    public async Task Stop_CallIsRunning_EndsInTime()
    {
        await EnclaveAsync(16, "one");
        _nitroCli.Tell(FakeNitroCli.Enclave("app", 16));
        var proxy = await ProxyAsync("Discovery:Timeout=01:00:00");
        _nitroCli.Do("hang");
        await Eventually.TrueAsync(() => _nitroCli.Child is not null);
        Assert.True(await proxy.StopAsync().WaitAsync(TestDeadline.Value));
    }

    private static async Task<string> WhoAsync(TestProxy proxy, string path = "/echo")
    {
        using var response = await proxy.Http.GetAsync(path);
        return Assert.Single(response.Headers.GetValues("X-Enclave"));
    }

    private static async Task<string?> TryWhoAsync(TestProxy proxy)
    {
        using var response = await proxy.Http.GetAsync("/echo");
        return response.StatusCode == HttpStatusCode.OK ? response.Headers.GetValues("X-Enclave").Single() : null;
    }

    private static async Task<JsonElement> DiscoveryAsync(TestProxy proxy)
    {
        using var response = await proxy.Admin.GetAsync("/health");
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return json.RootElement.GetProperty("discovery").Clone();
    }

    private async Task<TestEnclave> EnclaveAsync(uint cid, string name)
    {
        var enclave = await TestEnclave.StartAsync(name: name);
        _started.Add(enclave);
        _vsock[cid] = enclave;
        return enclave;
    }

    private async Task<TestProxy> ProxyAsync(params string[] settings)
    {
        var proxy = await TestProxy.StartAsync(_vsock, [.. _nitroCli.Settings, .. settings]);
        _started.Add(proxy);
        return proxy;
    }
}
