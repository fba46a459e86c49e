using System.Net;
using System.Text;
using ParentProxy.Enclaves;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

/// <summary>What is counted of requests: each once, by what it came to.</summary>
public sealed class RequestMetricsTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Requests_Answered_AreCountedByMethodAndStatus(string version)
    {
        await using var enclave = await TestEnclave.StartAsync(http2: version == "2");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, $"Routing:HttpVersion={version}");

        await proxy.ExchangeAsync("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
        await proxy.ExchangeAsync("HEAD /echo HTTP/1.1\r\nHost: x\r\n\r\n", bodiless: true);
        await proxy.ExchangeAsync("GET /status/404 HTTP/1.1\r\nHost: x\r\n\r\n");
        await proxy.ExchangeAsync("GET /status/204 HTTP/1.1\r\nHost: x\r\n\r\n", bodiless: true);
        await proxy.ExchangeAsync("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
        await proxy.ExchangeAsync("BREW /echo HTTP/1.1\r\nHost: x\r\n\r\n");
        await proxy.ExchangeAsync("get /echo HTTP/1.1\r\nHost: x\r\n\r\n");
        await proxy.ExchangeAsync("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal(["GET 200 1", "GET 204 1", "GET 404 1", "HEAD 200 1", "OTHER 200 2", "POST 200 1"], Counts(proxy, "0"));
        Assert.Empty(Counts(proxy, "none"));
    }

    [Fact]
    public async Task AnswerInHand_RequestIsCounted()
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);
        await using var client = await proxy.ConnectAsync();
        for (var i = 1; i <= 200; i++)
        {
            await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
            await client.ReadHeadAsync();
            Assert.Equal([$"GET 200 {i}"], Counts(proxy, "0"));
            await client.ReadExactlyAsync(2);
        }
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task NobodyListens_CountedAtNone(string version)
    {
        await using var proxy = await TestProxy.StartAsync([
            .. TestProxy.Enclave(0, "unix:/nonexistent/e.sock"),
            "Health:Probe:Enabled=false",
            "Retry:WaitForEnclave=00:00:00.050",
            $"Routing:HttpVersion={version}"]);

        Assert.Equal(503, (await proxy.ExchangeAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n")).Status);

        Assert.Equal(["GET 503 1"], Counts(proxy, "none"));
        Assert.Empty(Counts(proxy, "0"));
        var dials = Assert.Single(Of(proxy, "0").Connects.Read());
        Assert.Equal("ENOENT", dials.Name);
        Assert.Contains(Of(proxy, "0").Errors.Latest, error => error.Code == "ENOENT");
    }

    [Fact]
    public async Task RefusedByUs_CountedAtNone()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, "Limits:MaxRequestBodyBytes=3");

        Assert.Equal(413, (await proxy.ExchangeAsync("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd")).Status);
        Assert.Equal(400, (await proxy.ExchangeAsync(
            "OPTIONS * HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n")).Status);

        Assert.Equal(["OPTIONS 400 1", "POST 413 1"], Counts(proxy, "none"));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task ClientGoneBeforeTheHead_Is499(string version)
    {
        await using var enclave = await TestEnclave.StartAsync(http2: version == "2");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, $"Routing:HttpVersion={version}");
        await using (var client = await proxy.ConnectAsync())
        {
            await client.SendAsync("GET /hang HTTP/1.1\r\nHost: x\r\n\r\n");
            await Eventually.TrueAsync(() => enclave.Simulated.Requests == 1);
        }

        await Eventually.TrueAsync(() => All(proxy).Length > 0, () => string.Join(", ", All(proxy)));
        Assert.Equal(["0: GET 499 1"], All(proxy));
    }

    [Fact]
    public async Task EnclaveEndsWithoutAnswer_Is502OnceHoweverOftenItWasTried()
    {
        await using var enclave = ScriptedEnclave.Start(async connection => await connection.ReadMessageAsync());
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        Assert.Equal(502, (await proxy.ExchangeAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n")).Status);

        Assert.Equal(["0: GET 502 1"], All(proxy));
        Assert.Equal(2, await proxy.RetriesAsync("reset"));
        Assert.Equal(3, enclave.Accepted);
        Assert.Equal(["ok 3"], Of(proxy, "0").Connects.Read().Select(c => $"{c.Name} {c.Count}"));
    }

    [Fact]
    public async Task Failover_IsCountedWhereTheRequestLeft()
    {
        await using var dead = ScriptedEnclave.Start(async connection => await connection.ReadMessageAsync());
        await using var alive = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.StartAsync([
            .. TestProxy.Enclave(0, dead.EndPoint),
            .. TestProxy.Enclave(1, alive.EndPoint),
            "Health:Probe:Enabled=false",
            "Routing:LoadBalancing=FirstAlphabetical"]);

        Assert.Equal(200, (await proxy.ExchangeAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n")).Status);

        Assert.Equal(["1: GET 200 1"], All(proxy));
        await Eventually.TrueAsync(() => Of(proxy, "0").Failovers == 1);
        Assert.Equal(0, Of(proxy, "1").Failovers);
    }

    [Theory]
    [InlineData("1.1", "chunked")]
    [InlineData("1.1", "length")]
    [InlineData("2", "chunked")]
    [InlineData("2", "length")]
    public async Task Bytes_OfBodiesAreCountedWithoutTheirFraming(string version, string framing)
    {
        const int size = 300_000;
        await using var enclave = await TestEnclave.StartAsync(http2: version == "2");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, $"Routing:HttpVersion={version}");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/sha256") { Content = new ByteArrayContent(new byte[size]) };
        request.Headers.TransferEncodingChunked = framing == "chunked";

        using var answer = await proxy.Http.SendAsync(request);
        var received = (await answer.Content.ReadAsByteArrayAsync()).Length;

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(size, Of(proxy, "0").RequestBytes);
        Assert.Equal(received, Of(proxy, "0").ResponseBytes);
    }

    [Fact]
    public async Task Tunnel_CountedAs101AndItsBytesWhileItLasts()
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
            await connection.ReadExactlyAsync(5);
            await connection.SendAsync("1234567");
            await connection.ReadToEndAsync();
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
        await client.ReadHeadAsync();
        Assert.Equal(["0: GET 101 1"], All(proxy));
        await client.SendAsync("abcde");
        await client.ReadExactlyAsync(7);

        await Eventually.TrueAsync(() => Of(proxy, "0") is { RequestBytes: 5, ResponseBytes: 7 });
        Assert.Equal(["0: GET 101 1"], All(proxy));
    }

    [Fact]
    public async Task Reload_NewAddressOfTheSameId_GoesOnCounting()
    {
        await using var first = ScriptedEnclave.Answering(Ok);
        await using var second = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(first);
        await proxy.ExchangeAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        proxy.ApplyWithout("Enclaves:", TestProxy.Enclave(0, second.EndPoint));
        await proxy.ExchangeAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Single(second.Requests);
        Assert.Equal(["0: GET 200 2"], All(proxy));
    }

    [Fact]
    public async Task ManyClientsAtOnce_NothingIsLostOrCountedTwice()
    {
        const int clients = 16, each = 200;
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async client =>
        {
            await using var connection = await proxy.ConnectAsync();
            var request = Encoding.Latin1.GetBytes($"GET /status/{200 + client} HTTP/1.1\r\nHost: x\r\n\r\n");
            for (var i = 0; i < each; i++)
            {
                await connection.SendAsync(request);
                await connection.ReadMessageAsync(bodiless: 200 + client is 204 or 205);
            }
        }));

        Assert.Equal(Enumerable.Range(200, clients).Select(code => $"GET {code} {each}"), Counts(proxy, "0"));
        Assert.Equal(clients * each, Of(proxy, "0").Requests.Total);
        Assert.Equal(0, Of(proxy, "0").Requests.ServerErrors);
    }

    private static EnclaveMetrics Of(TestProxy proxy, string id) => proxy.Server.Registry.Meter.Of(id);

    private static string[] Counts(TestProxy proxy, string id) =>
        [.. Of(proxy, id).Requests.Read().Select(row => $"{row.Method} {row.Code} {row.Count}").Order(StringComparer.Ordinal)];

    private static string[] All(TestProxy proxy) =>
        [.. proxy.Server.Registry.Meter.All.SelectMany(enclave => Counts(proxy, enclave.Id).Select(count => $"{enclave.Id}: {count}"))];
}
