using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Transparency.Cases;

/// <summary>Bodies of answers, by the rules of RFC 9112 §6.3.</summary>
internal static class ResponseFraming
{
    private const string Chunked = "Transfer-Encoding: chunked\r\n";
    private const string Answer = "HTTP/1.1 605 None\r\nContent-Length: 7\r\n\r\nplanted";
    private static readonly string Megabyte = new('m', 1024 * 1024);
    private static readonly string AnyByte = new([.. Enumerable.Range(0, 256).Select(i => (char)i)]);

    public static IEnumerable<WireCase> Cases =>
    [
        Length("of 2 bytes", "2", "ok"),
        Length("of 0", "0", ""),
        Length("with leading zeros", "0002", "ok"),
        Length("of 1 MiB", "1048576", Megabyte),
        Length("of bytes of any kind", "256", AnyByte),
        InChunks("one chunk", "2\r\nok\r\n0\r\n\r\n", "ok"),
        InChunks("nothing", "0\r\n\r\n", ""),
        InChunks("many chunks", string.Concat(Enumerable.Repeat("1\r\na\r\n", 1000)) + "0\r\n\r\n", new string('a', 1000)),
        InChunks("sizes in any case, with zeros", "0A\r\n0123456789\r\n000b\r\n0123456789a\r\n00\r\n\r\n", "01234567890123456789a"),
        InChunks("extensions", "2;a=b;c=\"d;e\"\r\nok\r\n0;last\r\n\r\n", "ok"),
        InChunks("an extension of 1 KiB", $"2;{new string('e', 1024)}\r\nok\r\n0\r\n\r\n", "ok"),
        InChunks("1 MiB in one chunk", $"100000\r\n{Megabyte}\r\n0\r\n\r\n", Megabyte),
        InChunks("data that looks like framing", "8\r\n0\r\n\r\n0\r\n\r\n0\r\n\r\n", "0\r\n\r\n0\r\n"),
        InChunks("bytes of any kind", $"100\r\n{AnyByte}\r\n0\r\n\r\n", AnyByte),
        new("answer framing: the coding in capitals", async run =>
        {
            var (_, response) = await run.ExchangeAsync(
                WireRun.Get(), "HTTP/1.1 200 OK\r\ntransfer-encoding: CHUNKED\r\n\r\n2\r\nok\r\n0\r\n\r\n");
            Assert.Equal("ok", response.Text);
            await run.WorksAsync();
        }),
        ToTheEnd("until the end of the connection", "", "as long as it lasts"),
        ToTheEnd("until the end of the connection, empty", "", ""),
        ToTheEnd("until the end of the connection, 1 MiB", "", Megabyte),
        ToTheEnd("until the end of the connection, which it says", "Connection: close\r\n", "as long as it lasts"),
        new("answer framing: HTTP/1.0 until the end of the connection", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            await run.Enclave.SendAsync("HTTP/1.0 200 OK\r\n\r\nold");
            run.Enclave.ShutdownSend();
            var response = await run.Client.ReadMessageAsync();
            Assert.Equal("HTTP/1.1 200 OK", response.StartLine);
            Assert.Equal("old", response.Text);
        }),
        new("answer framing: HTTP/1.0 with a length; its connection is not used again", async run =>
        {
            var (_, response) = await run.ExchangeAsync(WireRun.Get(), "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold");
            Assert.Equal("old", response.Text);
            var first = run.Enclave;
            await run.WorksAsync();
            Assert.NotSame(first, run.Enclave);
        }),
        Bodiless("HEAD with a length", "HEAD", "200 OK", "Content-Length: 5\r\n", "5"),
        Bodiless("HEAD with a length of 0", "HEAD", "200 OK", "Content-Length: 0\r\n", "0"),
        Bodiless("HEAD with chunks announced", "HEAD", "200 OK", Chunked, null),
        Bodiless("HEAD with no framing", "HEAD", "200 OK", "", null),
        Bodiless("HEAD and 404", "HEAD", "404 Not Found", "Content-Length: 9\r\n", "9"),
        Bodiless("204", "GET", "204 No Content", "", null),
        Bodiless("204 to POST", "POST", "204 No Content", "", null),
        Bodiless("304", "GET", "304 Not Modified", "ETag: \"a\"\r\n", null),
        Bodiless("304 with a length", "GET", "304 Not Modified", "Content-Length: 10\r\n", "10"),
        Bodiless("304 with chunks announced", "GET", "304 Not Modified", Chunked, null),
        Bodiless("204 with chunks announced", "GET", "204 No Content", Chunked, null),
        Bodiless("HEAD and 204", "HEAD", "204 No Content", "", null),
        Bodiless("HEAD and 205 with a length", "HEAD", "205 Reset Content", "Content-Length: 5\r\n", "5"),
        Bodiless("HEAD and 205 with chunks announced", "HEAD", "205 Reset Content", Chunked, null),
        Bodiless("HEAD and 304 with a length", "HEAD", "304 Not Modified", "Content-Length: 5\r\n", "5"),
        Bodiless("204 after 103", "GET", "103 Early Hints\r\n\r\nHTTP/1.1 204 No Content", "", null),
        new("answer framing: 204 with a length has no body", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            await run.Enclave.SendAsync("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n");
            Assert.Equal(204, (await run.Client.ReadMessageAsync()).Status);
            await run.WorksAsync();
        }),
        new("answer framing: 205 with a length of 0", async run =>
        {
            var (_, response) = await run.ExchangeAsync(WireRun.Get(), "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n");
            Assert.Equal("HTTP/1.1 205 Reset Content", response.StartLine);
            Assert.Equal("0", response.Field("Content-Length"));
            await run.WorksAsync();
        }),
        WithContent("205 Reset Content", "a length", $"Content-Length: {Answer.Length}\r\n\r\n{Answer}"),
        WithContent("205 Start Again", "a length", $"Content-Length: {Answer.Length}\r\n\r\n{Answer}"),
        WithContent("205 Reset Content", "chunks", $"{Chunked}\r\n{Answer.Length:x}\r\n{Answer}\r\n0\r\n\r\n"),
        WithContent("206 Partial Content", "a length", $"Content-Range: bytes 0-46/47\r\nContent-Length: {Answer.Length}\r\n\r\n{Answer}"),
        WithContent("299 Whatever", "chunks", $"{Chunked}\r\n{Answer.Length:x}\r\n{Answer}\r\n0\r\n\r\n"),
        new("answer framing: 205 until the end of the connection", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            await run.Enclave.SendAsync($"HTTP/1.1 205 Reset Content\r\n\r\n{Answer}");
            run.Enclave.ShutdownSend();
            var response = await run.Client.ReadMessageAsync();
            Assert.Equal((205, Answer), (response.Status, response.Text));
        }),
        new("answer framing: 205 in chunks with trailers, after 103", async run =>
        {
            await run.ForwardAsync(WireRun.Get(fields: "Connection: TE\r\nTE: trailers\r\n"));
            Assert.Equal(103, (await run.AnswerAsync("HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n")).Status);
            var response = await run.AnswerAsync($"HTTP/1.1 205 Reset Content\r\n{Chunked}\r\n2\r\nok\r\n0\r\nX-After: 1\r\n\r\n");
            Assert.Equal((205, "ok"), (response.Status, response.Text));
            Assert.Equal([("X-After", "1")], response.Trailers);
            await run.WorksAsync();
        }),
        new("answer framing: the same length twice is passed on once or is 502", async run =>
        {
            var (_, response) = await run.ExchangeAsync(
                WireRun.Get(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok");
            if (response.Status != 502)
                Assert.Equal(("2", "ok"), (response.Field("Content-Length"), response.Text));
        }),
        Cut("a length that is not reached", "Content-Length: 10\r\n\r\nhello", reset: false),
        Cut("a length that is not reached, reset", "Content-Length: 10\r\n\r\nhello", reset: true),
        Cut("205, a length that is not reached", "Content-Length: 10\r\n\r\nhello", reset: false, "205 Reset Content"),
        Cut("205, chunks that end without the last one", $"{Chunked}\r\n5\r\nhello\r\n", reset: false, "205 Reset Content"),
        .. ((string[])["zz\r\n", "5\r\nhello!!\r\n", "5\r\nhello\r\n0\r\nX-A : 1\r\n\r\n"]).Select(
            bad => new WireCase(
                "answer framing: nothing follows a head whose chunks are broken, "
                    + $"{bad.Replace("\r\n", " ", StringComparison.Ordinal).Trim()}",
                async run =>
                {
                    await run.ForwardAsync(WireRun.Get());
                    await run.Enclave.SendAsync($"HTTP/1.1 200 OK\r\n{Chunked}\r\n5\r\nhello\r\n{bad}");
                    var (all, _) = await run.Client.ReadToEndAsync();
                    var text = System.Text.Encoding.Latin1.GetString(all);
                    Assert.InRange(System.Text.RegularExpressions.Regex.Count(text, "HTTP/1.1 "), 0, 1);
                    Assert.False(
                        text.StartsWith("HTTP/1.1 200", StringComparison.Ordinal) && text.EndsWith("0\r\n\r\n", StringComparison.Ordinal),
                        "the client takes the answer for whole");
                })),
        Cut("chunks that end inside a chunk", $"{Chunked}\r\na\r\nhello", reset: false),
        Cut("chunks that end without the last one", $"{Chunked}\r\n5\r\nhello\r\n", reset: false),
        Cut("chunks that end inside the last one", $"{Chunked}\r\n5\r\nhello\r\n0\r\n", reset: false),
        Cut("chunks, reset", $"{Chunked}\r\n5\r\nhello\r\n", reset: true),
        new("answer framing: a reset in place of the end of a body without framing cuts the answer", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            await run.Enclave.SendAsync("HTTP/1.1 200 OK\r\n\r\nhello");
            var head = await run.Client.ReadHeadAsync();
            Assert.Equal(200, head!.Status);
            await WireRun.ExpectBodyAsync(run.Client, head, "hello");
            run.Enclave.Reset();
            var (rest, reset) = await run.Client.ReadToEndAsync();
            Assert.DoesNotContain("0\r\n\r\n", System.Text.Encoding.Latin1.GetString(rest), StringComparison.Ordinal);
            Assert.True(reset || head.Field("Transfer-Encoding") is not null, "the client takes the answer for whole");
        }),
    ];

    private static WireCase Length(string what, string length, string body) => new($"answer framing: a length {what}", async run =>
    {
        var (_, response) = await run.ExchangeAsync(WireRun.Get(), $"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        Assert.Equal(body.Length, int.Parse(response.Field("Content-Length")!, System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(body == response.Text, "the body is another");
        await run.WorksAsync();
    });

    private static WireCase InChunks(string what, string sent, string body) => new($"answer framing: chunked, {what}", async run =>
    {
        var (_, response) = await run.ExchangeAsync(WireRun.Get(), $"HTTP/1.1 200 OK\r\n{Chunked}\r\n{sent}");
        Assert.Equal("chunked", response.Field("Transfer-Encoding"));
        Assert.Null(response.Field("Content-Length"));
        Assert.True(body == response.Text, "the body is another");
        await run.WorksAsync();
    });

    private static WireCase ToTheEnd(string what, string fields, string body) => new($"answer framing: {what}", async run =>
    {
        await run.ForwardAsync(WireRun.Get());
        var reading = run.Client.ReadMessageAsync();
        await run.Enclave.SendAsync($"HTTP/1.1 200 OK\r\n{fields}X-End: 1\r\n\r\n{body}");
        run.Enclave.ShutdownSend();
        var response = await reading;
        Assert.Equal("1", response.Field("X-End"));
        Assert.True(body == response.Text, "the body is another");
    });

    private static WireCase Bodiless(
        string what,
        string method,
        string status,
        string fields,
        string? length) => new($"answer framing: {what} has no body", async run =>
    {
        await run.ForwardAsync($"{method} / HTTP/1.1\r\nHost: example.test\r\n\r\n");
        await run.Enclave.SendAsync($"HTTP/1.1 {status}\r\n{fields}X-End: 1\r\n\r\n");
        WireMessage response;
        do
            response = await run.Client.ReadMessageAsync(bodiless: true);
        while (response.Status < 200);
        Assert.Equal("1", response.Field("X-End"));
        Assert.Equal(length, response.Field("Content-Length"));
        var first = run.Enclave;
        await run.WorksAsync();
        Assert.Same(first, run.Enclave);
    });

    /// <summary>What the content looks like must not matter.</summary>
    private static WireCase WithContent(
        string status, string framing, string framingAndBody) => new($"answer framing: {status} with content, by {framing}", async run =>
    {
        var (_, response) = await run.ExchangeAsync(WireRun.Get(), $"HTTP/1.1 {status}\r\n{framingAndBody}");
        Assert.Equal($"HTTP/1.1 {status}", response.StartLine);
        Assert.Equal(Answer, response.Text);
        await run.WorksAsync();
    });

    private static WireCase Cut(
        string what,
        string framingAndBody,
        bool reset,
        string status = "200 OK") => new($"answer framing: {what}: a cut answer is a cut answer", async run =>
    {
        await run.ForwardAsync(WireRun.Get());
        await run.Enclave.SendAsync($"HTTP/1.1 {status}\r\n{framingAndBody}");
        var head = await run.Client.ReadHeadAsync();
        Assert.Equal($"HTTP/1.1 {status}", head!.StartLine);
        await WireRun.ExpectBodyAsync(run.Client, head, "hello");
        if (reset)
            run.Enclave.Reset();
        else
            await run.Enclave.DisposeAsync();
        var (rest, _) = await run.Client.ReadToEndAsync();
        Assert.DoesNotContain("0\r\n\r\n", System.Text.Encoding.Latin1.GetString(rest), StringComparison.Ordinal);
    });
}
