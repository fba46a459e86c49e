namespace ParentProxy.Tests.Transparency.Cases;

/// <summary>Fields after a chunked body, both ways.</summary>
internal static class Trailers
{
    private const string Chunked = "Transfer-Encoding: chunked\r\n";
    private const string Asks = "Connection: TE\r\nTE: trailers\r\n";

    public static IEnumerable<WireCase> Cases =>
    [
        Down("one", "X-After: 1\r\n", ("X-After", "1")),
        Down("that were not announced", "X-Other: 1\r\n", ("X-Other", "1")),
        Down("several", "X-After: 1\r\nX-Other: 2\r\ngrpc-status: 0\r\n", ("X-After", "1"), ("X-Other", "2"), ("grpc-status", "0")),
        Down("lines of a name in their order", "X-After: b\r\nX-After: a\r\n", ("X-After", "b"), ("X-After", "a")),
        Down("any byte", "X-After: caf\u00e9 \u00e2\u0082\u00ac\ta\r\n", ("X-After", "caf\u00e9 \u00e2\u0082\u00ac\ta")),
        Down("an empty value", "X-After:\r\n", ("X-After", "")),
        Down("4 KiB", $"X-After: {new string('t', 4096)}\r\n", ("X-After", new string('t', 4096))),
        Down("none", ""),
        Up("one", "X-After: 1\r\n", ("X-After", "1")),
        Up("several", "X-After: 1\r\nX-Other: 2\r\n", ("X-After", "1"), ("X-Other", "2")),
        Up("lines of a name in their order", "X-After: b\r\nX-After: a\r\n", ("X-After", "b"), ("X-After", "a")),
        Up("any byte", "X-After: caf\u00e9 \u00e2\u0082\u00ac\r\n", ("X-After", "caf\u00e9 \u00e2\u0082\u00ac")),
        Up("an empty value", "X-After:\r\n", ("X-After", "")) with
        {
            Reason = "Kestrel drops a trailer without a value: appending nothing to its dictionary adds nothing.",
        },
        Up(
            "X-Content-Length as any",
            "X-Content-Length: 9\r\nx-content-length: 8\r\n",
            ("X-Content-Length", "9"),
            ("X-Content-Length", "8")),
        Up("none", ""),
        new("trailers: without a body before them", async run =>
        {
            var (_, response) = await run.ExchangeAsync(
                WireRun.Get(fields: Asks), $"HTTP/1.1 200 OK\r\n{Chunked}Trailer: grpc-status\r\n\r\n0\r\ngrpc-status: 12\r\n\r\n");
            Assert.Empty(response.Body);
            Assert.Equal([("grpc-status", "12")], Lower(response.Trailers));
            await run.WorksAsync();
        }),
        new("trailers: some time after the last piece of the body", async run =>
        {
            await run.ForwardAsync(WireRun.Get(fields: Asks));
            await run.Enclave.SendAsync($"HTTP/1.1 200 OK\r\n{Chunked}\r\n2\r\nok\r\n");
            var head = await run.Client.ReadHeadAsync();
            await WireRun.ExpectBodyAsync(run.Client, head!, "ok");
            await run.Enclave.SendAsync("0\r\nX-After: 1\r\n\r\n");
            await WireRun.ExpectAsync(run.Client, "0\r\n");
            Assert.Equal([("x-after", "1")], Lower(await run.Client.ReadFieldsAsync()));
            await run.WorksAsync();
        }),
        new("trailers: both ways in one exchange", async run =>
        {
            var (request, response) = await run.ExchangeAsync(
                WireRun.Post(Asks + Chunked, "2\r\nab\r\n0\r\nX-Up: 1\r\n\r\n"),
                $"HTTP/1.1 200 OK\r\n{Chunked}\r\n2\r\nok\r\n0\r\nX-Down: 2\r\n\r\n");
            Assert.Equal([("x-up", "1")], Lower(request.Trailers));
            Assert.Equal([("x-down", "2")], Lower(response.Trailers));
            await run.WorksAsync();
        }),
        .. ((string[])["Content-Length: 0", "Transfer-Encoding: chunked", "Host: other.test", "Connection: close", "Content-Type: a/b"])
            .Select(line => new WireCase($"trailers: {line.Split(':')[0]} among them changes no request", async run =>
            {
                await run.OpenAsync();
                await run.SendAsync(WireRun.Post(Chunked, $"2\r\nab\r\n0\r\n{line}\r\n\r\n"));
                await run.ArriveAsync();
                var request = await run.Enclave.ReadMessageAsync();
                Assert.Equal(("example.test", "ab"), (request.Field("Host"), request.Text));
                Assert.NotEqual("0", request.Field("Content-Length"));
                Assert.Null(request.Field("Content-Type"));
                Assert.Equal("ok", (await run.AnswerAsync()).Text);
                await run.WorksAsync();
            })),
        .. ((string[])["Content-Length: 0", "Transfer-Encoding: chunked", "Set-Cookie: a=b", "Connection: close"]).Select(
            line => new WireCase($"trailers: {line.Split(':')[0]} among them changes no answer", async run =>
            {
                var (_, response) = await run.ExchangeAsync(
                    WireRun.Get(fields: Asks), $"HTTP/1.1 200 OK\r\n{Chunked}\r\n2\r\nok\r\n0\r\n{line}\r\n\r\n");
                Assert.Equal("ok", response.Text);
                Assert.Null(response.Field("Set-Cookie"));
                await run.WorksAsync();
            })),
        new("trailers: Content-Length and Transfer-Encoding among them are not passed on to the enclave", async run =>
        {
            await run.SendAsync(
                WireRun.Post(Chunked, "2\r\nab\r\n0\r\nContent-Length: 9\r\nTransfer-Encoding: gzip\r\nX-After: 1\r\n\r\n"));
            if (!await run.IsRefusedAsync())
                Assert.All(Lower((await run.Enclave.ReadMessageAsync()).Trailers), t => Assert.Equal("x-after", t.Name));
        }),
        new("trailers: Content-Length and Transfer-Encoding among them are not passed on to the client", async run =>
        {
            var (_, response) = await run.ExchangeAsync(
                WireRun.Get(fields: Asks),
                $"HTTP/1.1 200 OK\r\n{Chunked}\r\n2\r\nok\r\n0\r\nContent-Length: 9\r\nTransfer-Encoding: gzip\r\nX-After: 1\r\n\r\n");
            if (response.Status != 502)
                Assert.All(Lower(response.Trailers), t => Assert.Equal("x-after", t.Name));
        }),
        new("trailers: Trailer of an answer with a length stays a field", async run =>
        {
            var (_, response) = await run.ExchangeAsync(
                WireRun.Get(), "HTTP/1.1 200 OK\r\nTrailer: X-After\r\nContent-Length: 2\r\n\r\nok");
            Assert.Equal(("X-After", "ok"), (response.Field("Trailer"), response.Text));
        }),
        new("trailers: the next pipelined request follows them", async run =>
        {
            await run.SendAsync(WireRun.Post(Chunked, "2\r\nab\r\n0\r\nX-After: 1\r\n\r\n") + WireRun.Get("/next"));
            Assert.Equal("ab", (await (await run.ArriveAsync()).ReadMessageAsync()).Text);
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
            Assert.Equal("GET /next HTTP/1.1", (await (await run.ArriveAsync()).ReadMessageAsync()).StartLine);
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
        }),
    ];

    private static WireCase Down(
        string what,
        string trailers,
        params (string Name, string Value)[] expected) => new($"trailers: of an answer, {what}", async run =>
    {
        var (_, response) = await run.ExchangeAsync(
            WireRun.Get(fields: Asks), $"HTTP/1.1 200 OK\r\n{Chunked}Trailer: X-After\r\n\r\n2\r\nok\r\n0\r\n{trailers}\r\n");
        Assert.Equal("X-After", response.Field("Trailer"));
        Assert.Equal("ok", response.Text);
        Assert.Equal(Lower(expected), Lower(response.Trailers));
        await run.WorksAsync();
    });

    private static WireCase Up(
        string what,
        string trailers,
        params (string Name, string Value)[] expected) => new($"trailers: of a request, {what}", async run =>
    {
        var (request, response) = await run.ExchangeAsync(
            WireRun.Post($"{Chunked}Trailer: X-After\r\n", $"2\r\nab\r\n0\r\n{trailers}\r\n"));
        Assert.Equal("X-After", request.Field("Trailer"));
        Assert.Equal("ab", request.Text);
        Assert.Equal(Lower(expected), Lower(request.Trailers));
        Assert.Equal("ok", response.Text);
        await run.WorksAsync();
    });

    private static (string Name, string Value)[] Lower(IEnumerable<(string Name, string Value)> fields) =>
        [.. fields.Select(f => (f.Name.ToLowerInvariant(), f.Value))];
}
