using System.Text;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

/// <summary>End-to-end fields pass as they are, fields of a connection do not.</summary>
public sealed class HeaderFieldTests
{
    // Latin-1, then the same in UTF-8, then bytes that are neither.
    private const string Bytes = "caf\u00e9 \u00c3\u00a9 \u00e2\u0082\u00ac \u0080\u00ff";

    [Theory]
    [InlineData("Host", "example.test")]
    [InlineData("Upgrade-Insecure-Requests", "1")]
    [InlineData("Alt-Svc", "h3=\":443\"; ma=1")]
    [InlineData("X-Odd_Name.1~", " two  spaces,;=\"quoted\" ")]
    [InlineData("Accept", "text/html, */*;q=0.1,,")]
    [InlineData("User-Agent", "strange (agent")]
    [InlineData("If-Modified-Since", "not a date")]
    [InlineData("Range", "bytes=0-,5-1")]
    [InlineData("Content-Language", "de, en")]
    [InlineData("Content-Encoding", "odd")]
    [InlineData("Expires", "0")]
    [InlineData("Cookie", "a=b; c=\"d\"; broken")]
    [InlineData("Authorization", "Custom  abc==, x")]
    [InlineData("Forwarded-Not", "for=1")]
    [InlineData("Via", "1.1 front")]
    [InlineData("Max-Forwards", "7")]
    [InlineData("X-Latin", Bytes)]
    [InlineData("X-Empty", "")]
    [InlineData("X-Content-Length", "5")]
    [InlineData("x-content-length", "")]
    [InlineData("X-Content-Length", Bytes)]
    [InlineData("Request-Id", "|abc.1.")]
    [InlineData("Correlation-Context", "a=b")]
    [InlineData("Security-Scheme", "s")]
    [InlineData("Close", "s")]
    [InlineData("Pragma", "no-cache, odd")]
    [InlineData("Date", "yesterday")]
    [InlineData("Warning", "odd")]
    public async Task Request_EndToEndField_ArrivesUnchanged(string name, string value)
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        var host = name == "Host" ? "" : "Host: example.test\r\n";
        var answer = await proxy.ExchangeAsync($"POST / HTTP/1.1\r\n{host}{name}: {value}\r\nContent-Length: 2\r\n\r\nab");

        Assert.Equal(204, answer.Status);
        Assert.Equal(value.Trim(), Assert.Single(enclave.Requests).Field(name));
    }

    [Theory]
    [InlineData("Upgrade-Insecure-Requests", "1")]
    [InlineData("Alt-Svc", "h3=\":443\"; ma=1")]
    [InlineData("X-Odd_Name.1~", "two  spaces,;=\"quoted\"")]
    [InlineData("Content-Type", "not/a;type;;")]
    [InlineData("Content-Language", "de, en")]
    [InlineData("Last-Modified", "yesterday")]
    [InlineData("Expires", "0")]
    [InlineData("ETag", "unquoted")]
    [InlineData("Location", "../%2F/odd path")]
    [InlineData("Server", "the-application/1")]
    [InlineData("Date", "Thu, 01 Jan 1970 00:00:00 GMT")]
    [InlineData("Retry-After", "soon")]
    [InlineData("Via", "1.1 app")]
    [InlineData("WWW-Authenticate", "Odd a=b, c")]
    [InlineData("X-Latin", Bytes)]
    [InlineData("X-Empty", "")]
    [InlineData("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("Security-Scheme", "s")]
    [InlineData("Close", "s")]
    [InlineData("Accept-Ranges", "odd")]
    [InlineData("Content-Location", ":://")]
    [InlineData("Content-MD5", "x")]
    public async Task Response_EndToEndField_ArrivesUnchanged(string name, string value)
    {
        await using var enclave = ScriptedEnclave.Answering($"HTTP/1.1 200 OK\r\n{name}: {value}\r\nContent-Length: 2\r\n\r\nok");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        var answer = await proxy.ExchangeAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal(200, answer.Status);
        Assert.Equal(value, answer.Field(name));
    }

    [Fact]
    public async Task Response_CookiesInSeveralFields_StaySeveral()
    {
        await using var enclave = ScriptedEnclave.Answering(
            "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        var answer = await proxy.ExchangeAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal(["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "b=2"], answer.All("Set-Cookie"));
    }

    [Theory]
    [InlineData(200, "Fine")]
    [InlineData(418, "I'm a teapot")]
    [InlineData(599, "Odd")]
    public async Task Response_AnyFinalStatus_IsPassedOn(int status, string reason)
    {
        await using var enclave = ScriptedEnclave.Answering($"HTTP/1.1 {status} {reason}\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        var answer = await proxy.ExchangeAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal(status, answer.Status);
    }

    [Fact]
    public async Task Messages_WithoutThem_GetNoFieldOfOurs()
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        var answer = await proxy.ExchangeAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal(
            ["content-length", "date", "x-request-id"],
            answer.Fields.Select(f => f.Name.ToLowerInvariant()).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-request-id"],
            Assert.Single(enclave.Requests).Fields.Select(f => f.Name.ToLowerInvariant()).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("X-Hop")]
    [InlineData("x-HOP")]
    [InlineData("X-Other,, X-Hop ,")]
    [InlineData("Content-Language, X-Hop")]
    [InlineData("\"not a token\", X-Hop")]
    [InlineData("close, X-Hop")]
    [InlineData("X-Hop, CLOSE")]
    [InlineData("keep-alive, X-Hop")]
    [InlineData("upgrade, X-Hop")]
    [InlineData("X-Hop\r\nConnection: close")]
    [InlineData("upgrade\r\nConnection: X-Hop")]
    public async Task Request_FieldNamedByConnection_IsRemoved(string connection)
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        var answer = await proxy.ExchangeAsync(
            $"POST / HTTP/1.1\r\nHost: x\r\nConnection: {connection}\r\nX-Hop: 1\r\nX-End: 2\r\nContent-Length: 0\r\n\r\n");

        Assert.Equal(204, answer.Status);
        var request = Assert.Single(enclave.Requests);
        Assert.Null(request.Field("X-Hop"));
        Assert.Equal("2", request.Field("X-End"));
    }

    [Theory]
    [InlineData("HTTP/1.1", "", false)]
    [InlineData("HTTP/1.1", "Connection: Keep-Alive\r\n", false)]
    [InlineData("HTTP/1.1", "Connection: keep-alive, X-Hop\r\n", false)]
    [InlineData("HTTP/1.1", "Connection: X-Hop\r\n", false)]
    [InlineData("HTTP/1.1", "Connection: Close\r\n", true)]
    [InlineData("HTTP/1.1", "Connection: X-Hop, close\r\n", true)]
    [InlineData("HTTP/1.1", "Connection: keep-alive, close\r\n", true)]
    [InlineData("HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n", true)]
    [InlineData("HTTP/1.1", "Connection: Upgrade\r\n", false)]
    [InlineData("HTTP/1.0", "", true)]
    [InlineData("HTTP/1.0", "Connection: Keep-Alive\r\n", false)]
    [InlineData("HTTP/1.0", "Connection: close\r\n", true)]
    [InlineData("HTTP/1.0", "Connection: Upgrade\r\n", true)]
    [InlineData("HTTP/1.0", "Connection: X-Hop, upgrade\r\n", true)]
    public async Task Connection_OfTheClient_IsKeptAsItAsks(string version, string fields, bool closes)
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync($"GET / {version}\r\nHost: x\r\n{fields}\r\n");

        var answer = await client.ReadMessageAsync();
        Assert.Equal(closes ? "close" : version == "HTTP/1.0" ? "keep-alive" : null, answer.Field("Connection"));
        if (closes)
        {
            Assert.Empty((await client.ReadToEndAsync()).Received);
        }
        else
        {
            await client.SendAsync($"GET / {version}\r\nHost: x\r\n\r\n");
            Assert.Equal(200, (await client.ReadMessageAsync()).Status);
        }
    }

    [Fact]
    public async Task Request_BodyFieldNamedByConnection_IsRemoved()
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        var answer = await proxy.ExchangeAsync(
            "POST / HTTP/1.1\r\nHost: x\r\nConnection: Content-Language\r\nContent-Language: de\r\nContent-Length: 2\r\n\r\nab");

        Assert.Equal(204, answer.Status);
        Assert.Null(Assert.Single(enclave.Requests).Field("Content-Language"));
    }

    [Theory]
    [InlineData("Host")]
    [InlineData("Content-Length")]
    [InlineData("X-Forwarded-For")]
    [InlineData("X-Request-Id")]
    public async Task Request_ConnectionNamesWhatTheMessageNeeds_ItStays(string name)
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        var answer = await proxy.ExchangeAsync($"POST / HTTP/1.1\r\nHost: x\r\nConnection: {name}\r\nContent-Length: 2\r\n\r\nab");

        Assert.Equal(204, answer.Status);
        Assert.NotNull(Assert.Single(enclave.Requests).Field(name));
    }

    [Fact]
    public async Task Request_FieldsOfTheConnection_AreRemoved()
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        await proxy.ExchangeAsync(
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nKeep-Alive: timeout=5\r\n"
                + "Proxy-Connection: keep-alive\r\nUpgrade: foo\r\n\r\n");

        var request = Assert.Single(enclave.Requests);
        Assert.All((string[])["Connection", "Keep-Alive", "Proxy-Connection", "Upgrade"], name => Assert.Null(request.Field(name)));
    }

    [Fact]
    public async Task Response_FieldsOfTheConnectionAndThoseItNames_AreRemoved()
    {
        await using var enclave = ScriptedEnclave.Answering(
            "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop, Content-Language\r\nX-Hop: 1\r\nX-End: 2\r\nContent-Language: de\r\n"
                + "Keep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        var answer = await proxy.ExchangeAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.All((string[])["Connection", "X-Hop", "Keep-Alive", "Content-Language"], name => Assert.Null(answer.Field(name)));
        Assert.Equal("2", answer.Field("X-End"));
    }

    [Fact]
    public async Task Upgrade_ToAnythingButWebSocket_IsServedAsPlainHttp()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);

        foreach (var upgrade in (string[])["h2c", "H2C", "foo", "TLS/1.0", "websocket, h2c"])
        {
            var echo = await proxy.EchoAsync(
                $"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {upgrade}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n");

            Assert.Equal("HTTP/1.1", echo.Protocol);
            Assert.All((string[])["Upgrade", "HTTP2-Settings", "Connection"], name => Assert.Null(echo.Field(name)));
            Assert.Null(echo.Answer.Field("Upgrade"));
        }
    }

    [Theory]
    [InlineData("example.test:")]
    [InlineData("[::1]:")]
    public async Task Host_WithAnEmptyPort_IsTheClientsEachTime(string host)
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);
        await using var client = await proxy.ConnectAsync();
        string[] sent = [host, host, $"{host}0", host, $"{host}00", host];
        foreach (var each in sent)
        {
            await client.SendAsync($"GET / HTTP/1.1\r\nHost: {each}\r\n\r\n");

            Assert.Equal(204, (await client.ReadMessageAsync()).Status);
        }

        Assert.Equal(sent, enclave.Requests.Select(r => r.Field("Host")));
        Assert.Equal(sent, enclave.Requests.Select(r => r.Field("X-Forwarded-Host")));
    }

    [Fact]
    public async Task Host_OfAnAbsoluteTargetInHttp10_IsTheTargetsEachTime()
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);
        await using var client = await proxy.ConnectAsync();
        foreach (var head in (string[])[
            "http://Example.Test:80/ HTTP/1.0\r\n", "/ HTTP/1.0\r\nHost: Example.Test:80\r\n",
            "http://user@example.test:/ HTTP/1.0\r\n"])
        {
            await client.SendAsync($"GET {head}Connection: keep-alive\r\n\r\n");

            Assert.Equal(204, (await client.ReadMessageAsync(bodiless: true)).Status);
        }

        Assert.Equal(["Example.Test:80", "Example.Test:80", "example.test:"], enclave.Requests.Select(r => r.Field("Host")));
    }

    [Fact]
    public async Task XContentLength_InTrailers_StaysAsItCame()
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        await proxy.ExchangeAsync(
            "POST / HTTP/1.1\r\nHost: x\r\nX-Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"
                + "0\r\nX-Content-Length: 3\r\n\r\n");

        var request = Assert.Single(enclave.Requests);
        Assert.Equal("2", request.Field("X-Content-Length"));
        Assert.Equal([("X-Content-Length", "3")], request.Trailers);
    }

    [Fact]
    public async Task Host_WithPortAndCase_IsTheClients()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);

        var answer = await proxy.ExchangeAsync("GET /echo HTTP/1.1\r\nHost: Proof.Example.test:8443\r\n\r\n");

        Assert.Equal("Proof.Example.test:8443", Echo.Parse(Encoding.UTF8.GetString(answer.Body)).Field("Host"));
    }
}
