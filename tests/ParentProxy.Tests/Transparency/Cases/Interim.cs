namespace ParentProxy.Tests.Transparency.Cases;

/// <summary>1xx answers are passed on, at once and each (RFC 9110 §15.2).</summary>
internal static class Interim
{
    private const string Hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";

    public static IEnumerable<WireCase> Cases =>
    [
        .. ((string[])["103 Early Hints", "102 Processing", "100 Continue", "104 Upload Resumption Supported", "199 Odd"]).Select(
            status => new WireCase($"interim: {status} before the answer", async run =>
            {
                await run.ForwardAsync(WireRun.Get());
                await run.Enclave.SendAsync($"HTTP/1.1 {status}\r\nX-A: 1\r\n\r\n");
                var interim = await run.Client.ReadMessageAsync();
                Assert.Equal($"HTTP/1.1 {status}", interim.StartLine);
                Assert.Equal("1", interim.Field("X-A"));
                Assert.Equal("ok", (await run.AnswerAsync()).Text);
                await run.WorksAsync();
            })),
        new("interim: several, each at once, in order", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            for (var i = 0; i < 10; i++)
            {
                var interim = await run.AnswerAsync($"HTTP/1.1 103 Early Hints\r\nX-Number: {i}\r\n\r\n");
                Assert.Equal((103, $"{i}"), (interim.Status, interim.Field("X-Number")));
            }

            Assert.Equal("ok", (await run.AnswerAsync()).Text);
            await run.WorksAsync();
        }),
        new("interim: in one piece with the answer", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            var interim = await run.AnswerAsync($"{Hints}HTTP/1.1 102 Processing\r\n\r\n{WireRun.Ok}");
            Assert.Equal("</a.css>; rel=preload", interim.Field("Link"));
            Assert.Equal(102, (await run.Client.ReadMessageAsync()).Status);
            Assert.Equal("ok", (await run.Client.ReadMessageAsync()).Text);
            await run.WorksAsync();
        }),
        new("interim: lines of a name stay lines", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            var interim = await run.AnswerAsync("HTTP/1.1 103 Early Hints\r\nLink: <a>\r\nX-A: caf\u00e9\r\nLink: <b>, <c>\r\n\r\n");
            Assert.Equal(["<a>", "<b>, <c>"], interim.All("Link"));
            Assert.Equal("caf\u00e9", interim.Field("X-A"));
        }),
        new("interim: fields of the connection go", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            var interim = await run.AnswerAsync(
                "HTTP/1.1 103 Early Hints\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nLink: <a>\r\n\r\n");
            Assert.Equal("<a>", interim.Field("Link"));
            Assert.All((string[])["X-Hop", "Keep-Alive"], name => Assert.Empty(interim.All(name)));
        }),
        new("interim: they bring no framing with them", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            var interim = await run.AnswerAsync("HTTP/1.1 103 Early Hints\r\n\r\n");
            Assert.Equal(103, interim.Status);
            Assert.All((string[])["Content-Length", "Transfer-Encoding", "Date"], name => Assert.Empty(interim.All(name)));
        }),
        .. ((string[])["204 No Content\r\n", "304 Not Modified\r\n", "404 Not Found\r\nContent-Length: 0\r\n"]).Select(
            final => new WireCase($"interim: before {final.Split('\r')[0]}", async run =>
            {
                await run.ForwardAsync(WireRun.Get());
                Assert.Equal(103, (await run.AnswerAsync(Hints)).Status);
                Assert.Equal($"HTTP/1.1 {final.Split('\r')[0]}", (await run.AnswerAsync($"HTTP/1.1 {final}\r\n")).StartLine);
                await run.WorksAsync();
            })),
        new("interim: before the answer to HEAD", async run =>
        {
            await run.ForwardAsync("HEAD / HTTP/1.1\r\nHost: example.test\r\n\r\n");
            Assert.Equal(103, (await run.AnswerAsync(Hints)).Status);
            Assert.Equal(
                "5", (await run.AnswerAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", bodiless: true)).Field("Content-Length"));
            await run.WorksAsync();
        }),
        new("interim: before an answer in chunks", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            Assert.Equal(103, (await run.AnswerAsync(Hints)).Status);
            Assert.Equal("ok", (await run.AnswerAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")).Text);
            await run.WorksAsync();
        }),
        new("interim: while the request is still being sent", async run =>
        {
            await run.SendAsync(WireRun.Post("Content-Length: 4\r\n", "ab"));
            await (await run.ArriveAsync()).ReadHeadAsync();
            await WireRun.ExpectAsync(run.Enclave, "ab");
            Assert.Equal(102, (await run.AnswerAsync("HTTP/1.1 102 Processing\r\n\r\n")).Status);
            await run.SendAsync("cd");
            await WireRun.ExpectAsync(run.Enclave, "cd");
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
            await run.WorksAsync();
        }),
        new("interim: before a failure", async run =>
        {
            await run.ForwardAsync(WireRun.Post("Content-Length: 0\r\n"));
            Assert.Equal(103, (await run.AnswerAsync(Hints)).Status);
            run.Enclave.ShutdownSend();
            Assert.Equal(502, (await run.Client.ReadMessageAsync()).Status);
        }),
        new("interim: of the second of two requests on a connection", async run =>
        {
            await run.ExchangeAsync(WireRun.Get());
            await run.ForwardAsync(WireRun.Get());
            Assert.Equal(103, (await run.AnswerAsync(Hints)).Status);
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
        }),
        .. ((string[])["", "Connection: keep-alive\r\n"]).Select(fields => new WireCase(
            $"interim: not for an HTTP/1.0 client{(fields.Length > 0 ? " that keeps its connection" : "")}", async run =>
            {
                await run.ForwardAsync($"GET / HTTP/1.0\r\nHost: example.test\r\n{fields}\r\n");
                var answer = await run.AnswerAsync(Hints + "HTTP/1.1 100 Continue\r\n\r\n" + WireRun.Ok);
                Assert.Equal((200, "ok"), (answer.Status, answer.Text));
            })),
        Unasked101("", ""),
        Unasked101("with another Upgrade asked for", "Connection: Upgrade\r\nUpgrade: h2c\r\n"),
    ];

    private static WireCase Unasked101(
        string what, string fields) => new($"interim: 101 unasked is 502{(what.Length > 0 ? ", " : "")}{what}", async run =>
    {
        await run.ForwardAsync(WireRun.Get(fields: fields));
        await run.Enclave.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nPRI");
        Assert.Equal(502, (await run.Client.ReadMessageAsync()).Status);
        await WireRun.EndsAsync(run.Enclave);
    });
}
