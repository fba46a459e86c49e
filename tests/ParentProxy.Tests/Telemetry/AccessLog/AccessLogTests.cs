using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Telemetry.AccessLog;

/// <summary>The access log of the real proxy, in a file.</summary>
public sealed class AccessLogTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Path => _directory.File("access.log");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Request_Answered_IsToldWithAllThatIsKnown()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, Settings());

        var answer = await proxy.ExchangeAsync(
            "POST /echo?secret=1 HTTP/1.1\r\nHost: example.test\r\nContent-Length: 5\r\nUser-Agent: caf\u00c3\u00a9 \"x\"\r\n"
                + "Authorization: Bearer s3cret\r\nX-Forwarded-For: 203.0.113.9\r\n"
            + "X-Amzn-Trace-Id: Root=1-2-3\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\nhello");

        var line = Assert.Single(await LinesAsync(1));
        Assert.Equal(answer.Field("X-Request-Id"), Text(line, "requestId"));
        Assert.Equal(("access", "POST", "/echo", "HTTP/1.1", "0", "203.0.113.9"), (
            Text(line, "type"),
            Text(line, "method"),
            Text(line, "path"),
            Text(line, "protocol"),
            Text(line, "enclave"),
            Text(line, "client")));
        Assert.Equal(
            (200, 5, answer.Body.Length, 1),
            (Number(line, "status"), Number(line, "requestBytes"), Number(line, "responseBytes"), Number(line, "attempts")));
        Assert.Equal(
            ("0af7651916cd43dd8448eb211c80319c", "Root=1-2-3", "example.test", "caf\u00c3\u00a9 \"x\""),
            (Text(line, "traceId"), Text(line, "albTraceId"), Text(line, "host"), Text(line, "userAgent")));
        Assert.All(
            ["durationMs", "queueMs", "connectMs", "firstByteMs"],
            key => Assert.InRange(line.GetProperty(key).GetDouble(), 0, double.MaxValue));
        Assert.False(line.TryGetProperty("failure", out _));
        Assert.False(line.TryGetProperty("retryReasons", out _));
        Assert.DoesNotContain("s3cret", line.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", line.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("req_1", "req_1")]
    [InlineData("mine", null)]
    [InlineData("", null)]
    public async Task Request_AnsweredWithAnotherId_IsFoundByBoth(string given, string? logged)
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, Settings());

        await proxy.ExchangeAsync($"GET /headers?X-Request-Id={given} HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\n\r\n");

        var line = Assert.Single(await LinesAsync(1));
        Assert.Equal("mine", Text(line, "requestId"));
        Assert.Equal(logged, line.TryGetProperty("applicationRequestId", out var own) ? own.GetString() : null);
    }

    [Fact]
    public async Task Request_OverHttp2_IsToldTheSame()
    {
        await using var enclave = await TestEnclave.StartAsync(http2: true);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, Settings("Routing:HttpVersion=2"));

        var answer = await proxy.ExchangeAsync("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");

        var line = Assert.Single(await LinesAsync(1));
        Assert.Equal(
            ("0", 200, answer.Body.Length, 1),
            (Text(line, "enclave"), Number(line, "status"), Number(line, "responseBytes"), Number(line, "attempts")));
    }

    [Fact]
    public async Task Errors_AnOrdinaryAnswer_HasNoLine()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, Settings("AccessLog:Mode=errors"));

        Assert.Equal(HttpStatusCode.OK, (await proxy.Http.GetAsync("/echo")).StatusCode);
        var failed = await proxy.Http.GetAsync("/reset");
        Assert.Equal(HttpStatusCode.BadGateway, failed.StatusCode);

        var line = Assert.Single(await LinesAsync(1));
        Assert.Equal(("/reset", 502, "0"), (Text(line, "path"), Number(line, "status"), Text(line, "enclave")));
        Assert.Equal((await failed.Content.ReadAsByteArrayAsync()).Length, Number(line, "responseBytes"));
        Assert.Equal("EOF", Text(line, "failure"));
    }

    [Fact]
    public async Task Errors_TriedAgain_IsToldWithTheReasons()
    {
        using var closed = new ClosedPort();
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.StartAsync(Settings(
            [
                .. TestProxy.Enclave(0, closed.EndPoint),
                .. TestProxy.Enclave(1, enclave.EndPoint),
                "Health:Probe:Enabled=false",
                "Routing:LoadBalancing=FirstAlphabetical",
                "AccessLog:Mode=errors"]));

        Assert.Equal(HttpStatusCode.NoContent, (await proxy.Http.GetAsync("/")).StatusCode);

        var line = Assert.Single(await LinesAsync(1));
        Assert.Equal(("1", 204, 2), (Text(line, "enclave"), Number(line, "status"), Number(line, "attempts")));
        Assert.Equal("connect", Assert.Single(line.GetProperty("retryReasons").EnumerateArray()).GetString());
    }

    [Fact]
    public async Task Errors_AnswerThatIsCut_IsToldThoughItsStatusIsGood()
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadMessageAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Settings("AccessLog:Mode=errors"));
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await client.ReadToEndAsync();

        var line = Assert.Single(await LinesAsync(1));
        Assert.Equal((200, 5), (Number(line, "status"), Number(line, "responseBytes")));
        Assert.True(line.TryGetProperty("failure", out _), line.GetRawText());
    }

    [Fact]
    public async Task Request_NoEnclave_IsToldAsNone()
    {
        using var closed = new ClosedPort();
        await using var proxy = await TestProxy.StartAsync(Settings([
            .. TestProxy.Enclave(0, closed.EndPoint),
            "Retry:WaitForEnclave=00:00:00.050",
            "Timeouts:Connect=00:00:00.050",
            "AccessLog:Mode=errors"]));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await proxy.Http.GetAsync("/")).StatusCode);

        var line = Assert.Single(await LinesAsync(1));
        Assert.Equal(("none", 503), (Text(line, "enclave"), Number(line, "status")));
        Assert.True(line.TryGetProperty("failure", out _), line.GetRawText());
        Assert.False(line.TryGetProperty("firstByteMs", out _));
    }

    [Fact]
    public async Task Request_ClientGoneBeforeTheHead_Is499()
    {
        var received = new TaskCompletionSource();
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadMessageAsync();
            received.SetResult();
            await connection.ReadToEndAsync();
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Settings());
        await using (var client = await proxy.ConnectAsync())
        {
            await client.SendAsync("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
            await received.Task.WaitAsync(TestDeadline.Value);
        }

        Assert.Equal(
            ("/slow", 499), Assert.Single(await LinesAsync(1)) is var line ? (Text(line, "path"), Number(line, "status")) : default);
    }

    [Fact]
    public async Task Tunnel_IsToldAtItsEnd()
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadMessageAsync(bodiless: true);
            await connection.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
            await connection.SendAsync(Encoding.ASCII.GetString(await connection.ReadExactlyAsync(4)) + "!");
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Settings());
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(
            "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        Assert.Equal(101, (await client.ReadMessageAsync(bodiless: true)).Status);
        Assert.False(File.Exists(Path));
        await client.SendAsync("ping");
        Assert.Equal("ping!", Encoding.ASCII.GetString((await client.ReadToEndAsync()).Received));
        await client.DisposeAsync();

        var line = Assert.Single(await LinesAsync(1));
        Assert.Equal((101, 4, 5), (Number(line, "status"), Number(line, "requestBytes"), Number(line, "responseBytes")));
    }

    [Fact]
    public async Task Request_ThatWeAnswer_HasALineUnlessItIsHealth()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, Settings("Limits:MaxRequestBodyBytes=1"));

        Assert.Equal(HttpStatusCode.OK, (await proxy.Http.GetAsync("/health?x")).StatusCode);
        Assert.Equal(413, (await proxy.ExchangeAsync("POST /large HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")).Status);

        var line = Assert.Single(await LinesAsync(1));
        Assert.Equal(("/large", 413, "none"), (Text(line, "path"), Number(line, "status"), Text(line, "enclave")));
    }

    [Fact]
    public async Task Reload_ModeAndFormat_FollowIt()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, Settings("AccessLog:Mode=off"));

        await using (var client = await proxy.ConnectAsync())
        {
            // Once the second of a connection is answered the first is over; health has no line in any mode.
            foreach (var path in (string[])["/echo", "/health"])
            {
                await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
                Assert.Equal(200, (await client.ReadMessageAsync()).Status);
            }
        }

        proxy.Apply("AccessLog:Mode=all", "AccessLog:Format=combined", "AccessLog:RedactQuery=false");
        await proxy.Http.GetAsync("/echo?a=b");
        await Eventually.TrueAsync(() => proxy.Server.AccessLog.Lines == 1);

        Assert.StartsWith("127.0.0.1 - - [", Assert.Single(File.ReadAllLines(Path)), StringComparison.Ordinal);
        Assert.Contains("\"GET /echo?a=b HTTP/1.1\" 200 ", File.ReadAllText(Path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnderLoad_EveryRequestHasItsLineOrIsCounted()
    {
        const int Connections = 16;
        const int Each = 250;
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, Settings("AccessLog:MaxFileBytes=1048576"));

        var ids = new ConcurrentBag<string>();
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(async n =>
        {
            await using var client = await proxy.ConnectAsync();
            for (var i = 0; i < Each; i++)
            {
                await client.SendAsync(string.Create(
                    CultureInfo.InvariantCulture, $"GET /echo?{n} HTTP/1.1\r\nHost: x\r\nUser-Agent: \u00ff\"\\ {i}\r\n\r\n"));
                ids.Add((await client.ReadMessageAsync()).Field("X-Request-Id")!);
            }
        }));
        await Eventually.TrueAsync(() => proxy.Server.AccessLog.Lines + proxy.Server.AccessLog.Dropped == Connections * Each);

        var lines = Directory.GetFiles(_directory.Root).SelectMany(Read).ToList();
        Assert.Equal(proxy.Server.AccessLog.Lines, lines.Count);
        Assert.Equal(lines.Count, lines.Select(line => Text(line, "requestId")).Intersect(ids).Count());
        Assert.All(Directory.GetFiles(_directory.Root), file => Assert.InRange(new FileInfo(file).Length, 1, 1048576));
        Assert.True(File.Exists(Path + ".1"));
    }

    private static List<JsonElement> Read(string file) => [.. File.ReadAllLines(file).Select(line => JsonDocument.Parse(line).RootElement)];

    private static string? Text(JsonElement line, string key) => line.GetProperty(key).GetString();

    private static int Number(JsonElement line, string key) => line.GetProperty(key).GetInt32();

    private string[] Settings(params string[] more) => ["AccessLog:Mode=all", "AccessLog:Sink=file", $"AccessLog:Path={Path}", .. more];

    private async Task<List<JsonElement>> LinesAsync(int atLeast)
    {
        await Eventually.TrueAsync(() => File.Exists(Path) && File.ReadAllLines(Path).Length >= atLeast);
        return Read(Path);
    }
}
