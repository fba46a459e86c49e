namespace ParentProxy.Tests.Transparency.Cases;

/// <summary>Bodies of requests: framed as they came, refused when their end is in doubt.</summary>
internal static class Framing
{
    private const string Chunked = "Transfer-Encoding: chunked\r\n";
    private static readonly string Megabyte = new('m', 1024 * 1024);

    public static IEnumerable<WireCase> Cases =>
    [
        Length("of 5 bytes", "5", "hello"),
        Length("with leading zeros", "0005", "hello"),
        Length("of 30 digits", new string('0', 29) + "5", "hello"),
        Length("of 0", "0", ""),
        Length("of many zeros", new string('0', 30), ""),
        Length("of 1 MiB", "1048576", Megabyte),
        Length("of bytes that look like a request", "18", "GET / HTTP/1.1\r\n\r\n"),
        Length("of bytes of any kind", "256", new string([.. Enumerable.Range(0, 256).Select(i => (char)i)])),
        InChunks("one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello"),
        InChunks("many chunks", string.Concat(Enumerable.Repeat("1\r\na\r\n", 100)) + "0\r\n\r\n", new string('a', 100)),
        InChunks("a size in capitals", "A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        InChunks("a size in small letters", "a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        InChunks("a size with leading zeros", "0005\r\nhello\r\n000\r\n\r\n", "hello"),
        InChunks("a size of 9 digits", "000000005\r\nhello\r\n000000000\r\n\r\n", "hello"),
        InChunks("a size of 16 digits", "0000000000000005\r\nhello\r\n0000000000000000\r\n\r\n", "hello"),
        InChunks("a size of 64 digits", $"{new string('0', 63)}5\r\nhello\r\n{new string('0', 64)}\r\n\r\n", "hello"),
        InChunks("white space before an extension", "5 ;a=b\r\nhello\r\n0\t;c\r\n\r\n", "hello"),
        InChunks("white space around everything in extensions", "5 \t; a = b ; c\r\nhello\r\n0\r\n\r\n", "hello"),
        InChunks("an extension without a name", "5;\r\nhello\r\n0;\r\n\r\n", "hello"),
        InChunks("an extension of 2 KiB", $"5;a={new string('x', 2048)}\r\nhello\r\n0\r\n\r\n", "hello"),
        InChunks("data that looks like a size line", "9\r\n3 ;a\r\nb\r\n\r\n0\r\n\r\n", "3 ;a\r\nb\r\n"),
        InChunks("extensions", "5;a=b;c=\"d e\"\r\nhello\r\n0;last\r\n\r\n", "hello"),
        InChunks("nothing", "0\r\n\r\n", ""),
        InChunks("1 MiB in one chunk", $"100000\r\n{Megabyte}\r\n0\r\n\r\n", Megabyte),
        InChunks("chunk data that looks like framing", "8\r\n0\r\n\r\n0\r\n\r\n0\r\n\r\n", "0\r\n\r\n0\r\n"),
        InChunks(
            "bytes of any kind",
            $"100\r\n{new string([.. Enumerable.Range(0, 256).Select(i => (char)i)])}\r\n0\r\n\r\n",
            new string([.. Enumerable.Range(0, 256).Select(i => (char)i)])),
        new("request framing: chunked, extensions end here", async run =>
        {
            await run.OpenAsync();
            await run.SendAsync(WireRun.Post(Chunked, "5 ;marked=extension\r\nhello\r\n0;marked\r\n\r\n"));
            await run.ArriveAsync();
            var seen = "";
            while (!seen.EndsWith("0\r\n\r\n", StringComparison.Ordinal))
                seen += (await run.Enclave.ReadLineAsync() ?? throw new InvalidOperationException($"it ended after {seen}")) + "\r\n";
            Assert.DoesNotContain("marked", seen, StringComparison.Ordinal);
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
        }),
        new("request framing: chunked, a size line in single bytes, each piece of the data at once", async run =>
        {
            await run.OpenAsync();
            foreach (var octet in WireRun.Post(Chunked, "0000000000000005 ;a=b\r\nhe"))
                await run.SendAsync(octet.ToString());
            var head = await (await run.ArriveAsync()).ReadHeadAsync();
            await WireRun.ExpectBodyAsync(run.Enclave, head!, "he");
            await run.SendAsync("llo");
            await WireRun.ExpectBodyAsync(run.Enclave, head!, "llo");
            await run.SendAsync("\r\n000000000\r\n\r\n");
            Assert.Empty(await run.Enclave.ReadChunkAsync() ?? [1]);
        }),
        new("request framing: chunked, a chunk of 4 GiB begins", async run =>
        {
            await run.OpenAsync();
            await run.SendAsync(WireRun.Post(Chunked, "100000000\r\nhello"));
            var head = await (await run.ArriveAsync()).ReadHeadAsync();
            await WireRun.ExpectBodyAsync(run.Enclave, head!, "hello");
        }),
        new("request framing: chunked, the next pipelined request follows odd sizes", async run =>
        {
            await run.SendAsync(WireRun.Post(Chunked, "000000002 ;a\r\nab\r\n0000000000;b\r\n\r\n") + WireRun.Get("/next"));
            Assert.Equal("ab", (await (await run.ArriveAsync()).ReadMessageAsync()).Text);
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
            Assert.Equal("GET /next HTTP/1.1", (await (await run.ArriveAsync()).ReadMessageAsync()).StartLine);
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
        }),
        new("request framing: the coding in capitals", async run =>
        {
            var (request, response) = await run.ExchangeAsync(WireRun.Post("Transfer-Encoding: Chunked\r\n", "2\r\nab\r\n0\r\n\r\n"));
            Assert.Equal("ab", request.Text);
            Assert.Equal("ok", response.Text);
        }),
        .. ((string[])["GET", "HEAD", "DELETE", "OPTIONS", "PATCH", "REPORT"]).SelectMany(method => (WireCase[])
        [
            new($"request framing: {method} with a length", async run =>
            {
                var (request, response) = await run.ExchangeAsync(
                    $"{method} / HTTP/1.1\r\nHost: example.test\r\nContent-Length: 4\r\n\r\nbody", "HTTP/1.1 204 No Content\r\n\r\n");
                Assert.Equal("body", request.Text);
                Assert.Equal(204, response.Status);
                await run.WorksAsync();
            }),
            new($"request framing: {method} in chunks", async run =>
            {
                var (request, response) = await run.ExchangeAsync(
                    $"{method} / HTTP/1.1\r\nHost: example.test\r\n{Chunked}\r\n4\r\nbody\r\n0\r\n\r\n",
                    "HTTP/1.1 204 No Content\r\n\r\n");
                Assert.Equal("body", request.Text);
                Assert.Equal(204, response.Status);
                await run.WorksAsync();
            }),
        ]),
        .. ((string[])["POST", "PUT", "GET"]).Select(
            method => new WireCase($"request framing: {method} without a body has none made up", async run =>
            {
                var (request, _) = await run.ExchangeAsync($"{method} / HTTP/1.1\r\nHost: example.test\r\n\r\n");
                Assert.Null(request.Field("Content-Length"));
                Assert.Null(request.Field("Transfer-Encoding"));
                await run.WorksAsync();
            })),
        new("request framing: an empty line before the request is skipped", async run =>
        {
            var request = await run.ForwardAsync("\r\n" + WireRun.Get("/a"));
            Assert.Equal("GET /a HTTP/1.1", request.StartLine);
        }),
        new("request framing: HTTP/1.2 is served as HTTP/1.1 or refused", async run =>
        {
            await run.OpenAsync();
            await run.SendAsync("GET / HTTP/1.2\r\nHost: example.test\r\n\r\n");
            if (!await run.IsRefusedAsync(to: 505))
                Assert.Equal("GET / HTTP/1.1", (await run.Enclave.ReadMessageAsync()).StartLine);
        }),
        new("request framing: length and chunks together are refused, or the length goes", async run =>
        {
            await run.OpenAsync();
            await run.SendAsync(WireRun.Post($"Content-Length: 3\r\n{Chunked}", "5\r\nhello\r\n0\r\n\r\n"));
            if (await run.IsRefusedAsync())
                return;
            var request = await run.Enclave.ReadMessageAsync();
            Assert.Null(request.Field("Content-Length"));
            Assert.Equal("hello", request.Text);
        }),
        .. ((string[])["X-Content-Length", "x-content-length", "X-CONTENT-LENGTH"]).Select(
            name => new WireCase($"request framing: {name} beside chunks is a field as any", async run =>
            {
                var (request, response) = await run.ExchangeAsync(WireRun.Post($"{name}: 5\r\n{Chunked}", "5\r\nhello\r\n0\r\n\r\n"));
                Assert.Equal(("5", "hello"), (request.Field("X-Content-Length"), request.Text));
                Assert.Equal("ok", response.Text);
                await run.WorksAsync();
            })),
        new("request framing: X-Content-Length beside a length, any value", async run =>
        {
            var (request, _) = await run.ExchangeAsync(WireRun.Post("X-Content-Length: caf\u00e9 9\r\nContent-Length: 2\r\n", "ab"));
            Assert.Equal(("caf\u00e9 9", "2", "ab"), (request.Field("X-Content-Length"), request.Field("Content-Length"), request.Text));
            await run.WorksAsync();
        }),
        new("request framing: X-Content-Length in two lines stays two", async run =>
        {
            var (request, _) = await run.ExchangeAsync(
                WireRun.Post($"X-Content-Length: 7\r\n{Chunked}X-Content-Length:\r\n", "2\r\nab\r\n0\r\n\r\n"));
            Assert.Equal(["7", ""], request.All("X-Content-Length"));
            await run.WorksAsync();
        }),
        new WireCase("request framing: length, chunks and X-Content-Length together are refused, or the length goes", async run =>
        {
            await run.OpenAsync();
            await run.SendAsync(WireRun.Post($"X-Content-Length: 3\r\nContent-Length: 3\r\n{Chunked}", "5\r\nhello\r\n0\r\n\r\n"));
            if (await run.IsRefusedAsync())
                return;
            var request = await run.Enclave.ReadMessageAsync();
            Assert.Null(request.Field("Content-Length"));
            Assert.Equal(("3", "hello"), (request.Field("X-Content-Length"), request.Text));
        }) with { Reason = "Kestrel wants to call the length X-Content-Length, finds the name taken and closes without an answer." },
        new("request framing: the same length twice is refused or sent once", async run =>
        {
            await run.OpenAsync();
            await run.SendAsync(WireRun.Post("Content-Length: 2\r\nContent-Length: 2\r\n", "ab"));
            if (!await run.IsRefusedAsync())
                Assert.Equal("2", (await run.Enclave.ReadMessageAsync()).Field("Content-Length"));
        }),
        .. ((string[])[
            "+5", "-5", "0x5", "5x", "1e1", "5 5", "5,6", "99999999999999999999", "18446744073709551621", "9223372036854775808",
            "\u00b2", "abc", "5\v"]).Select(
            length => IsRefused($"a length of {Printable(length)}", WireRun.Post($"Content-Length: {length}\r\n", "hello"))),
        IsRefused("a length of 30 digits that is too much", WireRun.Post($"Content-Length: {new string('9', 30)}\r\n", "hello")),
        IsRefused("an empty length", WireRun.Post("Content-Length:\r\n", "hello")),
        IsRefused("two lengths", WireRun.Post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!")),
        IsRefused("coding gzip", WireRun.Post("Transfer-Encoding: gzip\r\n", "hello")),
        IsRefused("coding gzip, chunked", WireRun.Post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")),
        IsRefused("coding chunked, gzip", WireRun.Post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n")),
        IsRefused("coding chunked twice", WireRun.Post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")),
        IsRefused("coding chunked in two lines", WireRun.Post(Chunked + Chunked, "0\r\n\r\n")),
        IsRefused("coding xchunked", WireRun.Post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")),
        IsRefused("coding chunked;q=1", WireRun.Post("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n")),
        IsRefused("coding identity", WireRun.Post("Transfer-Encoding: identity\r\nContent-Length: 5\r\n", "hello")),
        IsRefused("an empty coding", WireRun.Post("Transfer-Encoding:\r\nContent-Length: 5\r\n", "hello")),
        IsRefused("a coding after a vertical tab", WireRun.Post("Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n")),
        IsRefused("a space before the colon", WireRun.Post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n")),
        IsRefused("a name with a space", WireRun.Get(fields: "X Y: 1\r\n")),
        IsRefused("a name with brackets", WireRun.Get(fields: "X(Y): 1\r\n")),
        IsRefused("an empty name", WireRun.Get(fields: ": 1\r\n")),
        IsRefused("a line without colon", WireRun.Get(fields: "nonsense\r\n")),
        IsRefused("a folded line", WireRun.Get(fields: "X-A: 1\r\n 2\r\n")),
        IsRefused("a first field that begins with a space", "GET / HTTP/1.1\r\n Host: example.test\r\nHost: example.test\r\n\r\n"),
        IsRefused("a bare CR in a value", WireRun.Get(fields: "X-A: 1\r2\r\n")),
        IsRefused("a NUL in a value", WireRun.Get(fields: "X-A: 1\02\r\n")),
        IsRefused("a NUL in a name", WireRun.Get(fields: "X\0A: 1\r\n")),
        IsRefused("no Host", "GET / HTTP/1.1\r\n\r\n"),
        IsRefused("two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        IsRefused("a Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
        IsRefused("a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        IsRefused("no version", "GET /\r\n\r\n"),
        IsRefused("an unknown protocol", "GET / FTP/1.1\r\nHost: a\r\n\r\n"),
        IsRefused("HTTP/2.0 by name", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", to: 505),
        IsRefused("HTTP/1.1 in small letters", "GET / http/1.1\r\nHost: a\r\n\r\n", to: 505),
        IsRefused("two spaces after the method", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
        IsRefused("no HTTP at all", "nonsense\r\n\r\n"),
        IsCut("a size that is no number", "zz\r\nhello\r\n0\r\n\r\n"),
        IsCut("a negative size", "-5\r\nhello\r\n0\r\n\r\n"),
        IsCut("a size with a plus", "+5\r\nhello\r\n0\r\n\r\n"),
        IsCut("a size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"),
        IsCut("a size that overflows", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
        IsCut("a size of many digits", "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
        IsCut("an empty size", "\r\nhello\r\n0\r\n\r\n"),
        IsCut("a space before the size", " 5\r\nhello\r\n0\r\n\r\n"),
        IsCut("data longer than its size", "5\r\nhello!\r\n0\r\n\r\n"),
        IsCut("LF alone after a size", "5\nhello\r\n0\r\n\r\n"),
        IsCut("LF alone after data", "5\r\nhello\n0\r\n\r\n"),
        IsCut("LF inside an extension", "5;\nhello\r\n0\r\n\r\n"),
        IsCut("CR inside an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
        IsCut("LF inside an extension after white space", "5 ;a\nhello\r\n0\r\n\r\n"),
        IsCut("LF alone after leading zeros", "000000005\nhello\r\n0\r\n\r\n"),
        IsCut("CR alone after a size", "5\rhello\r\n0\r\n\r\n"),
        IsCut("LF alone after the last size", "5\r\nhello\r\n0\n\r\n"),
        IsCut("LF inside the extension of the last size", "5\r\nhello\r\n0;a\n\r\n"),
        IsCut("a digit after white space", "5 5\r\nhello\r\n0\r\n\r\n"),
        IsCut("many zeros and a size that overflows", "000000000010000000000000005\r\nhello\r\n0\r\n\r\n"),
    ];

    private static WireCase Length(string what, string length, string body) => new($"request framing: a length {what}", async run =>
    {
        var (request, response) = await run.ExchangeAsync(WireRun.Post($"Content-Length: {length}\r\n", body));
        Assert.Equal(body.Length, int.Parse(request.Field("Content-Length")!, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Null(request.Field("Transfer-Encoding"));
        Assert.True(body == request.Text, "the body is another");
        Assert.Equal("ok", response.Text);
        await run.WorksAsync();
    });

    private static WireCase InChunks(string what, string sent, string body) => new($"request framing: chunked, {what}", async run =>
    {
        var (request, response) = await run.ExchangeAsync(WireRun.Post(Chunked, sent));
        Assert.Equal("chunked", request.Field("Transfer-Encoding"));
        Assert.Null(request.Field("Content-Length"));
        Assert.True(body == request.Text, "the body is another");
        Assert.Equal("ok", response.Text);
        await run.WorksAsync();
    });

    private static WireCase IsRefused(
        string what, string request, int to = 499) => new($"request framing: {what}: refused and closed", async run =>
    {
        await run.RefuseAsync(request, to: Math.Max(to, 501));
        await run.EndsAsync();
    });

    /// <summary>The head may have gone on, but never the end of a body.</summary>
    private static WireCase IsCut(
        string what, string body) => new($"request framing: chunked, {what}: refused or cut, and closed", async run =>
    {
        await run.OpenAsync();
        await run.SendAsync(WireRun.Post(Chunked, body));
        var (received, _) = await run.Client.ReadToEndAsync();
        var answer = System.Text.Encoding.Latin1.GetString(received);
        Assert.True(answer.Length == 0
            || answer.StartsWith("HTTP/1.1 4", StringComparison.Ordinal)
            || answer.StartsWith("HTTP/1.0 4", StringComparison.Ordinal), $"the client was answered: {answer}");
        foreach (var enclave in run.EnclaveConnections)
            Assert.DoesNotContain(
                "0\r\n\r\n", System.Text.Encoding.Latin1.GetString((await enclave.ReadToEndAsync()).Received), StringComparison.Ordinal);
    });

    private static string Printable(string text) =>
        text.Replace("\u00b2", "superscript 2", StringComparison.Ordinal).Replace("\v", "VT", StringComparison.Ordinal);
}
