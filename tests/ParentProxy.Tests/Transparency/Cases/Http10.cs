namespace ParentProxy.Tests.Transparency.Cases;

/// <summary>Clients of HTTP/1.0.</summary>
internal static class Http10
{
    private const string KeepAlive = "Connection: keep-alive\r\n";

    public static IEnumerable<WireCase> Cases =>
    [
        new("HTTP/1.0: the enclave is spoken to in HTTP/1.1", async run =>
        {
            var request = await run.ForwardAsync(Get());
            Assert.Equal("GET / HTTP/1.1", request.StartLine);
            Assert.Equal("example.test", request.Field("Host"));
        }),
        new("HTTP/1.0: the connection ends after the answer", async run =>
        {
            var (_, response) = await run.ExchangeAsync(Get());
            Assert.Equal("ok", response.Text);
            Assert.Equal("2", response.Field("Content-Length"));
            await run.EndsAsync();
        }),
        new("HTTP/1.0: with keep-alive the connection stays", async run =>
        {
            for (var i = 0; i < 3; i++)
            {
                var (request, response) = await run.ExchangeAsync(Get(KeepAlive));
                Assert.Empty(request.All("Keep-Alive"));
                Assert.Equal("keep-alive", response.Field("Connection")?.ToLowerInvariant());
                Assert.Equal("ok", response.Text);
            }
        }),
        new("HTTP/1.0: Keep-Alive in capitals", async run =>
        {
            var (_, response) = await run.ExchangeAsync(Get("Connection: Keep-Alive\r\n"));
            Assert.Equal("keep-alive", response.Field("Connection")?.ToLowerInvariant());
            await run.WorksAsync();
        }),
        .. ((string[])["", KeepAlive]).SelectMany(fields => (WireCase[])
        [
            new($"HTTP/1.0: chunks are taken apart{Suffix(fields)}", async run =>
            {
                var (_, response) = await run.ExchangeAsync(
                    Get(fields), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n3\r\nay!\r\n0\r\n\r\n");
                Assert.Null(response.Field("Transfer-Encoding"));
                Assert.Equal("okay!", response.Text);
            }),
            new($"HTTP/1.0: trailers are dropped{Suffix(fields)}", async run =>
            {
                var (_, response) = await run.ExchangeAsync(
                    Get(fields),
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-After\r\n\r\n2\r\nok\r\n0\r\nX-After: 1\r\n\r\n");
                Assert.Equal("ok", response.Text);
            }),
            new($"HTTP/1.0: an answer that ends with its connection{Suffix(fields)}", async run =>
            {
                await run.ForwardAsync(Get(fields));
                await run.Enclave.SendAsync("HTTP/1.1 200 OK\r\n\r\nok");
                run.Enclave.ShutdownSend();
                var response = await run.Client.ReadMessageAsync();
                Assert.Null(response.Field("Transfer-Encoding"));
                Assert.Equal("ok", response.Text);
            }),
            new($"HTTP/1.0: 205 with content{Suffix(fields)}", async run =>
            {
                var (_, response) = await run.ExchangeAsync(Get(fields), "HTTP/1.1 205 Reset Content\r\nContent-Length: 2\r\n\r\nok");
                Assert.Equal((205, "ok"), (response.Status, response.Text));
            }),
            new($"HTTP/1.0: 426 keeps Upgrade{Suffix(fields)}", async run =>
            {
                var (_, response) = await run.ExchangeAsync(
                    Get(fields),
                    "HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: HTTP/1.1\r\nContent-Length: 2\r\n\r\nno");
                Assert.Equal((426, "no", "HTTP/1.1"), (response.Status, response.Text, response.Field("Upgrade")));
            }),
            new($"HTTP/1.0: POST with a length{Suffix(fields)}", async run =>
            {
                var (request, response) = await run.ExchangeAsync(
                    $"POST / HTTP/1.0\r\nHost: example.test\r\n{fields}Content-Length: 4\r\n\r\nbody");
                Assert.Equal("body", request.Text);
                Assert.Equal("ok", response.Text);
            }),
            new($"HTTP/1.0: Transfer-Encoding is refused and the connection closed{Suffix(fields)}", async run =>
            {
                await run.RefuseAsync(
                    $"POST / HTTP/1.0\r\nHost: example.test\r\n{fields}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                        + "GET /smuggled HTTP/1.1\r\nHost: example.test\r\n\r\n",
                    to: 501);
                await run.EndsAsync();
            }),
            new($"HTTP/1.0: Transfer-Encoding with a length is refused and the connection closed{Suffix(fields)}", async run =>
            {
                await run.RefuseAsync(
                    $"POST / HTTP/1.0\r\nHost: example.test\r\n{fields}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
                        + "\r\nGET /smuggled HTTP/1.1\r\nHost: example.test\r\n\r\n",
                    to: 501);
                await run.EndsAsync();
            }),
        ]),
        new("HTTP/1.0: chunks taken apart arrive piece by piece", async run =>
        {
            await run.ForwardAsync(Get());
            await run.Enclave.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            Assert.Equal(200, (await run.Client.ReadHeadAsync())!.Status);
            for (var i = 0; i < 5; i++)
            {
                await run.Enclave.SendAsync($"2\r\np{i}\r\n");
                await WireRun.ExpectAsync(run.Client, $"p{i}");
            }

            await run.Enclave.SendAsync("0\r\n\r\n");
            await run.EndsAsync();
        }),
        new("HTTP/1.0: HEAD", async run =>
        {
            await run.ForwardAsync("HEAD / HTTP/1.0\r\nHost: example.test\r\n\r\n");
            var response = await run.AnswerAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", bodiless: true);
            Assert.Equal("5", response.Field("Content-Length"));
            await run.EndsAsync();
        }),
        new("HTTP/1.0: 204 with keep-alive", async run =>
        {
            var (_, response) = await run.ExchangeAsync(Get(KeepAlive), "HTTP/1.1 204 No Content\r\n\r\n");
            Assert.Equal(204, response.Status);
            await run.WorksAsync();
        }),
        new("HTTP/1.0: without Host the enclave gets exactly one", async run =>
        {
            var (request, response) = await run.ExchangeAsync("GET /a HTTP/1.0\r\n\r\n");
            Assert.Equal("GET /a HTTP/1.1", request.StartLine);
            Assert.Single(request.All("Host"));
            Assert.Equal("ok", response.Text);
        }),
        new("HTTP/1.0: POST without a length has no body", async run =>
        {
            var (request, response) = await run.ExchangeAsync("POST / HTTP/1.0\r\nHost: example.test\r\n\r\n");
            Assert.Empty(request.Body);
            Assert.Equal("ok", response.Text);
        })
        {
            Reason = "Kestrel holds HTTP/1.0 clients to RFC 1945 section 8.3: a POST says its length.",
        },
        new("HTTP/1.0: the enclave's connection is used again", async run =>
        {
            await run.ExchangeAsync(Get(KeepAlive));
            var first = run.Enclave;
            await run.ExchangeAsync(Get(KeepAlive));
            Assert.Same(first, run.Enclave);
        }),
    ];

    private static string Get(string fields = "") => $"GET / HTTP/1.0\r\nHost: example.test\r\n{fields}\r\n";

    private static string Suffix(string fields) => fields.Length > 0 ? ", with keep-alive" : "";
}
