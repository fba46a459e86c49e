using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Transparency.Cases;

/// <summary>Who does not read makes the sender wait; who leaves ends the other side.</summary>
internal static class Flow
{
    /// <summary>More than sockets and buffers of one request can hold between them.</summary>
    private const int Total = 64 * 1024 * 1024;

    private const string Chunked = "Transfer-Encoding: chunked\r\n";

    public static IEnumerable<WireCase> Cases =>
    [
        new("flow: a client that does not read makes the enclave wait", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            var enclave = run.Enclave;
            await enclave.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {Total}\r\n\r\n");
            Assert.Equal(200, (await run.Client.ReadHeadAsync())!.Status);
            var writing = await UntilStuckAsync(run, enclave, enclave);
            await SkipAsync(run.Client);
            await writing;
        }),
        new("flow: an enclave that does not read makes the client wait", async run =>
        {
            await run.SendAsync(WireRun.Post($"Content-Length: {Total}\r\n"));
            var enclave = await run.ArriveAsync();
            await enclave.ReadHeadAsync();
            var writing = await UntilStuckAsync(run, run.Client, enclave);
            await SkipAsync(enclave);
            await writing;
        }),
        new("flow: a tunnel's client that does not read makes the enclave wait", async run =>
        {
            var enclave = await TunnelAsync(run);
            var writing = await UntilStuckAsync(run, enclave, enclave);
            await SkipAsync(run.Client);
            await writing;
        }),
        new("flow: a tunnel's enclave that does not read makes the client wait", async run =>
        {
            var enclave = await TunnelAsync(run);
            var writing = await UntilStuckAsync(run, run.Client, enclave);
            await SkipAsync(enclave);
            await writing;
        }),
        .. ((string[])["Content-Length: 10\r\n", Chunked]).SelectMany(framing => ((string[])["closes", "resets"]).Select(how =>
            new WireCase($"flow: a client that {how} inside its body ends the enclave's connection, {framing.Split(':')[0]}", async run =>
            {
                await run.SendAsync(WireRun.Post(framing, framing == Chunked ? "5\r\nhello\r\n" : "hello"));
                var head = await (await run.ArriveAsync()).ReadHeadAsync();
                await WireRun.ExpectBodyAsync(run.Enclave, head!, "hello");
                await LeaveAsync(run.Client, how);
                var (rest, _) = await run.Enclave.ReadToEndAsync();
                Assert.DoesNotContain("0\r\n\r\n", System.Text.Encoding.Latin1.GetString(rest), StringComparison.Ordinal);
            }))),
        .. ((string[])["closes", "resets"]).Select(
            how => new WireCase($"flow: a client that {how} inside an answer ends the enclave's connection", async run =>
            {
                await run.ForwardAsync(WireRun.Get());
                await run.Enclave.SendAsync($"HTTP/1.1 200 OK\r\n{Chunked}\r\n5\r\nhello\r\n");
                Assert.Equal(200, (await run.Client.ReadHeadAsync())!.Status);
                await LeaveAsync(run.Client, how);
                var ended = WireRun.EndsAsync(run.Enclave);

                // The news may need bytes that nobody takes.
                while (!ended.IsCompleted)
                {
                    try
                    {
                        await run.Enclave.SendAsync("5\r\nhello\r\n");
                    }
                    catch (IOException)
                    {
                        break;
                    }
                }

                await ended;
            })),
        new("flow: a client that resets before the answer ends the enclave's connection", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            run.Client.Reset();
            await WireRun.EndsAsync(run.Enclave);
        }),
        new("flow: another client is served while one does not read", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            var enclave = run.Enclave;
            await enclave.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {Total}\r\n\r\n");
            var writing = enclave.SendAsync(new byte[Total]);
            await BesideAsync(run, await run.OpenAsync(), enclave);
            Assert.False(writing.IsCompleted);
            Assert.Equal(200, (await run.Client.ReadHeadAsync())!.Status);
            await SkipAsync(run.Client);
            await writing;
        }),
        new("flow: an enclave that stops inside a body and resets cuts the upload's answer", async run =>
        {
            await run.SendAsync(WireRun.Post("Content-Length: 10\r\n", "hello"));
            var enclave = await run.ArriveAsync();
            await enclave.ReadHeadAsync();
            await WireRun.ExpectAsync(enclave, "hello");
            enclave.Reset();
            Assert.Equal(502, (await run.Client.ReadMessageAsync()).Status);
        }),
    ];

    private static async Task LeaveAsync(WireConnection client, string how)
    {
        if (how == "resets")
            client.Reset();
        else
            await client.DisposeAsync();
    }

    private static async Task<WireConnection> TunnelAsync(WireRun run)
    {
        var (_, response) = await run.ExchangeAsync(
            WireRun.Get(fields: "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
        Assert.Equal(101, response.Status);
        return run.Enclave;
    }

    /// <summary>
    /// Writes until nothing is taken any more: nothing more went in one exchange of another client after the other. Gives the writing
    /// of the rest.
    /// </summary>
    private static async Task<Task> UntilStuckAsync(WireRun run, WireConnection writer, WireConnection busy)
    {
        const int Same = 20;
        var sent = 0;
        var writing = WriteAsync();
        var beside = await run.OpenAsync();
        for (var (before, same) = (-1, 0); same < Same; same = Volatile.Read(ref sent) == before ? same + 1 : 0)
        {
            Assert.False(writing.IsCompleted, $"all of {Total} bytes were taken");
            before = Volatile.Read(ref sent);
            await BesideAsync(run, beside, busy);
        }

        return writing;

        async Task WriteAsync()
        {
            await Task.Yield();
            var piece = new byte[64 * 1024];
            for (; sent < Total; Interlocked.Add(ref sent, piece.Length))
                await writer.SendAsync(piece);
        }
    }

    private static async Task BesideAsync(WireRun run, WireConnection client, WireConnection busy)
    {
        await client.SendAsync(WireRun.Get("/beside"));
        var enclave = await run.ArriveAsync(client, busy: busy);
        Assert.Equal("GET /beside HTTP/1.1", (await enclave.ReadMessageAsync()).StartLine);
        await enclave.SendAsync(WireRun.Ok);
        Assert.Equal("ok", (await client.ReadMessageAsync()).Text);
    }

    private static async Task SkipAsync(WireConnection connection)
    {
        for (var left = Total; left > 0;)
            left -= (await connection.ReadExactlyAsync(Math.Min(left, 1024 * 1024))).Length;
    }
}
