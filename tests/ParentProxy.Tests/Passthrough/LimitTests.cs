using System.Net.Sockets;
using System.Threading.Channels;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Passthrough;

/// <summary>What is not let in, and what is not let go on.</summary>
public sealed class LimitTests
{
    [Fact]
    public async Task MaxConnections_Reached_ClosesTheNextAtOnceAndIsNotReady()
    {
        await using var enclave = PassthroughExtensions.Echo();
        await using var proxy = await PassthroughExtensions.StartAsync(enclave, "Passthrough:0:MaxConnections=2");
        await using (var one = await proxy.ConnectRawAsync())
        await using (var two = await proxy.ConnectRawAsync())
        {
            Assert.Equal("a", await one.AskAsync("a"));
            Assert.Equal("b", await two.AskAsync("b"));

            await using var three = await proxy.ConnectRawAsync();
            Assert.Empty((await three.ReadTextToEndAsync()).Text);

            await proxy.Log.WaitForAsync(entry =>
                entry.Message.Contains("which is MaxConnections of this Passthrough listener", StringComparison.Ordinal));
            using var ready = await proxy.Admin.GetAsync("/health/ready");
            Assert.Equal(503, (int)ready.StatusCode);
            Assert.Contains(
                "MaxConnections of this Passthrough listener", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            Assert.Equal("a", await one.AskAsync("a"));
        }

        await proxy.HasOpenAsync(0);
        Assert.Equal("c", await proxy.AskRawAsync("c"));
        Assert.Equal(1, proxy.Server.Passthrough.Open[0].Counts.TotalRefused);
        await Eventually.TrueAsync(async () => (int)(await proxy.Admin.GetAsync("/health/ready")).StatusCode == 200);
    }

    [Fact]
    public async Task MaxConnectionsPerSource_Reached_ResetsTheNextAndFreesOnClose()
    {
        await using var enclave = PassthroughExtensions.Echo();
        await using var proxy = await PassthroughExtensions.StartAsync(enclave, "Passthrough:0:MaxConnectionsPerSource=2");
        for (var i = 0; i < 3; i++)
        {
            await using (var one = await proxy.ConnectRawAsync())
            await using (var two = await proxy.ConnectRawAsync())
            {
                Assert.Equal("a", await one.AskAsync("a"));
                Assert.Equal("b", await two.AskAsync("b"));
                await using var three = await proxy.ConnectRawAsync();
                await three.AssertResetAsync();
            }

            await proxy.HasOpenAsync(0);
        }

        await proxy.Log.WaitForAsync(entry => entry.Message.Contains(
            "(source_limit): 2 are open from its address, which is MaxConnectionsPerSource", StringComparison.Ordinal));
    }

    [Fact]
    public async Task IdleTimeout_NothingMoves_EndsBothInOrder()
    {
        var enclaves = Channel.CreateUnbounded<WireConnection>();
        await using var enclave = PassthroughExtensions.Handing(connection => enclaves.Writer.TryWrite(connection));
        await using var proxy = await PassthroughExtensions.StartAsync(enclave, "Passthrough:0:IdleTimeout=00:00:02");
        await using var client = await proxy.ConnectRawAsync();
        await client.SendAsync("x\n");
        var far = await enclaves.Reader.ReadAsync();
        await far.ReadLineAsync();

        Assert.Equal(("", false), await client.ReadTextToEndAsync());
        Assert.Equal(("", false), await far.ReadTextToEndAsync());
        await AssertEndedAsync(proxy, "idle", "nothing moved for IdleTimeout");
    }

    [Fact]
    public async Task HalfCloseTimeout_NothingMovesAfterAnEnd_EndsBoth()
    {
        await using var enclave = PassthroughExtensions.Handing(_ => { });
        await using var proxy = await PassthroughExtensions.StartAsync(enclave, "Passthrough:0:HalfCloseTimeout=00:00:00.300");
        await using var client = await proxy.ConnectRawAsync();
        await client.SendAsync("x\n");
        client.ShutdownSend();

        Assert.Equal(("", false), await client.ReadTextToEndAsync());
        await AssertEndedAsync(proxy, "half_closed", "nothing came from the other for HalfCloseTimeout");
    }

    [Fact]
    public async Task StallTimeout_BothSendAndNeitherReads_ResetsBoth()
    {
        var enclaves = Channel.CreateUnbounded<WireConnection>();
        await using var enclave = PassthroughExtensions.Handing(connection => enclaves.Writer.TryWrite(connection));
        await using var proxy = await PassthroughExtensions.StartAsync(enclave, "Passthrough:0:StallTimeout=00:00:00.300");
        await using var client = await proxy.ConnectRawAsync();
        var sending = FloodAsync(client);
        var far = await enclaves.Reader.ReadAsync();
        var answering = FloodAsync(far);

        Assert.Equal((SocketError.ConnectionReset, SocketError.ConnectionReset), (await sending, await answering));
        await AssertEndedAsync(proxy, "stalled", "both sides sent, and neither read anything for StallTimeout");
    }

    private static async Task AssertEndedAsync(TestProxy proxy, string end, string sentence)
    {
        await proxy.Log.WaitForAsync(entry => entry.Message.Contains(sentence, StringComparison.Ordinal));
        await proxy.HasOpenAsync(0);
        Assert.Contains(
            (await proxy.Admin.GetStringAsync("/metrics")).Split('\n'),
            line => line.StartsWith("parentproxy_passthrough_connections_total{", StringComparison.Ordinal)
                && line.Contains($"end=\"{end}\"", StringComparison.Ordinal)
                && line.EndsWith(" 1", StringComparison.Ordinal));
    }

    private static async Task<SocketError> FloodAsync(WireConnection connection)
    {
        while (true)
        {
            try
            {
                await connection.SendAsync(new byte[60_000]);
            }
            catch (IOException ex)
            {
                return ((SocketException)ex.InnerException!).SocketErrorCode;
            }
        }
    }
}
