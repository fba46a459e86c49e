using System.Text;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Egress.Tunnels;

/// <summary>The HTTP proxy by CONNECT, as real clients ask it.</summary>
public sealed class ConnectTests
{
    [Theory]
    [InlineData("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n")]
    [InlineData("CONNECT {0} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")]
    [InlineData("CONNECT {0} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\nproxy-connection: keep-alive\r\n\r\n")]
    [InlineData("CONNECT {0} HTTP/1.0\r\n\r\n")]
    [InlineData("\r\nCONNECT {0} HTTP/1.1\r\nHost: {0}\r\nContent-Length: 0\r\nUser-Agent: x\r\n\r\n")]
    public async Task Connect_AllowedAddress_CarriesBothWays(string request)
    {
        await using var origin = Origins.Echo();
        var host = EgressBench.HostOf(origin.EndPoint);
        await using var bench = await EgressBench.StartAsync([host]);
        await using var client = await bench.ConnectAsync();

        // What follows the head at once is the tunnel's.
        await client.SendAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, request, host) + "early\n");

        Assert.Equal("HTTP/1.1 200 OK", await client.ReadLineAsync());
        Assert.Equal("", await client.ReadLineAsync());
        Assert.Equal("early", await client.ReadLineAsync());
        await client.SendAsync("more\n");
        Assert.Equal("more", await client.ReadLineAsync());
        client.ShutdownSend();
        Assert.Null(await client.ReadLineAsync());

        var line = await bench.Proxy.Log.WaitForAsync(entry => entry.Message.StartsWith("Egress of", StringComparison.Ordinal));
        Assert.Contains($"Egress of app (CID 16) on unix:", line.Message, StringComparison.Ordinal);
        Assert.Contains($"to {host} ({host}, by Egress:Allow:0)", line.Message, StringComparison.Ordinal);
        Assert.Contains("11 bytes from the enclave, 11 to it", line.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_DeniedThenAllowedOnTheSameConnection_IsRefusedInWordsThenServed()
    {
        await using var origin = Origins.Echo();
        var host = EgressBench.HostOf(origin.EndPoint);
        await using var bench = await EgressBench.StartAsync([host]);
        await using var client = await bench.ConnectAsync();

        await client.SendAsync("CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n\r\n");
        var refusal = await client.ReadMessageAsync();

        Assert.StartsWith("HTTP/1.1 403 Forbidden: ", refusal.StartLine, StringComparison.Ordinal);
        Assert.Contains("api.example:443", refusal.StartLine, StringComparison.Ordinal);
        Assert.Equal("application/problem+json", refusal.Field("Content-Type"));
        Assert.Null(refusal.Field("Connection"));
        Assert.Equal(403, refusal.Json().GetProperty("status").GetInt32());
        Assert.Contains("Egress:Allow", refusal.Json().GetProperty("detail").GetString(), StringComparison.Ordinal);

        await client.SendAsync($"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.Equal(200, (await client.ReadHeadAsync())!.Status);
        await client.SendAsync("hello\n");
        Assert.Equal("hello", await client.ReadLineAsync());
        await Eventually.TrueAsync(() => bench.NotReached.Count() == 1);
        Assert.Contains("app (CID 16) did not reach api.example:443", bench.NotReached.Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CONNECT api.example:80 HTTP/1.1\r\nHost: api.example:80\r\n\r\n")]
    [InlineData("GET http://api.example/ HTTP/1.1\r\nHost: api.example\r\n\r\n")]
    public async Task Denied_WhatAnotherEnclaveMay_IsSaidInTheLogAlone(string request)
    {
        await using var bench = await EgressBench.StartAsync(
            ["127.0.0.1:1"], "Egress:Allow:1:Cids:0=17", "Egress:Allow:1:Hosts:0=api.example:80");

        var refusal = await bench.ExchangeAsync(request);

        const string reason =
            "no rule of Egress:Allow for app (CID 16) names api.example:80; add \"api.example:80\" to the Hosts of one";
        Assert.Equal(403, refusal.Status);
        Assert.Equal($"api.example:80: {reason}", refusal.Json().GetProperty("detail").GetString());
        await Eventually.TrueAsync(() => bench.NotReached.Any());
        Assert.EndsWith(
            $"{reason} (Egress:Allow:1 has it for other enclaves alone)", bench.NotReached.Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CONNECT api.example:443 HTTP/1.0\r\n\r\n")]
    [InlineData("CONNECT api.example:443 HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n")]
    public async Task Connect_DeniedAndNotKept_ClosesBehindTheAnswer(string request)
    {
        await using var bench = await EgressBench.StartAsync(["127.0.0.1:1"]);
        await using var client = await bench.ConnectAsync();

        await client.SendAsync(request);

        var refusal = await client.ReadMessageAsync();
        Assert.Equal(403, refusal.Status);
        Assert.Equal("close", refusal.Field("Connection"));
        Assert.Equal("", Encoding.Latin1.GetString((await client.ReadToEndAsync()).Received));
    }

    [Theory]
    [InlineData("CONNECT 127.0.0.1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400)]
    [InlineData("CONNECT 127.0.0.1:0 HTTP/1.1\r\nHost: 127.0.0.1:0\r\n\r\n", 400)]
    [InlineData("CONNECT 127.0.0.1:65536 HTTP/1.1\r\nHost: 127.0.0.1:65536\r\n\r\n", 400)]
    [InlineData("CONNECT user@127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n", 400)]
    [InlineData("CONNECT http://127.0.0.1:1/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n", 400)]
    [InlineData("CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.2:1\r\n\r\n", 400)]
    [InlineData("CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:2\r\n\r\n", 400)]
    [InlineData("CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n", 400)]
    [InlineData("CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\nHost: 127.0.0.1:1\r\n\r\n", 400)]
    [InlineData("CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: 3\r\n\r\nabc", 400)]
    [InlineData("CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\nTransfer-Encoding: chunked\r\n\r\n", 400)]
    [InlineData("CONNECT 127.0.0.1:1 HTTP/2.0\r\nHost: 127.0.0.1:1\r\n\r\n", 505)]
    [InlineData("CONNECT  127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n", 400)]
    [InlineData("CONNECT 127.0.0.1:1 HTTP/1.1\r\n Host: 127.0.0.1:1\r\n\r\n", 400)]
    [InlineData("CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost : 127.0.0.1:1\r\n\r\n", 400)]
    [InlineData("CONNECT 127.0.0.1:1 HTTP/1.1\nHost: 127.0.0.1:1\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n", 400)]
    [InlineData("GET https://127.0.0.1:1/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n", 400)]
    public async Task Request_ThatIsNone_IsAnsweredAndNothingIsDialled(string request, int status)
    {
        await using var bench = await EgressBench.StartAsync(["127.0.0.1:*"]);
        await using var client = await bench.ConnectAsync();

        await client.SendAsync(request);

        var answer = await client.ReadMessageAsync();
        Assert.Equal(status, answer.Status);
        Assert.Equal("close", answer.Field("Connection"));
        Assert.Equal("", Encoding.Latin1.GetString((await client.ReadToEndAsync()).Received));
        Assert.Contains("malformed", Assert.Single(bench.NotReached), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_NobodyListens_IsABadGatewayThatNamesTheErrnoInTheLog()
    {
        using var closed = new ClosedPort();
        var host = EgressBench.HostOf(closed.EndPoint);
        await using var bench = await EgressBench.StartAsync([host]);

        var answer = await bench.ExchangeAsync($"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n");

        Assert.Equal(502, answer.Status);
        Assert.Contains(host, answer.StartLine, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => bench.NotReached.Any());
        Assert.Contains($"{host} ECONNREFUSED. Nobody listens there", bench.NotReached.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_HeadTooLarge_Is431()
    {
        await using var bench = await EgressBench.StartAsync(["127.0.0.1:1"]);

        var answer = await bench.ExchangeAsync(
            $"CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\nX: {new string('x', 70_000)}\r\n\r\n");

        Assert.Equal(431, answer.Status);
    }

    [Fact]
    public async Task Request_ThatComesTooSlowly_Is408()
    {
        await using var bench = await EgressBench.StartAsync(["127.0.0.1:1"], "Egress:RequestTimeout=00:00:02");
        await using var client = await bench.ConnectAsync();

        await client.SendAsync("CONNECT 127.0.0.1:1 HT");

        Assert.Equal(408, (await client.ReadMessageAsync()).Status);
    }

    [Fact]
    public async Task Connect_NameThatLeadsToTheLoopback_NeedsARuleForTheAddress()
    {
        await using var origin = Origins.Echo();
        var port = EgressBench.HostOf(origin.EndPoint).Split(':')[1];
        await using var bench = await EgressBench.StartAsync([$"localhost:{port}"]);
        var request = $"CONNECT localhost:{port} HTTP/1.1\r\nHost: LOCALHOST.:{port}\r\n\r\n";

        Assert.Equal(403, (await bench.ExchangeAsync(request)).Status);
        Assert.Equal(0, origin.Accepted);

        bench.Proxy.Apply("Egress:Allow:0:Hosts:1=127.0.0.0/8:*");
        await using var client = await bench.ConnectAsync();
        await client.SendAsync(request + "hello\n");
        Assert.Equal(200, (await client.ReadHeadAsync())!.Status);
        Assert.Equal("hello", await client.ReadLineAsync());
    }

    [Fact]
    public async Task Connect_Tunnel_IsCountedAndShown()
    {
        await using var origin = Origins.Echo();
        var host = EgressBench.HostOf(origin.EndPoint);
        await using var bench = await EgressBench.StartAsync([host]);
        await using (var client = await bench.ConnectAsync())
        {
            await client.SendAsync($"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\nabc\n");
            Assert.Equal(200, (await client.ReadHeadAsync())!.Status);
            Assert.Equal("abc", await client.ReadLineAsync());
            Assert.Equal(1, await bench.MetricAsync("parentproxy_egress_open_connections{listener=\"unix:DIR/connect.sock\"}"));
        }

        const string ended =
            "parentproxy_egress_connections_total{listener=\"unix:DIR/connect.sock\",result=\"ok\",rule=\"Egress:Allow:0\"}";
        await Eventually.TrueAsync(async () => await bench.MetricAsync(ended) == 1);
        Assert.Equal(
            4, await bench.MetricAsync("parentproxy_egress_bytes_total{from=\"enclave\",listener=\"unix:DIR/connect.sock\"}"));
        Assert.Equal(403, (await bench.ExchangeAsync("CONNECT a.example:1 HTTP/1.0\r\n\r\n")).Status);
        var page = await bench.Proxy.Admin.GetStringAsync("/");
        Assert.Contains("HTTP proxy", page, StringComparison.Ordinal);
        Assert.Contains("a.example:1", page, StringComparison.Ordinal);
    }
}
