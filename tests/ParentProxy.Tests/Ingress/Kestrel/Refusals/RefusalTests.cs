using System.Text.Json;
using Microsoft.Extensions.Logging;
using ParentProxy.Ingress.Kestrel.Refusals;
using ParentProxy.Telemetry.AccessLog;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Kestrel.Refusals;

/// <summary>
/// What is refused, by us or by Kestrel, is counted by its reason and leaves a line with the id that the client was given.
/// </summary>
public sealed class RefusalTests : IDisposable
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static readonly string[] H2c = ["Kestrel:Endpoints:Http:Url=http://127.0.0.1:0", "Kestrel:Endpoints:Http:Protocols=Http2"];

    private readonly AccessLines _lines = new();

    public void Dispose() => _lines.Dispose();

    [Theory]
    // By us.
    [InlineData(
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "framing", "POST", "/a")]
    [InlineData("POST /a HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "framing", "POST", "/a")]
    [InlineData("CONNECT secret.test:443 HTTP/1.1\r\nHost: secret.test:443\r\n\r\n", 400, "target", "CONNECT", "secret.test:443")]
    [InlineData("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nmore than", 413, "body_size", "POST", "/a")]
    [InlineData(
        "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nmore than\r\n0\r\n\r\n", 413, "body_size", "POST", "/a")]
    [InlineData("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "body", "POST", "/a")]
    // By Kestrel.
    [InlineData("secret\r\n\r\n", 400, "head", null, null)]
    [InlineData("GET /a HTTP/1.1\r\n\r\n", 400, "head", "GET", "/a")]
    [InlineData("GET /a HTTP/1.1\r\nHost: x\r\nno colon, secret\r\n\r\n", 400, "head", "GET", "/a")]
    [InlineData("GET /a HTTP/1.1\r\nHost: sec/ret\r\n\r\n", 400, "head", "GET", "/a")]
    [InlineData("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: secret\r\n\r\n", 400, "head", "POST", "/a")]
    [InlineData("GET * HTTP/1.1\r\nHost: x\r\n\r\n", 405, "target", null, null)]
    [InlineData("GET /a HTTP/9.9\r\nHost: x\r\n\r\n", 505, "version", null, null)]
    public async Task Request_Refused_IsCountedAndHasOneLineWithTheIdOfItsAnswer(
        string request, int status, string reason, string? method, string? path)
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, [.. _lines.Settings(), "Limits:MaxRequestBodyBytes=4"]);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(request);
        var answer = await client.ReadMessageAsync();
        if (answer.Field("Connection") == "close")
            await client.ReadToEndAsync();

        Assert.Equal(status, answer.Status);
        var line = Assert.Single(await _lines.ReadAsync());
        Assert.Equal((status, reason, "127.0.0.1"), (line.GetProperty("status").GetInt32(), Text(line, "failure"), Text(line, "client")));

        // An answer about the version is Kestrel's alone.
        if (status != 505)
        {
            Assert.StartsWith("parent-proxy; error=http_request_", answer.Field("Proxy-Status"), StringComparison.Ordinal);
            Assert.Equal(answer.Field("X-Request-Id"), Text(line, "requestId"));
        }

        Assert.Equal(method, Text(line, "method"));
        if (path is not null)
            Assert.Equal(path, Text(line, "path"));
        Assert.DoesNotContain("sec", Text(line, "detail")!, StringComparison.Ordinal);
        Assert.Equal([(reason, 1L)], Counts(proxy));
    }

    [Fact]
    public async Task Line_TooLong_HasALineWithoutWhatWasTooLong()
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, _lines.Settings());

        var answer = await proxy.ExchangeAsync($"GET /{new string('s', 20_000)} HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal(414, answer.Status);
        var line = Assert.Single(await _lines.ReadAsync());
        Assert.Equal(
            ("line_size", answer.Field("X-Request-Id"), null), (Text(line, "failure"), Text(line, "requestId"), Text(line, "path")));
        Assert.InRange(line.GetRawText().Length, 1, 500);
    }

    [Theory]
    [InlineData(201, 1)]
    [InlineData(5, 20_000)]
    public async Task Fields_TooManyOrTooLarge_HaveALineAndTheIdThatWasGiven(int count, int size)
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, _lines.Settings());
        await using var client = await proxy.ConnectAsync();
        var fields = string.Concat(Enumerable.Range(0, count).Select(i => $"X-{i}: {new string('s', size)}\r\n"));

        await client.SendAsync($"GET /a HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\nX-Forwarded-For: 203.0.113.9\r\n{fields}\r\n");
        var answer = await client.ReadHeadAsync();

        Assert.Equal((431, "mine"), (answer!.Status, answer.Field("X-Request-Id")));
        var line = Assert.Single(await _lines.ReadAsync());
        Assert.Equal(
            ("head_size", "mine", "203.0.113.9", "/a"),
            (Text(line, "failure"), Text(line, "requestId"), Text(line, "client"), Text(line, "path")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET /a HT")]
    [InlineData("GET /a HTTP/1.1\r\nHost: x\r\n")]
    public async Task Head_ThatDoesNotCome_IsRefusedOnceItWasBegun(string begun)
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave,
            [.. _lines.Settings(), "Kestrel:Limits:RequestHeadersTimeout=00:00:00.100", "Kestrel:Limits:KeepAliveTimeout=00:00:00.100"]);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(begun);
        var answer = await client.ReadHeadAsync();

        // Nothing was asked on an idle connection, so that nothing is refused.
        Assert.Equal(begun.Length == 0 ? null : 408, answer?.Status);
        Assert.Equal(begun.Length == 0 ? [] : [("head_timeout", 1L)], Counts(proxy));
        if (begun.Length > 0)
            Assert.Equal(
                ("head_timeout", answer!.Field("X-Request-Id")),
                Assert.Single(await _lines.ReadAsync()) is var line ? (Text(line, "failure"), Text(line, "requestId")) : default);
    }

    [Fact]
    public async Task Body_ThatDoesNotCome_IsRefused()
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, [.. _lines.Settings(), "Timeouts:Idle=00:00:00.200"]);

        var answer = await proxy.ExchangeAsync("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");

        Assert.Equal(408, answer.Status);
        var line = Assert.Single(await _lines.ReadAsync());
        Assert.Equal(("body_timeout", answer.Field("X-Request-Id")), (Text(line, "failure"), Text(line, "requestId")));
        Assert.Equal([("body_timeout", 1L)], Counts(proxy));
    }

    [Fact]
    public async Task Request_WithoutARoute_IsRefused()
    {
        await using var proxy = await TestProxy.StartAsync([
            .. _lines.Settings(),
            "ReverseProxy:Routes:r:ClusterId=c",
            "ReverseProxy:Routes:r:Match:Path=/routed",
            "ReverseProxy:Clusters:c:Destinations:d:Address=unix:/nonexistent/e.sock"]);

        var answer = await proxy.ExchangeAsync("GET /other HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal(404, answer.Status);
        var line = Assert.Single(await _lines.ReadAsync());
        Assert.Equal(("route", answer.Field("X-Request-Id")), (Text(line, "failure"), Text(line, "requestId")));
        Assert.Equal([("route", 1L)], Counts(proxy));
    }

    [Fact]
    public async Task Body_WrongAfterAnEarlyAnswer_IsToldWithTheIdOfItsRequest()
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(Ok);
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, _lines.Settings());
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n");
        var answer = await client.ReadMessageAsync();
        await client.SendAsync("zz\r\n");
        await client.ReadToEndAsync();

        var line = Assert.Single(await _lines.ReadAsync());
        Assert.Equal(
            (200, "body", answer.Field("X-Request-Id")),
            (line.GetProperty("status").GetInt32(), Text(line, "failure"), Text(line, "requestId")));
        Assert.Equal([("body", 1L)], Counts(proxy));
    }

    [Theory]
    [InlineData(":method", "", false)]
    [InlineData(":method", "G T", false)]
    [InlineData(":scheme", "1secret", false)]
    [InlineData(":path", "secret", false)]
    [InlineData(":path", "", false)]
    [InlineData(":path", "/%00secret", false)]
    [InlineData(":authority", "sec/ret", false)]
    [InlineData("X-Upper", "secret", true)]
    [InlineData("connection", "close", true)]
    [InlineData("te", "secret", true)]
    [InlineData(":secret", "1", true)]
    [InlineData("x-a", "sec\0ret", true)]
    [InlineData("content-length", "5", false)]
    [InlineData("content-length", "secret", true)]
    public async Task Http2Field_ThatIsWrong_IsCountedAndHasALine(string name, string value, bool isConnection)
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, [.. _lines.Settings(), .. H2c]);
        await using var client = await proxy.ConnectAsync();
        (string Name, string Value)[] fields = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "x")];
        fields = name[0] == ':' && Array.Exists(fields, field => field.Name == name)
            ? [.. fields.Select(field => field.Name == name ? (name, value) : field)]
            : [.. fields, (name, value)];

        await client.SendAsync((byte[])[.. Http2Wire.Preface, .. Http2Wire.Headers(1, fields)]);

        Assert.Equal((isConnection, 1u), await Http2Wire.ReadErrorAsync(client));
        await AssertHttp2LineAsync(proxy, isConnection ? "http2_connection" : "http2_stream");
    }

    [Fact]
    public async Task Http2Fields_WithoutOneThatMustBeThere_HaveALine()
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, [.. _lines.Settings(), .. H2c]);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync((byte[])[.. Http2Wire.Preface, .. Http2Wire.Headers(1, (":method", "GET"), (":path", "/"))]);

        Assert.Equal((false, 1u), await Http2Wire.ReadErrorAsync(client));
        await AssertHttp2LineAsync(proxy, "http2_stream");
    }

    [Theory]
    // HEADERS on an even stream, DATA on none, a frame larger than allowed, a block that is no HPACK, no preface.
    [InlineData("000000010500000002", 1u)]
    [InlineData("000000000100000000", 1u)]
    [InlineData("ffffff000100000001", 6u)]
    [InlineData("000001010500000001ff", 9u)]
    public async Task Http2Frame_ThatIsWrong_IsCountedAndHasALine(string frame, uint code)
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, [.. _lines.Settings(), .. H2c]);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync((byte[])[.. Http2Wire.Preface, .. Convert.FromHexString(frame)]);

        Assert.Equal((true, code), await Http2Wire.ReadErrorAsync(client));
        await AssertHttp2LineAsync(proxy, "http2_connection");
    }

    [Fact]
    public async Task Http2Fields_TooMany_AreAnswered431AndHaveALine()
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, [.. _lines.Settings(), .. H2c]);
        using var http = TestProxy.Client(proxy.Uri, System.Net.HttpVersion.Version20);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/a")
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        for (var i = 0; i < 250; i++)
            request.Headers.TryAddWithoutValidation($"x-{i}", "1");

        using var answer = await http.SendAsync(request);

        Assert.Equal(431, (int)answer.StatusCode);
        var line = Assert.Single(await _lines.ReadAsync());
        Assert.Equal(("head_size", "/a", "HTTP/2"), (Text(line, "failure"), Text(line, "path"), Text(line, "protocol")));
        Assert.Equal([("head_size", 1L)], Counts(proxy));
    }

    [Fact]
    public async Task Length_BesideChunksAndUnderKestrelsNameForIt_HasALineAndNoStackTrace()
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, _lines.Settings());
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nX-Content-Length: 5\r\n\r\n0\r\n\r\n");
        await client.ReadToEndAsync();

        Assert.Equal("framing", Text(Assert.Single(await _lines.ReadAsync()), "failure"));
        Assert.Equal([("framing", 1L)], Counts(proxy));
        Assert.DoesNotContain(proxy.Log.Entries, entry => entry.Message.Contains("abnormally", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Http1_WhereOnlyHttp2IsSpoken_HasALine()
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, [.. _lines.Settings(), .. H2c]);

        var answer = await proxy.ExchangeAsync("GET /secret HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal(400, answer.Status);
        var line = Assert.Single(await _lines.ReadAsync());
        Assert.Equal((400, "version", "127.0.0.1"), (line.GetProperty("status").GetInt32(), Text(line, "failure"), Text(line, "client")));
        Assert.Equal([("version", 1L)], Counts(proxy));
    }

    [Fact]
    public async Task Http2_WhereOnlyHttp1IsSpoken_HasALine()
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, _lines.Settings());
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(Http2Wire.Preface);
        Assert.Equal((true, 13u), await Http2Wire.ReadErrorAsync(client));

        Assert.Equal("version", Text(Assert.Single(await _lines.ReadAsync()), "failure"));
        Assert.Equal([("version", 1L)], Counts(proxy));
    }

    [Fact]
    public async Task Errors_AFlood_IsCountedWholeAndHasSomeLines()
    {
        const int Requests = 3 * RefusalLines.Burst;
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, _lines.Settings());
        var started = TimeProvider.System.GetTimestamp();
        await FloodAsync(proxy, Requests);

        var most = RefusalLines.Burst + ((TimeProvider.System.GetElapsedTime(started).TotalSeconds + 1) * RefusalLines.PerSecond);
        Assert.InRange((await _lines.ReadAsync(RefusalLines.Burst)).Count, RefusalLines.Burst, most);
        Assert.Equal([("head", Requests)], Counts(proxy));
        Assert.Contains(
            proxy.Log.AtLeast(LogLevel.Warning),
            entry => entry.Message.Contains("refused requests had no line", StringComparison.Ordinal));
    }

    [Fact]
    public async Task All_AFlood_HasALineEach()
    {
        const int Requests = RefusalLines.Burst + 50;
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, _lines.Settings("all"));

        await FloodAsync(proxy, Requests);

        Assert.Equal(Requests, (await _lines.ReadAsync(Requests)).Count);
        Assert.Equal([("head", Requests)], Counts(proxy));
    }

    [Fact]
    public async Task Requests_ThatFailOtherwise_AreNoRefusals()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, _lines.Settings("all"));

        Assert.Equal(400, (await proxy.ExchangeAsync("GET /status/400 HTTP/1.1\r\nHost: x\r\n\r\n")).Status);
        Assert.Equal(502, (await proxy.ExchangeAsync("GET /reset HTTP/1.1\r\nHost: x\r\n\r\n")).Status);
        await using (var client = await proxy.ConnectAsync())
            await client.SendAsync("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");

        Assert.Equal(3, (await _lines.ReadAsync(3)).Count);
        Assert.Empty(Counts(proxy));
    }

    private static async Task FloodAsync(TestProxy proxy, int requests)
    {
        for (var i = 0; i < requests; i++)
            Assert.Equal(400, (await proxy.ExchangeAsync("none\r\n\r\n")).Status);
    }

    private static (string Reason, long Count)[] Counts(TestProxy proxy) =>
        [.. RefusalReasons.All
            .Select(reason => (RefusalReasons.Word(reason), proxy.Server.Ingress.Refusals.Of(reason)))
            .Where(row => row.Item2 > 0)];

    private static string? Text(JsonElement line, string key) => line.TryGetProperty(key, out var value) ? value.GetString() : null;

    private async Task AssertHttp2LineAsync(TestProxy proxy, string reason)
    {
        var line = Assert.Single(await _lines.ReadAsync());
        Assert.Equal((reason, "HTTP/2", "127.0.0.1"), (Text(line, "failure"), Text(line, "protocol"), Text(line, "client")));
        Assert.NotEmpty(Text(line, "detail")!);
        Assert.NotEmpty(Text(line, "requestId")!);
        Assert.DoesNotContain("sec", line.GetRawText(), StringComparison.Ordinal);
        Assert.False(line.TryGetProperty("status", out _));
        Assert.Equal([(reason, 1L)], Counts(proxy));
        Assert.Empty(proxy.Server.Registry.Meter.None.Requests.Read());
    }
}
