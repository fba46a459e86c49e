using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Passthrough;

/// <summary>Which enclave a connection goes to, and what becomes of it when that one is none.</summary>
public sealed class FailoverTests
{
    private static readonly string[] TwoByTurns =
        [.. PassthroughExtensions.ToEnclaves, "Routing:LoadBalancing=RoundRobin", "Health:Probe:Enabled=false"];

    [Fact]
    public async Task Choose_RoundRobin_TakesTurns()
    {
        await using var one = PassthroughExtensions.Echo("one ");
        await using var two = PassthroughExtensions.Echo("two ");
        await using var proxy = await TestProxy.StartAsync(
            [.. TestProxy.Enclave(0, one.EndPoint), .. TestProxy.Enclave(1, two.EndPoint), .. TwoByTurns]);

        for (var i = 0; i < 10; i++)
            await proxy.AskRawAsync("x");

        Assert.Equal((5, 5), (one.Accepted, two.Accepted));
    }

    [Fact]
    public async Task Choose_LeastRequests_CountsOpenConnections()
    {
        await using var one = PassthroughExtensions.Echo("one ");
        await using var two = PassthroughExtensions.Echo("two ");
        await using var proxy = await TestProxy.StartAsync(
            [
                .. TestProxy.Enclave(0, one.EndPoint), .. TestProxy.Enclave(1, two.EndPoint), .. TwoByTurns,
                "Routing:LoadBalancing=LeastRequests",
            ]);
        List<WireConnection> open = [];
        for (var i = 0; i < 10; i++)
        {
            open.Add(await proxy.ConnectRawAsync());
            await open[^1].AskAsync("x");
        }

        Assert.Equal((5, 5), (one.Accepted, two.Accepted));
        Assert.Equal((5, 5), (await InFlightAsync("0"), await InFlightAsync("1")));
        foreach (var connection in open)
            await connection.DisposeAsync();
        await proxy.HasOpenAsync(0);
        await Eventually.TrueAsync(async () => (await InFlightAsync("0"), await InFlightAsync("1")) == (0, 0));

        async Task<int> InFlightAsync(string id) => (await proxy.EnclaveAsync(id)).GetProperty("inFlight").GetInt32();
    }

    [Fact]
    public async Task Connect_DeadEnclaveBesideALivingOne_NobodyNotices()
    {
        using var dead = new ClosedPort();
        await using var living = PassthroughExtensions.Echo();
        await using var proxy = await TestProxy.StartAsync(
            [.. TestProxy.Enclave(0, dead.EndPoint), .. TestProxy.Enclave(1, living.EndPoint), .. TwoByTurns]);

        for (var i = 0; i < 10; i++)
            Assert.Equal("x", await proxy.AskRawAsync("x"));

        Assert.Equal(10, living.Accepted);
        Assert.DoesNotContain(proxy.Log.Entries, entry => entry.Message.Contains("refused (", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Connect_EnclaveThatClosesBeforeAByte_TheClientIsServedByTheOther()
    {
        await using var closing = ScriptedEnclave.Start(_ => Task.CompletedTask);
        await using var living = PassthroughExtensions.Echo();
        await using var proxy = await TestProxy.StartAsync(
            [
                .. TestProxy.Enclave(0, closing.EndPoint), .. TestProxy.Enclave(1, living.EndPoint), .. TwoByTurns,
                "Passthrough:0:ProxyProtocol:Send=v1",
            ]);

        // It says nothing before its connection is where it stays.
        for (var i = 0; i < 10; i++)
        {
            await using var client = await proxy.ConnectRawAsync();
            var before = living.Accepted;
            await Eventually.TrueAsync(() => living.Accepted > before || i > 0 && living.Accepted == i + 1);
            await client.SendAsync("x\n");
            Assert.StartsWith("PROXY TCP4 127.0.0.1 127.0.0.1 ", await client.ReadLineAsync(), StringComparison.Ordinal);
            Assert.Equal("x", await client.ReadLineAsync());
        }

        Assert.Equal(10, living.Accepted);
        Assert.NotEqual(0, closing.Accepted);
    }

    [Fact]
    public async Task Connect_EveryEnclaveClosesBeforeAByte_TheClientSeesTheEndAfterMaxAttempts()
    {
        await using var closing = ScriptedEnclave.Start(_ => Task.CompletedTask);
        await using var proxy = await PassthroughExtensions.StartAsync(closing, "Retry:MaxAttempts=3");
        await using var client = await proxy.ConnectRawAsync();

        Assert.Equal(("", false), await client.ReadTextToEndAsync());

        Assert.Equal(3, closing.Accepted);
        client.ShutdownSend();
        await proxy.HasOpenAsync(0);
    }

    [Fact]
    public async Task Connect_AllAreDead_IsResetAfterTheWaitAndTheLineSaysWhy()
    {
        using var dead = new ClosedPort();
        await using var proxy = await TestProxy.StartAsync(
            [
                .. TestProxy.Enclave(0, dead.EndPoint), .. PassthroughExtensions.ToEnclaves, "Health:Probe:Enabled=false",
                "Retry:WaitForEnclave=00:00:02", "Passthrough:0:ConnectTimeout=00:00:02",
            ]);
        await using var client = await proxy.ConnectRawAsync();
        await client.SendAsync("x\n");

        await client.AssertResetAsync();

        var line = await proxy.Log.WaitForAsync(entry => entry.Message.Contains("was refused (no_enclave)", StringComparison.Ordinal));
        Assert.Equal(LogLevel.Warning, line.Level);
        Assert.Contains(dead.EndPoint["tcp://".Length..], line.Message, StringComparison.Ordinal);
        Assert.Contains("ECONNREFUSED", line.Message, StringComparison.Ordinal);
        await proxy.HasOpenAsync(0);
    }

    [Fact]
    public async Task Connect_NoneIsUsable_WaitsForOneThatComesBack()
    {
        using var directory = new TemporaryDirectory();
        var path = new UnixDomainSocketEndPoint(directory.File("e.sock"));
        await using var proxy = await TestProxy.StartAsync(
            [
                .. TestProxy.Enclave(0, $"unix:{path}"), .. PassthroughExtensions.ToEnclaves,
                "Health:Probe:Type=connect", "Retry:WaitForEnclave=00:00:30",
            ]);
        await using var client = await proxy.ConnectRawAsync();
        var asking = client.AskAsync("x");
        await Eventually.TrueAsync(async () => (await proxy.EnclaveAsync("0")).GetProperty("waiting").GetInt32() == 1);

        await using var enclave = PassthroughExtensions.Echo(endPoint: path);

        Assert.Equal("x", await asking);
    }

    /// <summary>The enclave is healthy, but nobody listens on the port that this listener dials.</summary>
    [Fact]
    public async Task Connect_NothingAtThePort_IsRefusedWithoutAStormOfDials()
    {
        using var dead = new ClosedPort();
        await using var enclave = PassthroughExtensions.Echo();
        await using var proxy = await PassthroughExtensions.StartAsync(
            enclave,
            $"Passthrough:0:Port={new Uri(dead.EndPoint).Port}",
            "Retry:WaitForEnclave=00:00:01",
            "Passthrough:0:ConnectTimeout=00:00:01");
        await using var client = await proxy.ConnectRawAsync();

        await client.AssertResetAsync();

        var line = await proxy.Log.WaitForAsync(entry => entry.Message.Contains("was refused (no_enclave)", StringComparison.Ordinal));
        Assert.Contains("ECONNREFUSED", line.Message, StringComparison.Ordinal);
        var dials = (await proxy.Admin.GetStringAsync("/metrics")).Split('\n')
            .Single(text => text.StartsWith("parentproxy_connects_total{", StringComparison.Ordinal)
                && text.Contains("ECONNREFUSED", StringComparison.Ordinal));
        Assert.InRange(int.Parse(dials[(dials.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture), 1, 60);
        Assert.Equal("healthy", (await proxy.EnclaveAsync("0")).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Eject_DialFails_EnclaveIsOutUntilItIsBack()
    {
        using var directory = new TemporaryDirectory();
        var path = new UnixDomainSocketEndPoint(directory.File("e.sock"));
        await using var one = PassthroughExtensions.Echo("one ", path);
        await using var two = PassthroughExtensions.Echo("two ");
        await using var proxy = await TestProxy.StartAsync(
            [
                .. TestProxy.Enclave(0, one.EndPoint), .. TestProxy.Enclave(1, two.EndPoint), .. PassthroughExtensions.ToEnclaves,
                "Routing:LoadBalancing=FirstAlphabetical", "Routing:SlowStart=00:00:00",
                "Health:Probe:Type=connect", "Health:Probe:Interval=01:00:00",
            ]);
        Assert.Equal("one a", await proxy.AskRawAsync("a"));

        one.StopAccepting();

        Assert.Equal("two b", await proxy.AskRawAsync("b"));
        await Eventually.TrueAsync(async () => (await proxy.HealthAsync()).GetProperty("status").GetString() == "degraded");
        Assert.NotEqual("healthy", (await proxy.EnclaveAsync("0")).GetProperty("state").GetString());
        File.Delete(directory.File("e.sock"));
        await using var again = PassthroughExtensions.Echo("again ", path);
        await proxy.WaitForStateAsync("0", "healthy");
        Assert.Equal("again c", await proxy.AskRawAsync("c"));
    }

    [Fact]
    public async Task Reload_EnclaveIsRemoved_ItsConnectionsHaveDrainAndEnd()
    {
        await using var one = PassthroughExtensions.Echo("one ");
        await using var two = PassthroughExtensions.Echo("two ");
        await using var proxy = await TestProxy.StartAsync(
            [
                .. TestProxy.Enclave(0, one.EndPoint), .. TestProxy.Enclave(1, two.EndPoint), .. TwoByTurns,
                "Routing:LoadBalancing=FirstAlphabetical", "Timeouts:Drain=00:00:06",
            ]);
        await using var client = await proxy.ConnectRawAsync();
        Assert.Equal("one a", await client.AskAsync("a"));

        proxy.ApplyWithout("Enclaves:0:");

        Assert.Equal("one b", await client.AskAsync("b"));
        Assert.Equal("two c", await proxy.AskRawAsync("c"));
        Assert.Equal(("", false), await client.ReadTextToEndAsync());
        var line = await proxy.Log.WaitForAsync(entry => entry.Message.Contains("had left the configuration", StringComparison.Ordinal));
        Assert.Contains("to enclave 0 ", line.Message, StringComparison.Ordinal);
        await proxy.HasOpenAsync(0);
    }

    [Fact]
    public async Task Kill_OneOfThreeUnderLoad_LosesNoConnectionThatHadNotSent()
    {
        var enclaves = Enumerable.Range(0, 3).Select(_ => ScriptedEnclave.Start(async connection =>
        {
            // Who is reset in the accept queue has not been greeted, and has not sent.
            await connection.SendAsync("hello\n");
            await connection.SendAsync(await connection.ReadLineAsync() + "\n");
        })).ToList();
        await using var proxy = await TestProxy.StartAsync(
            [.. enclaves.SelectMany((enclave, i) => TestProxy.Enclave(i, enclave.EndPoint)), .. TwoByTurns]);
        var (answered, isOver) = (0, false);
        var load = Enumerable.Range(0, 6).Select(async _ =>
        {
            while (!Volatile.Read(ref isOver))
            {
                await using var client = await proxy.ConnectRawAsync();
                Assert.Equal("hello", await client.ReadLineAsync());
                Assert.Equal("x", await client.AskAsync("x"));
                Interlocked.Increment(ref answered);
            }
        }).ToList();
        await Eventually.TrueAsync(() => Volatile.Read(ref answered) > 100);

        enclaves[1].StopAccepting();

        var before = Volatile.Read(ref answered);
        await Eventually.TrueAsync(() => Volatile.Read(ref answered) > before + 300 || load.Exists(client => client.IsFaulted));
        Volatile.Write(ref isOver, true);
        await Task.WhenAll(load);
        foreach (var enclave in enclaves)
            await enclave.DisposeAsync();
    }

    [Fact]
    public async Task Probe_OfAnEndpoint_ConnectsAndIsCountedInHealth()
    {
        await using var other = PassthroughExtensions.Echo();
        using var dead = new ClosedPort();
        await using var proxy = await TestProxy.StartAsync(
            "Passthrough:0:Listen=127.0.0.1:0", $"Passthrough:0:To={other.EndPoint}",
            "Passthrough:1:Listen=127.0.0.2:0", $"Passthrough:1:To={dead.EndPoint}");

        var health = await proxy.HealthAsync();

        Assert.Equal(("degraded", 1, 2), (
            health.GetProperty("status").GetString(), health.GetProperty("healthy").GetInt32(), health.GetProperty("total").GetInt32()));
        Assert.Equal("unhealthy", (await proxy.EnclaveAsync(dead.EndPoint)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Probe_Https_AsksOverTls()
    {
        using var certificate = new TestCertificate();
        await using var tls = await TlsEnclave.StartAsync(certificate);
        await using var plain = ScriptedEnclave.Start(connection => connection.SendAsync("220 no TLS here\r\n"));
        await using var proxy = await TestProxy.StartAsync(
            "Passthrough:0:Listen=127.0.0.1:0", $"Passthrough:0:To={tls.EndPoint}", "Passthrough:0:Probe=https",
            "Passthrough:1:Listen=127.0.0.2:0", $"Passthrough:1:To={plain.EndPoint}", "Passthrough:1:Probe=https",
            "Health:Probe:Timeout=00:00:30");

        Assert.Equal("healthy", (await proxy.EnclaveAsync(tls.EndPoint)).GetProperty("state").GetString());
        Assert.Equal("unhealthy", (await proxy.EnclaveAsync(plain.EndPoint)).GetProperty("state").GetString());
        Assert.NotEqual(0, tls.Requests);
    }
}
