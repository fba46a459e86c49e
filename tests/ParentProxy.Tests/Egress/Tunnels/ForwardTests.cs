using System.Text;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Egress.Tunnels;

/// <summary>Listeners that lead to one destination each, as AWS's vsock-proxy has them.</summary>
public sealed class ForwardTests
{
    [Fact]
    public async Task Forward_AllowedPeer_CarriesAndPassesTheEndOfADirectionOn()
    {
        await using var origin = ScriptedEnclave.Start(async wire =>
        {
            var (received, _) = await wire.ReadToEndAsync();
            await wire.SendAsync($"{received.Length} bytes came");
        });
        await using var bench = await StartAsync(origin);
        await using var client = await bench.ConnectAsync("forward.sock");

        await client.SendAsync(new byte[1_000_000]);
        client.ShutdownSend();

        Assert.Equal("1000000 bytes came", Encoding.Latin1.GetString((await client.ReadToEndAsync()).Received));
    }

    [Fact]
    public async Task Forward_PeerWithoutARule_IsClosedAndTheLogNamesTheRule()
    {
        await using var origin = Origins.Echo();
        await using var bench = await StartAsync(origin, "Egress:Forwards:0:Peer:Cid=17");
        await using var client = await bench.ConnectAsync("forward.sock");

        Assert.Equal("", Encoding.Latin1.GetString((await client.ReadToEndAsync()).Received));

        await Eventually.TrueAsync(() => bench.NotReached.Any());
        Assert.Contains("CID 17 did not reach 127.0.0.1:", bench.NotReached.Single(), StringComparison.Ordinal);
        Assert.Contains("(denied)", bench.NotReached.Single(), StringComparison.Ordinal);
        Assert.Equal(0, origin.Accepted);
    }

    [Fact]
    public async Task Forward_OneEnclaveAtItsLimit_LeavesOthersAlone()
    {
        await using var origin = Origins.Echo();
        await using var bench = await StartAsync(origin, "Egress:MaxConnectionsPerEnclave=1");
        await using var first = await bench.ConnectAsync("forward.sock");
        await first.SendAsync("a\n");
        Assert.Equal("a", await first.ReadLineAsync());

        await using (var second = await bench.ConnectAsync("forward.sock"))
            Assert.Null(await second.ReadLineAsync());

        Assert.Contains("Egress:MaxConnectionsPerEnclave", Assert.Single(bench.NotReached), StringComparison.Ordinal);
        await first.SendAsync("b\n");
        Assert.Equal("b", await first.ReadLineAsync());
    }

    [Fact]
    public async Task Apply_OtherRulesAndListeners_HoldsForNewConnections()
    {
        await using var origin = Origins.Echo();
        await using var bench = await StartAsync(origin);
        await using var open = await bench.ConnectAsync("forward.sock");
        await open.SendAsync("a\n");
        Assert.Equal("a", await open.ReadLineAsync());

        bench.Proxy.Apply(
            "Egress:Deny:0:Hosts:0=127.0.0.0/8:*",
            bench.Setting("Egress:Forwards:1:Listen=unix:DIR/second.sock"),
            $"Egress:Forwards:1:To={EgressBench.HostOf(origin.EndPoint)}",
            "Egress:Forwards:1:Peer:Cid=16");

        await using (var refused = await bench.ConnectAsync("forward.sock"))
            Assert.Null(await refused.ReadLineAsync());
        await using (var refused = await bench.ConnectAsync("second.sock"))
            Assert.Null(await refused.ReadLineAsync());
        await open.SendAsync("b\n");
        Assert.Equal("b", await open.ReadLineAsync());

        bench.Proxy.ApplyWithout("Egress:Deny");
        await using var again = await bench.ConnectAsync("second.sock");
        await again.SendAsync("c\n");
        Assert.Equal("c", await again.ReadLineAsync());

        bench.Proxy.ApplyWithout("Egress:Forwards:1");
        await bench.Proxy.Log.WaitForAsync(entry => entry.Message.Contains("was taken from the configuration", StringComparison.Ordinal));
        await again.SendAsync("d\n");
        Assert.Equal("d", await again.ReadLineAsync());
    }

    [Fact]
    public async Task Stop_WithATunnelOpen_WaitsForItAndCutsItInTheEnd()
    {
        await using var origin = Origins.Echo();
        await using var bench = await StartAsync(origin, "Timeouts:Drain=00:00:01.100");
        await using var open = await bench.ConnectAsync("forward.sock");
        await open.SendAsync("a\n");
        Assert.Equal("a", await open.ReadLineAsync());

        Assert.False(await bench.Proxy.StopAsync());

        Assert.Null(await open.ReadLineAsync());
        await bench.Proxy.Log.WaitForAsync(entry => entry.Message.Contains("Timeouts:Drain was over", StringComparison.Ordinal));
    }

    private static Task<EgressBench> StartAsync(ScriptedEnclave origin, params string[] settings)
    {
        var host = EgressBench.HostOf(origin.EndPoint);
        return EgressBench.StartAsync(
            [host],
            [
                "Egress:Forwards:0:Listen=unix:DIR/forward.sock",
                $"Egress:Forwards:0:To={host}",
                "Egress:Forwards:0:Peer:Cid=16",
                .. settings,
            ]);
    }
}
