namespace ParentProxy.Tests.Transparency.Cases;

/// <summary>Nothing is held back, in either direction.</summary>
internal static class Streaming
{
    private const string Chunked = "Transfer-Encoding: chunked\r\n";

    public static IEnumerable<WireCase> Cases =>
    [
        .. ((string[])["Content-Length: 10\r\n", Chunked, ""]).SelectMany(framing => (WireCase[])
        [
            new($"streaming: a head arrives without its body, {Name(framing)}", async run =>
            {
                await run.ForwardAsync(WireRun.Get());
                await run.Enclave.SendAsync($"HTTP/1.1 200 OK\r\n{framing}X-A: 1\r\n\r\n");
                Assert.Equal("1", (await run.Client.ReadHeadAsync())!.Field("X-A"));
            }),
            new($"streaming: pieces of an answer arrive one by one, {Name(framing)}", async run =>
            {
                await run.ForwardAsync(WireRun.Get());
                await run.Enclave.SendAsync($"HTTP/1.1 200 OK\r\n{framing}\r\n");
                var head = await run.Client.ReadHeadAsync();
                for (var i = 0; i < 10; i++)
                {
                    await run.Enclave.SendAsync(framing == Chunked ? $"1\r\n{i}\r\n" : $"{i}");
                    await WireRun.ExpectBodyAsync(run.Client, head!, $"{i}");
                }
            }),
        ]),
        .. ((string[])["Content-Length: 10\r\n", Chunked]).SelectMany(framing => (WireCase[])
        [
            new($"streaming: a request's head arrives without its body, {Name(framing)}", async run =>
            {
                await run.SendAsync(WireRun.Post(framing + "X-A: 1\r\n"));
                Assert.Equal("1", (await (await run.ArriveAsync()).ReadHeadAsync())!.Field("X-A"));
            }),
            new($"streaming: pieces of a request arrive one by one, {Name(framing)}", async run =>
            {
                await run.SendAsync(WireRun.Post(framing));
                var head = await (await run.ArriveAsync()).ReadHeadAsync();
                for (var i = 0; i < 10; i++)
                {
                    await run.SendAsync(framing == Chunked ? $"1\r\n{i}\r\n" : $"{i}");
                    await WireRun.ExpectBodyAsync(run.Enclave, head!, $"{i}");
                }
            }),
        ]),
        new("streaming: server-sent events arrive event by event", async run =>
        {
            await run.ForwardAsync(WireRun.Get(fields: "Accept: text/event-stream\r\n"));
            await run.Enclave.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n{Chunked}\r\n");
            var head = await run.Client.ReadHeadAsync();
            Assert.Equal("text/event-stream", head!.Field("Content-Type"));
            for (var i = 0; i < 10; i++)
            {
                var text = $"data: {i}\n\n";
                await run.Enclave.SendAsync($"{text.Length:x}\r\n{text}\r\n");
                await WireRun.ExpectBodyAsync(run.Client, head, text);
            }
        }),
        new("streaming: an answer begins while a chunk is half there", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            await run.Enclave.SendAsync($"HTTP/1.1 200 OK\r\n{Chunked}\r\nff\r\nabc");
            var head = await run.Client.ReadHeadAsync();
            await WireRun.ExpectBodyAsync(run.Client, head!, "abc");
        }),
        new("streaming: a request begins while a chunk is half there", async run =>
        {
            await run.SendAsync(WireRun.Post(Chunked, "ff\r\nabc"));
            var head = await (await run.ArriveAsync()).ReadHeadAsync();
            await WireRun.ExpectBodyAsync(run.Enclave, head!, "abc");
        }),
        new("streaming: the last piece ends the request at once", async run =>
        {
            await run.SendAsync(WireRun.Post(Chunked, "1\r\na\r\n"));
            var head = await (await run.ArriveAsync()).ReadHeadAsync();
            await WireRun.ExpectBodyAsync(run.Enclave, head!, "a");
            await run.SendAsync("0\r\n\r\n");
            Assert.Empty(await run.Enclave.ReadChunkAsync());
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
        }),
        new("streaming: a request's head byte by byte", async run =>
        {
            await run.OpenAsync();
            foreach (var c in WireRun.Get("/slow", "X-A: 1\r\n"))
                await run.SendAsync(c.ToString());
            var request = await (await run.ArriveAsync()).ReadMessageAsync();
            Assert.Equal("GET /slow HTTP/1.1", request.StartLine);
            Assert.Equal("1", request.Field("X-A"));
        }),
        new("streaming: an answer byte by byte", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            foreach (var c in $"HTTP/1.1 200 OK\r\nX-A: 1\r\n{Chunked}\r\n2;a=b\r\nok\r\n0\r\n\r\n")
                await run.Enclave.SendAsync(c.ToString());
            var response = await run.Client.ReadMessageAsync();
            Assert.Equal(("1", "ok"), (response.Field("X-A"), response.Text));
            await run.WorksAsync();
        }),
        new("streaming: a chunked request byte by byte", async run =>
        {
            await run.OpenAsync();
            foreach (var c in WireRun.Post(Chunked, "2;a=b\r\nok\r\n0\r\n\r\n"))
                await run.SendAsync(c.ToString());
            Assert.Equal("ok", (await (await run.ArriveAsync()).ReadMessageAsync()).Text);
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
            await run.WorksAsync();
        }),
        new("streaming: 32 MiB up", async run =>
        {
            const int Size = 32 * 1024 * 1024;
            await run.SendAsync(WireRun.Post($"Content-Length: {Size}\r\n"));
            var enclave = await run.ArriveAsync();
            await enclave.ReadHeadAsync();
            var sending = run.Client.SendAsync(new byte[Size]);
            Assert.Equal(Size, (await enclave.ReadExactlyAsync(Size)).Length);
            await sending;
            Assert.Equal("ok", (await run.AnswerAsync()).Text);
        }),
        new("streaming: 32 MiB down", async run =>
        {
            const int Size = 32 * 1024 * 1024;
            await run.ForwardAsync(WireRun.Get());
            await run.Enclave.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {Size}\r\n\r\n");
            Assert.Equal(200, (await run.Client.ReadHeadAsync())!.Status);
            var sending = run.Enclave.SendAsync(new byte[Size]);
            Assert.Equal(Size, (await run.Client.ReadExactlyAsync(Size)).Length);
            await sending;
            await run.WorksAsync();
        }),
    ];

    private static string Name(string framing) => framing.Length == 0 ? "no framing" : framing.Split(':')[0];
}
