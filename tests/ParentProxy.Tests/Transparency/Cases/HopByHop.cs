using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Transparency.Cases;

/// <summary>Fields of one connection, and those that <c>Connection</c> names, end with it (RFC 9110 §7.6.1).</summary>
internal static class HopByHop
{
    public static IEnumerable<WireCase> Cases =>
    [
        Goes("Connection: keep-alive", "Connection: keep-alive\r\n"),
        Goes("Keep-Alive", "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n", "Keep-Alive"),
        Goes("Keep-Alive that Connection does not name", "Keep-Alive: timeout=5\r\n", "Keep-Alive"),
        Goes("Proxy-Connection", "Proxy-Connection: keep-alive\r\n", "Proxy-Connection"),
        Goes("TE", "Connection: TE\r\nTE: gzip;q=0.5\r\n", "TE"),
        Goes("Upgrade: foo", "Connection: Upgrade\r\nUpgrade: foo/1\r\n", "Upgrade"),
        Goes("Upgrade that Connection does not name", "Upgrade: h2c\r\n", "Upgrade"),
        Goes("a field that Connection names", "Connection: X-Hop\r\nX-Hop: 1\r\n", "X-Hop"),
        Goes("a field that Connection names in capitals", "CONNECTION: X-HOP\r\nx-hop: 1\r\n", "X-Hop"),
        Goes("a field after one that is not there", "Connection: X-None, X-Hop\r\nX-Hop: 1\r\n", "X-Hop"),
        Goes("a field named among empty elements", "Connection: ,, X-Hop ,\t,\r\nX-Hop: 1\r\n", "X-Hop"),
        Goes("a field named beside close", "Connection: close, X-Hop\r\nX-Hop: 1\r\n", "X-Hop", "Close"),
        Goes("a field named by a second Connection line", "Connection: keep-alive\r\nConnection: X-Hop\r\nX-Hop: 1\r\n", "X-Hop") with
        {
            Reason = "Kestrel keeps of several Connection lines only the word keep-alive when it stands alone in "
                + "one (see ConnectionEncoding).",
        },
        Goes("each line of a named field", "X-Hop: 1\r\nConnection: x-hop\r\nX-Hop: 2\r\n", "X-Hop"),
        Goes(
            "a named field that servers know",
            "Connection: Content-Language, Cookie\r\nContent-Language: de\r\nCookie: a\r\n",
            "Content-Language",
            "Cookie"),
        Goes("a field that follows nonsense", "Connection: \"not a token\", X-Hop\r\nX-Hop: 1\r\n", "X-Hop"),
        new("hop by hop: TE: trailers stays, named by Connection", async run =>
        {
            var request = await run.ForwardAsync(WireRun.Get(fields: "Connection: TE\r\nTE: trailers\r\n"));
            Assert.Equal("trailers", request.Field("TE"));
            Assert.Equal("te", request.Field("Connection")?.ToLowerInvariant());
        }),
        new("hop by hop: of TE only trailers stays", async run =>
        {
            var request = await run.ForwardAsync(WireRun.Get(fields: "Connection: TE\r\nTE: gzip;q=0.3, trailers, deflate\r\n"));
            Assert.Equal("trailers", request.Field("TE"));
            Assert.Equal("te", request.Field("Connection")?.ToLowerInvariant());
        }),
        .. ((string[])["Host", "Content-Length", "Content-Type", "X-Forwarded-For", "Authorization"]).Select(
            name => new WireCase($"hop by hop: Connection cannot take {name} out of a request", async run =>
            {
                await run.OpenAsync();
                await run.SendAsync(
                    $"POST / HTTP/1.1\r\nHost: example.test\r\nConnection: {name}\r\nContent-Length: 2\r\n"
                        + "Content-Type: a/b\r\nAuthorization: c\r\n\r\nab");
                if (await run.IsRefusedAsync())
                    return;
                var request = await run.Enclave.ReadMessageAsync();
                Assert.NotEmpty(request.All(name));
                Assert.Equal("ab", request.Text);
            })),
        Goes("a field named by the second of two Connection lines", "Connection: X-Other\r\nConnection: X-Hop\r\nX-Hop: 1\r\n", "X-Hop"),
        Goes("a field named by a Connection line after close", "Connection: close\r\nConnection: X-Hop\r\nX-Hop: 1\r\n", "X-Hop"),
        ReturnGoes("Connection: keep-alive", "Connection: keep-alive\r\n"),
        ReturnGoes("Keep-Alive", "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n", "Keep-Alive"),
        ReturnGoes("Keep-Alive that Connection does not name", "Keep-Alive: timeout=5\r\n", "Keep-Alive"),
        ReturnGoes("Proxy-Connection", "Proxy-Connection: keep-alive\r\n", "Proxy-Connection"),
        ReturnGoes("Upgrade", "Connection: Upgrade\r\nUpgrade: h2c\r\n", "Upgrade"),
        .. ((string[])["websocket", "TLS/1.2, HTTP/1.1", "h2c"]).Select(
            protocol => new WireCase($"hop by hop: Upgrade of a 426 reaches the client, {protocol}", async run =>
            {
                var (_, response) = await run.ExchangeAsync(
                    WireRun.Get(),
                    $"HTTP/1.1 426 Upgrade Required\r\nUpgrade: {protocol}\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nno");
                Assert.Equal((protocol, "no"), (response.Field("Upgrade"), response.Text));
                await run.WorksAsync();
            })),
        new("hop by hop: Connection of a 426 names its Upgrade", async run =>
        {
            var (_, response) = await run.ExchangeAsync(
                WireRun.Get(), "HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n");
            Assert.Contains("upgrade", response.Field("Connection") ?? "", StringComparison.OrdinalIgnoreCase);
            await run.WorksAsync();
        }),
        new("hop by hop: Upgrade of a 426 in two lines reaches the client", async run =>
        {
            var (_, response) = await run.ExchangeAsync(
                WireRun.Get(),
                "HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: a/1\r\nUpgrade: b/2\r\nContent-Length: 0\r\n\r\n");
            Assert.Equal("a/1,b/2", string.Join(',', response.All("Upgrade")).Replace(" ", "", StringComparison.Ordinal));
            await run.WorksAsync();
        }),
        new("hop by hop: a 426 to a client that closes says both", async run =>
        {
            var (_, response) = await run.ExchangeAsync(
                WireRun.Get(fields: "Connection: close\r\n"),
                "HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n");
            Assert.Equal("websocket", response.Field("Upgrade"));
            Assert.Contains("close", string.Join(',', response.All("Connection")), StringComparison.OrdinalIgnoreCase);
            await run.EndsAsync();
        }),
        new("hop by hop: Proxy-Authenticate of a 407 reaches the client", async run =>
        {
            var (_, response) = await run.ExchangeAsync(
                WireRun.Get(),
                "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"a\"\r\nContent-Length: 0\r\n\r\n");
            Assert.Equal((407, "Basic realm=\"a\""), (response.Status, response.Field("Proxy-Authenticate")));
            await run.WorksAsync();
        }),
        new("hop by hop: Proxy-Authorization and its answer pass where nobody between asks for them", async run =>
        {
            var (request, response) = await run.ExchangeAsync(
                WireRun.Get(fields: "Proxy-Authorization: Basic YTpi\r\n"),
                "HTTP/1.1 200 OK\r\nProxy-Authentication-Info: a=b\r\nContent-Length: 2\r\n\r\nok");
            Assert.Equal("Basic YTpi", request.Field("Proxy-Authorization"));
            Assert.Equal("a=b", response.Field("Proxy-Authentication-Info"));
        }),
        ReturnGoes("TE", "Connection: TE\r\nTE: gzip\r\n", "TE"),
        ReturnGoes("a field that Connection names", "Connection: X-Hop\r\nX-Hop: 1\r\n", "X-Hop"),
        ReturnGoes("a field named beside close", "Connection: close, X-Hop\r\nX-Hop: 1\r\n", "X-Hop", "Close"),
        ReturnGoes(
            "a field named by a second Connection line",
            "Connection: keep-alive\r\nX-Hop: 1\r\nConnection: ,x-hop\r\nX-Hop: 2\r\n",
            "X-Hop"),
        ReturnGoes(
            "a named field that servers know",
            "Connection: Content-Language, Set-Cookie\r\nContent-Language: de\r\nSet-Cookie: a\r\n",
            "Content-Language",
            "Set-Cookie"),
        new("hop by hop: Connection cannot take Content-Length out of an answer", async run =>
        {
            var (_, response) = await run.ExchangeAsync(
                WireRun.Get(), "HTTP/1.1 200 OK\r\nConnection: Content-Length\r\nContent-Length: 2\r\n\r\nok");
            Assert.Equal("ok", response.Text);
            Assert.Equal("2", response.Field("Content-Length"));
            await run.WorksAsync();
        }),
        new("hop by hop: close of the client ends its connection, after the answer", async run =>
        {
            var (request, response) = await run.ExchangeAsync(WireRun.Get(fields: "Connection: close\r\n"));
            OnlyItsOwn(request);
            Assert.Equal("ok", response.Text);
            Assert.Equal("close", response.Field("Connection")?.ToLowerInvariant());
            await run.EndsAsync();
        }),
        new("hop by hop: CLOSE among others ends the client's connection", async run =>
        {
            var (request, response) = await run.ExchangeAsync(WireRun.Get(fields: "Connection: foo,CLOSE\r\n"));
            OnlyItsOwn(request);
            Assert.Equal("ok", response.Text);
            await run.EndsAsync();
        }),
        new("hop by hop: close of the enclave does not end the client's connection", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            var first = run.Enclave;
            var response = await run.AnswerAsync("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
            Assert.NotEqual("close", response.Field("Connection"));
            await run.WorksAsync();
            Assert.NotSame(first, run.Enclave);
        }),
        new("hop by hop: the enclave's connection ends when it said close", async run =>
        {
            await run.ExchangeAsync(WireRun.Get(), "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
            await WireRun.EndsAsync(run.Enclave);
        }),
        new("hop by hop: Trailer stays", async run =>
        {
            var (request, response) = await run.ExchangeAsync(
                WireRun.Post("Trailer: X-After\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
                "HTTP/1.1 200 OK\r\nTrailer: X-After\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
            Assert.Equal("X-After", request.Field("Trailer"));
            Assert.Equal("X-After", response.Field("Trailer"));
        }),
    ];

    private static WireCase Goes(
        string what, string fields, params string[] gone) => new($"hop by hop: {what} does not reach the enclave", async run =>
    {
        var (request, response) = await run.ExchangeAsync(WireRun.Post($"{fields}X-End: 1\r\nContent-Length: 2\r\n", "ab"));
        Assert.All(gone, name => Assert.Empty(request.All(name)));
        OnlyItsOwn(request);
        Assert.Equal("1", request.Field("X-End"));
        Assert.Equal("ab", request.Text);
        Assert.Equal("ok", response.Text);
    });

    private static WireCase ReturnGoes(
        string what, string fields, params string[] gone) => new($"hop by hop: {what} does not reach the client", async run =>
    {
        var (_, response) = await run.ExchangeAsync(WireRun.Get(), $"HTTP/1.1 200 OK\r\n{fields}X-End: 1\r\nContent-Length: 2\r\n\r\nok");
        Assert.All(gone, name => Assert.Empty(response.All(name)));
        OnlyItsOwn(response);
        Assert.Equal("1", response.Field("X-End"));
        Assert.Equal("ok", response.Text);
        await run.WorksAsync();
    });

    /// <summary>A front may say of its own connection how long it lasts.</summary>
    private static void OnlyItsOwn(WireMessage message) =>
        Assert.All(message.All("Connection"), value => Assert.Contains(value.ToLowerInvariant(), (string[])["keep-alive", "close"]));
}
