using System.Net;
using System.Text;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

/// <summary>The same over every transport.</summary>
public sealed class TransportTests
{
    public static TheoryData<string> Transports => ["unix", "tcp", "hybrid"];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Get_Answered_AsTheEnclaveAnswersIt(string transport)
    {
        await using var enclave = await TestEnclave.StartAsync(transport, name: "blue");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);

        var answer = await proxy.ExchangeAsync("GET /headers?X-Custom=a%20b HTTP/1.1\r\nHost: example.test\r\n\r\n");

        Assert.Equal("HTTP/1.1 200 OK", answer.StartLine);
        Assert.Equal("blue", answer.Field("X-Enclave"));
        Assert.Equal("a b", answer.Field("X-Custom"));
        Assert.Equal("{\"status\":200}", answer.Text);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Head_Answered_WithTheLengthAndNoBody(string transport)
    {
        await using var enclave = await TestEnclave.StartAsync(transport);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);
        await using var connection = await proxy.ConnectAsync();

        await connection.SendAsync("HEAD /bytes/1234 HTTP/1.1\r\nHost: example.test\r\n\r\n");
        var head = await connection.ReadMessageAsync(bodiless: true);
        await connection.SendAsync("GET /status/204 HTTP/1.1\r\nHost: example.test\r\n\r\n");
        var next = await connection.ReadMessageAsync();

        Assert.Equal(200, head.Status);
        Assert.Equal("1234", head.Field("Content-Length"));
        Assert.Equal(204, next.Status);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Post_WithContentLength_Arrives(string transport)
    {
        await using var enclave = await TestEnclave.StartAsync(transport);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);

        var answer =
            await proxy.ExchangeAsync("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Type: text/x-odd\r\n\r\nhello");

        var echo = Echo.Parse(answer);
        Assert.Equal("POST", echo.Method);
        Assert.Equal("hello", echo.Body);
        Assert.Equal("5", echo.Field("Content-Length"));
        Assert.Equal("text/x-odd", echo.Field("Content-Type"));
        Assert.Null(echo.Field("Transfer-Encoding"));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Post_Chunked_ArrivesChunked(string transport)
    {
        await using var enclave = await TestEnclave.StartAsync(transport);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);

        var answer = await proxy.ExchangeAsync(
            "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");

        var echo = Echo.Parse(answer);
        Assert.Equal("hello world", echo.Body);
        Assert.Equal("chunked", echo.Field("Transfer-Encoding"));
        Assert.Null(echo.Field("Content-Length"));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Responses_WithoutBody_KeepTheConnection(string transport)
    {
        await using var enclave = await TestEnclave.StartAsync(transport);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);
        await using var connection = await proxy.ConnectAsync();

        foreach (var status in (int[])[204, 304, 200, 204])
        {
            await connection.SendAsync($"GET /status/{status} HTTP/1.1\r\nHost: x\r\n\r\n");
            Assert.Equal(status, (await connection.ReadMessageAsync()).Status);
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Answer_EndedByTheEndOfTheConnection_IsWhole(string transport)
    {
        await using var enclave = await TestEnclave.StartAsync(transport);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);

        // Written past the simulator's server, which then ends the connection.
        var answer = await proxy.ExchangeAsync("GET /trailers HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal("body", answer.Text);
    }

    [Fact]
    public async Task Answer_WithoutAnyFraming_EndsWithTheConnection()
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadMessageAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\n\r\nuntil the end");
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        var answer = await proxy.ExchangeAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal("until the end", answer.Text);
    }

    [Fact]
    public async Task Requests_OneAfterAnother_ShareOneConnectionToTheEnclave()
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        for (var i = 0; i < 20; i++)
            Assert.Equal("ok", await proxy.Http.GetStringAsync("/"));

        Assert.Equal(1, enclave.Accepted);
        Assert.Equal(20, enclave.Requests.Count);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Requests_ManyAtOnce_AreAllAnswered(string transport)
    {
        await using var enclave = await TestEnclave.StartAsync(transport);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, "Routing:MaxConnectionsPerEnclave=8");

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            using var body = new ByteArrayContent(Encoding.ASCII.GetBytes($"body {i}"));
            using var response = await proxy.Http.PostAsync("/echo/body", body);
            return (response.StatusCode, Body: await response.Content.ReadAsStringAsync(), Wanted: $"body {i}");
        }));

        Assert.All(answers, a => Assert.Equal((HttpStatusCode.OK, a.Wanted), (a.StatusCode, a.Body)));
        Assert.InRange((await proxy.EnclaveAsync("0")).GetProperty("connections").GetInt32(), 1, 8);
    }
}
