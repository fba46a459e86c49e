using System.Text;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Egress.Tunnels;

/// <summary>Plain HTTP through the proxy: requests whose target is a whole address.</summary>
public sealed class AbsoluteFormTests
{
    private const string Ok = "HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nX-Origin: yes\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\nok";

    [Fact]
    public async Task Get_OnAKeptConnection_ReachesEachOriginInOriginForm()
    {
        await using var one = ScriptedEnclave.Answering(Ok);
        await using var two = ScriptedEnclave.Answering(Ok.Replace("Fine", "Two", StringComparison.Ordinal));
        var (first, second) = (EgressBench.HostOf(one.EndPoint), EgressBench.HostOf(two.EndPoint));
        await using var bench = await EgressBench.StartAsync([first, second]);
        await using var client = await bench.ConnectAsync();

        await client.SendAsync(
            $"GET http://{first}/a?b=c HTTP/1.1\r\nHost: {first}\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\n"
                + "Connection: X-Mine\r\nX-Mine: 1\r\nUpgrade: h2c\r\nX-End: yes\r\n\r\n");
        var answer = await client.ReadMessageAsync();
        await client.SendAsync($"GET HTTP://{second} HTTP/1.1\r\nHost: {second}\r\n\r\n");
        var other = await client.ReadMessageAsync();

        Assert.Equal(("HTTP/1.1 200 Fine", "ok"), (answer.StartLine, answer.Text));
        Assert.Equal(("yes", null), (answer.Field("X-Origin"), answer.Field("X-Hop")));
        Assert.Equal("HTTP/1.1 200 Two", other.StartLine);
        var request = Assert.Single(one.Requests);
        Assert.Equal("GET /a?b=c HTTP/1.1", request.StartLine);
        Assert.Equal(first, request.Field("Host"));
        Assert.Equal("yes", request.Field("X-End"));
        Assert.Equal("close", request.Field("Connection"));
        foreach (var name in (string[])["Proxy-Connection", "Proxy-Authorization", "X-Mine", "Upgrade"])
            Assert.Null(request.Field(name));
        Assert.Equal("GET / HTTP/1.1", Assert.Single(two.Requests).StartLine);
    }

    [Theory]
    [InlineData("Content-Length: 5\r\n\r\nhello")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nX-Trailer: 1\r\n\r\n")]
    public async Task Post_WithABody_PassesItOn(string rest)
    {
        await using var origin = ScriptedEnclave.Answering(Ok);
        var host = EgressBench.HostOf(origin.EndPoint);
        await using var bench = await EgressBench.StartAsync([host]);
        await using var client = await bench.ConnectAsync();

        await client.SendAsync($"POST http://{host}/p HTTP/1.1\r\nHost: {host}\r\n{rest}");
        Assert.Equal("ok", (await client.ReadMessageAsync()).Text);
        await client.SendAsync($"HEAD http://{host}/h HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.Equal("2", (await client.ReadMessageAsync(bodiless: true)).Field("Content-Length"));

        Assert.Equal(["POST /p HTTP/1.1", "HEAD /h HTTP/1.1"], origin.Requests.Select(request => request.StartLine));
        Assert.Equal("hello", origin.Requests[0].Text);
    }

    [Theory]
    [InlineData("HTTP/1.1", "chunked", null)]
    [InlineData("HTTP/1.0", null, "close")]
    public async Task Answer_ThatEndsWithItsConnection_EndsAsTheClientUnderstands(string version, string? coding, string? connection)
    {
        await using var origin = ScriptedEnclave.Start(async wire =>
        {
            await wire.ReadMessageAsync();
            await wire.SendAsync("HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\nto the end");
        });
        var host = EgressBench.HostOf(origin.EndPoint);
        await using var bench = await EgressBench.StartAsync([host]);
        await using var client = await bench.ConnectAsync();

        await client.SendAsync($"GET http://{host}/ {version}\r\nHost: {host}\r\n\r\n");

        Assert.Equal(103, (await client.ReadHeadAsync())!.Status);
        var answer = await client.ReadMessageAsync();
        Assert.Equal(("to the end", coding, connection), (answer.Text, answer.Field("Transfer-Encoding"), answer.Field("Connection")));
    }

    [Fact]
    public async Task Answer_ThatBreaksOff_IsCutForTheClientToo()
    {
        await using var origin = ScriptedEnclave.Start(async wire =>
        {
            await wire.ReadMessageAsync();
            await wire.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        });
        var host = EgressBench.HostOf(origin.EndPoint);
        await using var bench = await EgressBench.StartAsync([host]);
        await using var client = await bench.ConnectAsync();

        await client.SendAsync($"GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n");

        Assert.Equal("100", (await client.ReadHeadAsync())!.Field("Content-Length"));
        Assert.Equal("half", Encoding.Latin1.GetString((await client.ReadToEndAsync()).Received));
    }

    [Fact]
    public async Task Origin_ThatClosesWithoutAnAnswer_IsABadGateway()
    {
        await using var origin = ScriptedEnclave.Start(wire => wire.ReadMessageAsync());
        var host = EgressBench.HostOf(origin.EndPoint);
        await using var bench = await EgressBench.StartAsync([host]);

        var answer = await bench.ExchangeAsync($"GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n");

        Assert.Equal(502, answer.Status);
    }

    [Theory]
    [InlineData("GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: 127.0.0.1:2\r\n\r\n")]
    [InlineData("GET http://127.0.0.1:1/ HTTP/1.1\r\n\r\n")]
    [InlineData("GET http://user:secret@127.0.0.1:1/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n")]
    [InlineData("GET http://127.0.0.1:1/#part HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n")]
    [InlineData("GET http:///x HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n")]
    [InlineData("POST http://127.0.0.1:1/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("POST http://127.0.0.1:1/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n")]
    [InlineData("POST http://127.0.0.1:1/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: +3\r\n\r\n")]
    [InlineData("POST http://127.0.0.1:1/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: \r\n\r\n")]
    [InlineData("POST http://127.0.0.1:1/ HTTP/1.0\r\nHost: 127.0.0.1:1\r\nTransfer-Encoding: chunked\r\n\r\n")]
    public async Task Request_ThatCanBeReadInTwoWays_IsRefused(string request)
    {
        await using var bench = await EgressBench.StartAsync(["127.0.0.1:*"]);

        var answer = await bench.ExchangeAsync(request);

        Assert.Equal(400, answer.Status);
        Assert.DoesNotContain("secret", string.Join('\n', bench.Proxy.Log.Entries), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_ForWhatNoRuleNames_Is403AndTheConnectionGoesOn()
    {
        await using var origin = ScriptedEnclave.Answering(Ok);
        var host = EgressBench.HostOf(origin.EndPoint);
        await using var bench = await EgressBench.StartAsync([host]);
        await using var client = await bench.ConnectAsync();

        await client.SendAsync("GET http://169.254.169.254/latest/meta-data/ HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n");
        Assert.Equal(403, (await client.ReadMessageAsync()).Status);
        await client.SendAsync($"GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.Equal(200, (await client.ReadMessageAsync()).Status);
    }
}
