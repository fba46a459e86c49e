using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Transparency.Cases;

/// <summary>WebSocket becomes a tunnel, any other upgrade is plain HTTP.</summary>
internal static class Upgrade
{
    private const string Fields =
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    private const string Switching =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

    public static IEnumerable<WireCase> Cases =>
    [
        new("upgrade: what a handshake needs passes, both ways", async run =>
        {
            var (request, response) = await run.ExchangeAsync(
                WireRun.Get(
                    "/ws?a=%2F",
                    Fields + "Sec-WebSocket-Protocol: chat, superchat\r\n"
                        + "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
                        + "Sec-WebSocket-Extensions: x-odd\r\nOrigin: null\r\n"),
                Switching + "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate\r\nX-End: caf\u00e9\r\n\r\n");
            Assert.Equal("GET /ws?a=%2F HTTP/1.1", request.StartLine);
            Assert.Equal(("websocket", "upgrade"), (request.Field("Upgrade"), request.Field("Connection")!.ToLowerInvariant()));
            Assert.Equal(("13", "dGhlIHNhbXBsZSBub25jZQ=="), (request.Field("Sec-WebSocket-Version"), request.Field("Sec-WebSocket-Key")));
            Assert.Equal("chat, superchat", request.Field("Sec-WebSocket-Protocol"));
            Assert.Equal(["permessage-deflate; client_max_window_bits", "x-odd"], request.All("Sec-WebSocket-Extensions"));
            Assert.Equal("null", request.Field("Origin"));
            Assert.Equal("HTTP/1.1 101 Switching Protocols", response.StartLine);
            Assert.Equal(("websocket", "upgrade"), (response.Field("Upgrade"), response.Field("Connection")!.ToLowerInvariant()));
            Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", response.Field("Sec-WebSocket-Accept"));
            Assert.Equal(
                ("chat", "permessage-deflate", "caf\u00e9"),
                (response.Field("Sec-WebSocket-Protocol"), response.Field("Sec-WebSocket-Extensions"), response.Field("X-End")));
        }),
        new("upgrade: no framing is added to 101", async run =>
        {
            var (_, response) = await run.ExchangeAsync(WireRun.Get("/ws", Fields), Switching + "\r\n");
            Assert.All((string[])["Content-Length", "Transfer-Encoding"], name => Assert.Empty(response.All(name)));
        }),
        .. ((string[])["WebSocket", "WEBSOCKET", "webSocket"]).Select(word => new WireCase($"upgrade: {word} is WebSocket", async run =>
        {
            var (request, response) = await run.ExchangeAsync(
                WireRun.Get("/ws", Fields.Replace("websocket", word, StringComparison.Ordinal)), Switching + "\r\n");
            Assert.Equal("websocket", request.Field("Upgrade")!.ToLowerInvariant());
            Assert.Equal(101, response.Status);
            await PingAsync(run);
        })),
        new("upgrade: Connection names it among others", async run =>
        {
            var (request, response) = await run.ExchangeAsync(WireRun.Get("/ws", Fields.Replace(
                "Connection: Upgrade",
                "Connection: keep-alive, UPGRADE, X-Hop\r\nX-Hop: 1",
                StringComparison.Ordinal)), Switching + "\r\n");
            Assert.Equal("websocket", request.Field("Upgrade"));
            Assert.Empty(request.All("X-Hop"));
            Assert.Equal(101, response.Status);
            await PingAsync(run);
        }),
        new("upgrade: bytes go both ways", async run =>
        {
            await OpenAsync(run);
            for (var i = 0; i < 10; i++)
                await PingAsync(run);
        }),
        new("upgrade: bytes of any kind pass", async run =>
        {
            await OpenAsync(run);
            var bytes = new string([.. Enumerable.Range(0, 256).Select(i => (char)i)]);
            await run.SendAsync(bytes);
            await WireRun.ExpectAsync(run.Enclave, bytes);
            await run.Enclave.SendAsync(bytes);
            await WireRun.ExpectAsync(run.Client, bytes);
        }),
        new("upgrade: what came in one piece with the 101 reaches the client", async run =>
        {
            await run.ForwardAsync(WireRun.Get("/ws", Fields));
            Assert.Equal(101, (await run.AnswerAsync(Switching + "\r\nhello")).Status);
            await WireRun.ExpectAsync(run.Client, "hello");
            await PingAsync(run);
        }),
        new("upgrade: what the client sends right after its head reaches the enclave", async run =>
        {
            await run.SendAsync(WireRun.Get("/ws", Fields) + "hello");
            await (await run.ArriveAsync()).ReadHeadAsync();
            Assert.Equal(101, (await run.AnswerAsync(Switching + "\r\n")).Status);
            await WireRun.ExpectAsync(run.Enclave, "hello");
            await PingAsync(run);
        }),
        new("upgrade: the enclave may speak first", async run =>
        {
            await OpenAsync(run);
            await run.Enclave.SendAsync("first");
            await WireRun.ExpectAsync(run.Client, "first");
        }),
        new("upgrade: a hint before the 101", async run =>
        {
            await run.ForwardAsync(WireRun.Get("/ws", Fields));
            Assert.Equal(103, (await run.AnswerAsync("HTTP/1.1 103 Early Hints\r\n\r\n")).Status);
            Assert.Equal(101, (await run.AnswerAsync(Switching + "\r\n")).Status);
            await PingAsync(run);
        }),
        new("upgrade: the client ends its direction, the enclave speaks on", async run =>
        {
            await OpenAsync(run);
            await run.SendAsync("bye");
            run.Client.ShutdownSend();
            Assert.Equal("bye", await RestAsync(run.Enclave));
            await run.Enclave.SendAsync("last words");
            await WireRun.ExpectAsync(run.Client, "last words");
            run.Enclave.ShutdownSend();
            await run.EndsAsync();
        }),
        new("upgrade: the enclave ends its direction, the client speaks on", async run =>
        {
            await OpenAsync(run);
            await run.Enclave.SendAsync("bye");
            run.Enclave.ShutdownSend();
            Assert.Equal("bye", await RestAsync(run.Client));
            await run.SendAsync("last words");
            await WireRun.ExpectAsync(run.Enclave, "last words");
            run.Client.ShutdownSend();
            await WireRun.EndsAsync(run.Enclave);
        }),
        new("upgrade: 101 and at once the end of the enclave's direction", async run =>
        {
            await run.ForwardAsync(WireRun.Get("/ws", Fields));
            await run.Enclave.SendAsync(Switching + "\r\nbye");
            run.Enclave.ShutdownSend();
            Assert.Equal(101, (await run.Client.ReadMessageAsync()).Status);
            Assert.Equal("bye", await RestAsync(run.Client));
        }),
        new("upgrade: 8 MiB both ways at once", async run =>
        {
            await OpenAsync(run);
            var bytes = new byte[8 * 1024 * 1024];
            new Random(1).NextBytes(bytes);
            var up = run.Client.SendAsync(bytes);
            var down = run.Enclave.SendAsync(bytes);
            var atEnclave = run.Enclave.ReadExactlyAsync(bytes.Length);
            var atClient = run.Client.ReadExactlyAsync(bytes.Length);
            var (received, answered) = (await atEnclave, await atClient);
            Assert.True(bytes.AsSpan().SequenceEqual(received), "other bytes reached the enclave");
            Assert.True(bytes.AsSpan().SequenceEqual(answered), "other bytes reached the client");
            await up;
            await down;
        }),
        new("upgrade: a client that resets ends the enclave's connection", async run =>
        {
            await OpenAsync(run);
            run.Client.Reset();
            Assert.Equal("", await RestAsync(run.Enclave));
        }),
        new("upgrade: an enclave that resets ends the client's connection", async run =>
        {
            await OpenAsync(run);
            run.Enclave.Reset();
            Assert.Equal("", await RestAsync(run.Client));
        }),
        new("upgrade: both ends close", async run =>
        {
            await OpenAsync(run);
            run.Client.ShutdownSend();
            run.Enclave.ShutdownSend();
            Assert.Equal(("", ""), (await RestAsync(run.Client), await RestAsync(run.Enclave)));
        }),
        .. ((string[])
        [
            "200 OK\r\nContent-Length: 2\r\n\r\nno",
            "403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
            "426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 2\r\n\r\nno",
            "205 Reset Content\r\nContent-Length: 2\r\n\r\nno",
            "401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
        ]).Select(answer => new WireCase($"upgrade: refused with {answer.Split('\r')[0]}, an ordinary answer", async run =>
        {
            var (request, response) = await run.ExchangeAsync(WireRun.Get("/ws", Fields), $"HTTP/1.1 {answer}");
            Assert.Equal("websocket", request.Field("Upgrade"));
            Assert.Equal($"HTTP/1.1 {answer.Split('\r')[0]}", response.StartLine);
            Assert.Equal("no", response.Text);
            await run.WorksAsync();
        })),
        new("upgrade: refused with 426, which says what to ask for", async run =>
        {
            var (_, response) = await run.ExchangeAsync(
                WireRun.Get("/ws", Fields),
                "HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    + "Sec-WebSocket-Version: 13, 8\r\nContent-Length: 2\r\n\r\nno");
            Assert.Equal(("websocket", "13, 8", "no"), (response.Field("Upgrade"), response.Field("Sec-WebSocket-Version"), response.Text));
            await run.WorksAsync();
        }),
        new("upgrade: refused with 204", async run =>
        {
            var (_, response) = await run.ExchangeAsync(WireRun.Get("/ws", Fields), "HTTP/1.1 204 No Content\r\n\r\n");
            Assert.Equal(204, response.Status);
            await run.WorksAsync();
        }),
        new("upgrade: refused, asked again on the same connection, granted", async run =>
        {
            Assert.Equal(403, (await run.ExchangeAsync(
                WireRun.Get("/ws", Fields), "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")).Response.Status);
            await OpenAsync(run);
            await PingAsync(run);
        }),
        new("upgrade: refused with a body that ends with the connection", async run =>
        {
            await run.ForwardAsync(WireRun.Get("/ws", Fields));
            await run.Enclave.SendAsync("HTTP/1.1 403 Forbidden\r\n\r\nno");
            run.Enclave.ShutdownSend();
            Assert.Equal((403, "no"), await run.Client.ReadMessageAsync() is var answer ? (answer.Status, answer.Text) : default);
        }),
        .. ((string[])["h2c", "H2C", "TLS/1.0", "foo", "HTTP/2.0", "websocket, h2c", "websockets"]).Select(
            word => new WireCase($"upgrade: to {word} is removed and the request served", async run =>
            {
                var (request, response) = await run.ExchangeAsync(WireRun.Get(
                    fields: $"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {word}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"));
                Assert.All((string[])["Upgrade", "HTTP2-Settings"], name => Assert.Empty(request.All(name)));
                Assert.DoesNotContain(request.All("Connection"), value => value.Contains("pgrade", StringComparison.Ordinal));
                Assert.Equal("ok", response.Text);
                await run.WorksAsync();
            })),
        new("upgrade: to h2c with a body", async run =>
        {
            var (request, response) = await run.ExchangeAsync(
                WireRun.Post("Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n", "ab"));
            Assert.Empty(request.All("Upgrade"));
            Assert.Equal(("ab", "ok"), (request.Text, response.Text));
            await run.WorksAsync();
        }),
        new("upgrade: that Connection does not name is none", async run =>
        {
            var (request, response) = await run.ExchangeAsync(WireRun.Get(
                fields: "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
            Assert.Empty(request.All("Upgrade"));
            Assert.Equal("ok", response.Text);
            await run.WorksAsync();
        }),
        new("upgrade: of an HTTP/1.0 client is none", async run =>
        {
            var (request, response) = await run.ExchangeAsync($"GET / HTTP/1.0\r\nHost: example.test\r\n{Fields}\r\n");
            Assert.Empty(request.All("Upgrade"));
            Assert.Equal("ok", response.Text);
        }),
        new("upgrade: 101 to another protocol than was asked for is 502", async run =>
        {
            await run.ForwardAsync(WireRun.Get("/ws", Fields));
            await run.Enclave.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
            Assert.Equal(502, (await run.Client.ReadMessageAsync()).Status);
            await WireRun.EndsAsync(run.Enclave);
        }),
    ];

    private static async Task OpenAsync(WireRun run)
    {
        await run.ForwardAsync(WireRun.Get("/ws", Fields));
        Assert.Equal(101, (await run.AnswerAsync(Switching + "\r\n")).Status);
    }

    private static async Task PingAsync(WireRun run)
    {
        await run.SendAsync("ping");
        await WireRun.ExpectAsync(run.Enclave, "ping");
        await run.Enclave.SendAsync("pong");
        await WireRun.ExpectAsync(run.Client, "pong");
    }

    private static async Task<string> RestAsync(WireConnection connection) =>
        System.Text.Encoding.Latin1.GetString((await connection.ReadToEndAsync()).Received);
}
