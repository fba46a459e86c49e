using System.Text;

namespace ParentProxy.Tests.Transparency.Cases;

/// <summary>Connections are kept, on both sides, and no request is lost or doubled for it.</summary>
internal static class Reuse
{
    private static readonly string[] Bodiless = ["GET", "HEAD", "OPTIONS", "DELETE", "PUT", "TRACE"];

    public static IEnumerable<WireCase> Cases =>
    [
        new("reuse: requests one after another, on one connection each side", async run =>
        {
            await run.WorksAsync();
            var first = run.Enclave;
            for (var i = 0; i < 10; i++)
            {
                await run.WorksAsync();
                Assert.Same(first, run.Enclave);
            }

            Assert.Single(run.EnclaveConnections);
        }),
        .. ((string[])[
            "200 OK", "404 Not Found", "500 Internal Server Error", "503 Service Unavailable", "302 Found", "401 Unauthorized"]).Select(
            status => new WireCase($"reuse: after {status}", async run =>
            {
                await run.ExchangeAsync(WireRun.Get(), $"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok");
                var first = run.Enclave;
                await run.WorksAsync();
                Assert.Same(first, run.Enclave);
            })),
        new("reuse: after a body in chunks, both ways", async run =>
        {
            await run.ExchangeAsync(
                WireRun.Post("Transfer-Encoding: chunked\r\n", "2\r\nab\r\n0\r\n\r\n"),
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
            var first = run.Enclave;
            await run.WorksAsync();
            Assert.Same(first, run.Enclave);
        }),
        new("reuse: after a client that closed, by another", async run =>
        {
            await run.ExchangeAsync(WireRun.Get(fields: "Connection: close\r\n"));
            var first = run.Enclave;
            await run.EndsAsync();
            var other = await run.OpenAsync();
            await other.SendAsync(WireRun.Get("/other"));
            Assert.Same(first, await run.ArriveAsync(other));
            await first.ReadMessageAsync();
            await first.SendAsync(WireRun.Ok);
            Assert.Equal("ok", (await other.ReadMessageAsync()).Text);
        }),
        new("reuse: not after an answer that ended with its connection", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            var first = run.Enclave;
            await first.SendAsync("HTTP/1.1 200 OK\r\n\r\nok");
            first.ShutdownSend();
            Assert.Equal("ok", (await run.Client.ReadMessageAsync()).Text);
            var other = await run.OpenAsync();
            await other.SendAsync(WireRun.Get("/other"));
            Assert.NotSame(first, await run.ArriveAsync(other));
        }),
        new("reuse: not of a connection that the enclave closed after its answer", async run =>
        {
            await run.ExchangeAsync(WireRun.Get());
            var first = run.Enclave;
            first.ShutdownSend();
            await WireRun.EndsAsync(first);
            await run.WorksAsync();
            Assert.NotSame(first, run.Enclave);
        }),
        new("reuse: not of a connection that the enclave reset after its answer", async run =>
        {
            await run.ExchangeAsync(WireRun.Get());
            var first = run.Enclave;
            first.Reset();
            var request = await run.ForwardAsync(WireRun.Get("/again"));
            Assert.Equal("GET /again HTTP/1.1", request.StartLine);
            Assert.NotSame(first, run.Enclave);
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
        }),
        new("reuse: an enclave that ends its direction with its answer loses nothing", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            await run.Enclave.SendAsync(WireRun.Ok);
            run.Enclave.ShutdownSend();
            Assert.Equal("ok", (await run.Client.ReadMessageAsync()).Text);
            await run.WorksAsync();
        }),
        .. Bodiless.Select(
            method => new WireCase($"reuse: {method} on a used connection that ends without a byte is sent once more", async run =>
            {
                await run.ExchangeAsync(WireRun.Get());
                var first = run.Enclave;
                await run.SendAsync($"{method} /again HTTP/1.1\r\nHost: example.test\r\n\r\n");
                Assert.Same(first, await run.ArriveAsync());
                await first.ReadMessageAsync();
                first.ShutdownSend();
                var second = await run.ArriveAsync();
                Assert.NotSame(first, second);
                Assert.Equal($"{method} /again HTTP/1.1", (await second.ReadMessageAsync()).StartLine);
                Assert.Equal(200, (await run.AnswerAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", bodiless: true)).Status);
            })),
        .. ((string[])["POST", "PATCH", "get", "CUSTOM"]).Select(
            method => new WireCase($"reuse: {method} on a used connection that ends without a byte is not sent again: 502", async run =>
            {
                await run.ExchangeAsync(WireRun.Get());
                await run.SendAsync($"{method} /again HTTP/1.1\r\nHost: example.test\r\n\r\n");
                await (await run.ArriveAsync()).ReadMessageAsync();
                // Two when the machine took so long that it went out on a fresh one.
                var connections = run.EnclaveConnections.Count;
                run.Enclave.ShutdownSend();
                Assert.Equal(502, (await run.Client.ReadMessageAsync()).Status);
                Assert.Equal(connections, run.EnclaveConnections.Count);
            })),
        new("reuse: a used connection that ends inside the head of an answer: 502, not sent again", async run =>
        {
            await run.ExchangeAsync(WireRun.Get());
            await run.ForwardAsync(WireRun.Get("/again"));
            await run.Enclave.SendAsync("HTTP/1.1 200");
            run.Enclave.ShutdownSend();
            Assert.Equal(502, (await run.Client.ReadMessageAsync()).Status);
            Assert.Single(run.EnclaveConnections);
        }),
        new("reuse: a fresh connection that ends without a byte: 502, not sent again", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            run.Enclave.ShutdownSend();
            Assert.Equal(502, (await run.Client.ReadMessageAsync()).Status);
            Assert.Single(run.EnclaveConnections);
        }),
        new("reuse: a fresh connection that is reset: 502", async run =>
        {
            await run.ForwardAsync(WireRun.Post("Content-Length: 0\r\n"));
            run.Enclave.Reset();
            Assert.Equal(502, (await run.Client.ReadMessageAsync()).Status);
        }),
        new("reuse: the client's connection is in order after 502", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            run.Enclave.ShutdownSend();
            Assert.Equal(502, (await run.Client.ReadMessageAsync()).Status);
            await run.WorksAsync();
        }),
        new("pipelining: three requests in one piece, answered in order", async run =>
        {
            await run.SendAsync(WireRun.Get("/0") + WireRun.Get("/1") + WireRun.Get("/2"));
            for (var i = 0; i < 3; i++)
            {
                Assert.Equal($"GET /{i} HTTP/1.1", (await (await run.ArriveAsync()).ReadMessageAsync()).StartLine);
                Assert.Equal($"{i}", (await run.AnswerAsync($"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{i}")).Text);
            }
        }),
        new("pipelining: fifty requests in one piece, read at the end", async run =>
        {
            await run.SendAsync(string.Concat(Enumerable.Range(0, 50).Select(i => WireRun.Get($"/{i}"))));
            for (var i = 0; i < 50; i++)
            {
                var enclave = await run.ArriveAsync(whateverComes: true);
                Assert.Equal($"GET /{i} HTTP/1.1", (await enclave.ReadMessageAsync()).StartLine);
                await enclave.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {$"{i}".Length}\r\n\r\n{i}");
            }

            for (var i = 0; i < 50; i++)
                Assert.Equal($"{i}", (await run.Client.ReadMessageAsync()).Text);
        }),
        new("pipelining: a body between requests", async run =>
        {
            await run.SendAsync(WireRun.Post("Content-Length: 18\r\n", "GET / HTTP/1.1\r\n\r\n")
                + WireRun.Post("Transfer-Encoding: chunked\r\n", "2\r\nab\r\n0\r\n\r\n") + WireRun.Get("/last"));
            Assert.Equal("GET / HTTP/1.1\r\n\r\n", (await (await run.ArriveAsync()).ReadMessageAsync()).Text);
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
            Assert.Equal("ab", (await (await run.ArriveAsync()).ReadMessageAsync()).Text);
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
            Assert.Equal("GET /last HTTP/1.1", (await (await run.ArriveAsync()).ReadMessageAsync()).StartLine);
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
        }),
        new("pipelining: HEAD, 204 and chunks in between", async run =>
        {
            await run.SendAsync(
                "HEAD /0 HTTP/1.1\r\nHost: example.test\r\n\r\n" + WireRun.Get("/1") + WireRun.Get("/2") + WireRun.Get("/3"));
            await (await run.ArriveAsync()).ReadMessageAsync();
            Assert.Equal(
                "7", (await run.AnswerAsync("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", bodiless: true)).Field("Content-Length"));
            await (await run.ArriveAsync()).ReadMessageAsync();
            Assert.Equal(204, (await run.AnswerAsync("HTTP/1.1 204 No Content\r\n\r\n")).Status);
            await (await run.ArriveAsync()).ReadMessageAsync();
            Assert.Equal("ok", (await run.AnswerAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")).Text);
            await (await run.ArriveAsync()).ReadMessageAsync();
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
        }),
        new("pipelining: nothing after close is served", async run =>
        {
            await run.SendAsync(WireRun.Get("/0", "Connection: close\r\n") + WireRun.Get("/1"));
            await (await run.ArriveAsync()).ReadMessageAsync();
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
            await run.EndsAsync();
            Assert.Single(run.EnclaveConnections);
        }),
        new("pipelining: a bad request after a good one does not spoil its answer", async run =>
        {
            await run.SendAsync(WireRun.Get("/0") + "nonsense\r\n\r\n");
            await (await run.ArriveAsync()).ReadMessageAsync();
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
            Assert.Equal(400, (await run.Client.ReadMessageAsync()).Status);
            await run.EndsAsync();
        }),
        EndedDirection("its request", WireRun.Get()),
        EndedDirection("its body", WireRun.Post("Content-Length: 5\r\n", "hello")),
    ];

    private static WireCase EndedDirection(string after, string request) =>
        new($"reuse: a client that ends its direction after {after} has its answer", async run =>
        {
            await run.OpenAsync();
            await run.SendAsync(request);
            run.Client.ShutdownSend();
            var head = run.Client.ReadHeadAsync();
            var arrival = run.ArriveAsync(whateverComes: true);
            Assert.True(await Task.WhenAny(arrival, head) == arrival, "the client's connection ended");
            var enclave = await arrival;
            await enclave.ReadMessageAsync();
            await enclave.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
            Assert.Equal(200, (await head)!.Status);
            await enclave.SendAsync("ok");
            Assert.Equal("ok", Encoding.Latin1.GetString(await run.Client.ReadExactlyAsync(2)));
            await run.EndsAsync();
        })
        {
            Reason = "The end of its direction is the end of the client, as for nginx: an enclave is not to work for hours for a "
                + "client that left (HAProxy's abortonclose). docs/how-it-works.md, Limitations, tells users of socat who do this.",
        };
}
