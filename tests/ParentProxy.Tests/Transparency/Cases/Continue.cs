using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Transparency.Cases;

/// <summary><c>Expect: 100-continue</c> is between client and enclave (RFC 9110 §10.1.1).</summary>
internal static class Continue
{
    private const string Expect = "Expect: 100-continue\r\n";
    private const string Go = "HTTP/1.1 100 Continue\r\n\r\n";

    public static IEnumerable<WireCase> Cases =>
    [
        .. ((string[])["Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"]).SelectMany(
            framing => Framed(framing, framing[0] == 'C' ? "hello" : "5\r\nhello\r\n0\r\n\r\n", framing.Split(':')[0])),
        new("continue: the expectation in capitals", async run =>
        {
            var head = await ArriveAsync(run, "EXPECT: 100-Continue\r\nContent-Length: 5\r\n");
            Assert.Equal("100-continue", head.Field("Expect")!.ToLowerInvariant());
            Assert.Equal(100, (await run.AnswerAsync(Go)).Status);
            await run.SendAsync("hello");
            await WireRun.ExpectAsync(run.Enclave, "hello");
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
        }),
        new("continue: a hint first, then 100, then the answer", async run =>
        {
            await ArriveAsync(run, $"{Expect}Content-Length: 5\r\n");
            Assert.Equal(103, (await run.AnswerAsync("HTTP/1.1 103 Early Hints\r\n\r\n")).Status);
            Assert.Equal(100, (await run.AnswerAsync(Go)).Status);
            await run.SendAsync("hello");
            await WireRun.ExpectAsync(run.Enclave, "hello");
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
            await run.WorksAsync();
        }),
        .. ((string[])["417 Expectation Failed", "413 Content Too Large", "401 Unauthorized", "302 Found", "200 OK"]).Select(
            status => new WireCase($"continue: {status} instead of 100, and no body is sent", async run =>
            {
                await ArriveAsync(run, $"{Expect}Content-Length: 1000000\r\n");
                var response = await run.AnswerAsync($"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nno");
                Assert.Equal($"HTTP/1.1 {status}", response.StartLine);
                Assert.Equal("no", response.Text);
            })),
        new("continue: the enclave's connection is not used again when no body was sent", async run =>
        {
            await ArriveAsync(run, $"{Expect}Content-Length: 5\r\n");
            var first = run.Enclave;
            Assert.Equal(417, (await run.AnswerAsync("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")).Status);
            var other = await run.OpenAsync();
            await other.SendAsync(WireRun.Get("/other"));
            var enclave = await run.ArriveAsync(other);
            Assert.NotSame(first, enclave);
            Assert.Equal("GET /other HTTP/1.1", (await enclave.ReadHeadAsync())!.StartLine);
        }),
        new("continue: the enclave never says 100, the client sends after a while", async run =>
        {
            await ArriveAsync(run, $"{Expect}Content-Length: 5\r\n");
            await run.SendAsync("hello");
            await WireRun.ExpectAsync(run.Enclave, "hello");
            Assert.Equal((200, "ok"), await run.AnswerAsync() is var answer ? (answer.Status, answer.Text) : default);
            await run.WorksAsync();
        }),
        new("continue: a client that does not wait, an enclave that says 100 all the same", async run =>
        {
            await run.SendAsync(WireRun.Post($"{Expect}Content-Length: 5\r\n", "hello"));
            await (await run.ArriveAsync()).ReadHeadAsync();
            await run.Enclave.SendAsync(Go);
            await WireRun.ExpectAsync(run.Enclave, "hello");
            await run.Enclave.SendAsync(WireRun.Ok);
            var response = await run.Client.ReadMessageAsync();
            if (response.Status == 100)
                response = await run.Client.ReadMessageAsync();
            Assert.Equal("ok", response.Text);
            await run.WorksAsync();
        }),
        new("continue: an enclave that closes instead", async run =>
        {
            await ArriveAsync(run, $"{Expect}Content-Length: 5\r\n");
            run.Enclave.ShutdownSend();
            Assert.Equal(502, (await run.Client.ReadMessageAsync()).Status);
        }),
        new("continue: without a body", async run =>
        {
            var head = await ArriveAsync(run, Expect);
            Assert.Equal("100-continue", head.Field("Expect"));
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
            await run.WorksAsync();
        }),
        new("continue: another expectation is passed on or 417", async run =>
        {
            await run.SendAsync(WireRun.Post("Expect: odd\r\nContent-Length: 2\r\n", "ab"));
            if (!await run.IsRefusedAsync())
                Assert.Equal("odd", (await run.Enclave.ReadMessageAsync()).Field("Expect"));
        }),
        new("continue: twice on one connection", async run =>
        {
            for (var i = 0; i < 2; i++)
            {
                await ArriveAsync(run, $"{Expect}Content-Length: 5\r\n");
                Assert.Equal(100, (await run.AnswerAsync(Go)).Status);
                await run.SendAsync("hello");
                await WireRun.ExpectAsync(run.Enclave, "hello");
                Assert.Equal("ok", (await run.AnswerAsync()).Text);
            }
        }),
        new("continue: not for an HTTP/1.0 client", async run =>
        {
            await run.SendAsync($"POST / HTTP/1.0\r\nHost: example.test\r\n{Expect}Content-Length: 5\r\n\r\nhello");
            Assert.Equal("hello", (await (await run.ArriveAsync()).ReadMessageAsync()).Text);
            var answer = await run.AnswerAsync(Go + WireRun.Ok);
            Assert.Equal((200, "ok"), (answer.Status, answer.Text));
        }),
    ];

    private static IEnumerable<WireCase> Framed(string framing, string body, string what) =>
    [
        new($"continue: the enclave says 100, the client sends, {what}", async run =>
        {
            var head = await ArriveAsync(run, Expect + framing);
            Assert.Equal("100-continue", head.Field("Expect"));
            var response = await run.AnswerAsync(Go);
            Assert.Equal("HTTP/1.1 100 Continue", response.StartLine);
            await run.SendAsync(body);
            await WireRun.ExpectBodyAsync(run.Enclave, head, "hello");
            if (what[0] == 'T')
                Assert.Empty(await run.Enclave.ReadChunkAsync());
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
            await run.WorksAsync();
        }),
        new($"continue: the front says nothing of its own, {what}", async run =>
        {
            await ArriveAsync(run, Expect + framing);

            // Were there a 100 of the front, it would come first.
            Assert.Equal(417, (await run.AnswerAsync("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")).Status);
        }),
    ];

    /// <summary>The head reaches the enclave although no body has been sent.</summary>
    private static async Task<WireMessage> ArriveAsync(WireRun run, string fields)
    {
        await run.SendAsync(WireRun.Post(fields));
        return (await (await run.ArriveAsync()).ReadHeadAsync())!;
    }
}
