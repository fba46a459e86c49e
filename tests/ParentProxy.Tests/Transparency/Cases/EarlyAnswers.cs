using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Transparency.Cases;

/// <summary>An enclave may answer before it has the whole request; the answer is passed on.</summary>
internal static class EarlyAnswers
{
    private const string TooLarge = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno";
    private const string Chunked = "Transfer-Encoding: chunked\r\n";

    public static IEnumerable<WireCase> Cases =>
    [
        .. ((string[])["Content-Length: 1000000\r\n", Chunked]).SelectMany(framing => (WireCase[])
        [
            new($"early answer: 413 while the client sends, {framing.Split(':')[0]}", async run =>
            {
                await BeginAsync(run, framing);
                Assert.Equal((413, "no"), await run.AnswerAsync(TooLarge) is var answer ? (answer.Status, answer.Text) : default);
            }),
            new($"early answer: 413 and the enclave ends its direction, {framing.Split(':')[0]}", async run =>
            {
                await BeginAsync(run, framing);
                await run.Enclave.SendAsync(TooLarge);
                run.Enclave.ShutdownSend();
                Assert.Equal((413, "no"), await run.Client.ReadMessageAsync() is var answer ? (answer.Status, answer.Text) : default);
            }),
            new($"early answer: 413 and the enclave closes with the body unread, {framing.Split(':')[0]}", async run =>
            {
                var client = await run.OpenAsync();
                await run.SendAsync(WireRun.Post(framing));
                await (await run.ArriveAsync()).ReadHeadAsync();
                var sending = SendOnAsync(client, framing, 100_000);
                Assert.True(await run.Enclave.HasBytesAsync());
                await run.Enclave.SendAsync("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
                Assert.Equal((413, "no"), await client.ReadMessageAsync() is var answer ? (answer.Status, answer.Text) : default);
                await run.Enclave.DisposeAsync();
                await sending;
            }),
            new($"early answer: 413 that ends with the connection, {framing.Split(':')[0]}", async run =>
            {
                await BeginAsync(run, framing);
                await run.Enclave.SendAsync("HTTP/1.1 413 Content Too Large\r\n\r\nno");
                run.Enclave.ShutdownSend();
                Assert.Equal((413, "no"), await run.Client.ReadMessageAsync() is var answer ? (answer.Status, answer.Text) : default);
            }),
            new($"early answer: in chunks while the client sends, {framing.Split(':')[0]}", async run =>
            {
                await BeginAsync(run, framing);
                Assert.Equal(
                    (401, "no"),
                    await run.AnswerAsync("HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n")
                        is var answer
                        ? (answer.Status, answer.Text)
                        : default);
            }),
        ]),
        .. ((string[])["401 Unauthorized", "200 OK", "302 Found", "500 Internal Server Error"]).Select(
            status => new WireCase($"early answer: {status}, and the enclave's connection is not used again", async run =>
            {
                await run.SendAsync(WireRun.Post("Content-Length: 10\r\n", "hello"));
                await (await run.ArriveAsync()).ReadHeadAsync();
                await WireRun.ExpectAsync(run.Enclave, "hello");
                var first = run.Enclave;
                var response = await run.AnswerAsync($"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nno");
                Assert.Equal($"HTTP/1.1 {status}", response.StartLine);
                var other = await run.OpenAsync();
                await other.SendAsync(WireRun.Get("/other"));
                var enclave = await run.ArriveAsync(other);
                Assert.NotSame(first, enclave);
            })),
        new("early answer: head of 200 first, then both bodies to their ends", async run =>
        {
            await run.SendAsync(WireRun.Post("Content-Length: 4\r\n"));
            await (await run.ArriveAsync()).ReadHeadAsync();
            await run.Enclave.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
            Assert.Equal(200, (await run.Client.ReadHeadAsync())!.Status);
            await run.SendAsync("ab");
            await WireRun.ExpectAsync(run.Enclave, "ab");
            await run.Enclave.SendAsync("AB");
            await WireRun.ExpectAsync(run.Client, "AB");
            await run.SendAsync("cd");
            await WireRun.ExpectAsync(run.Enclave, "cd");
            await run.Enclave.SendAsync("CD");
            await WireRun.ExpectAsync(run.Client, "CD");
            await run.WorksAsync();
        }),
        new("early answer: an echo of chunks, both ways at once", async run =>
        {
            await run.SendAsync(WireRun.Post(Chunked));
            var request = await (await run.ArriveAsync()).ReadHeadAsync();
            await run.Enclave.SendAsync($"HTTP/1.1 200 OK\r\n{Chunked}\r\n");
            var response = await run.Client.ReadHeadAsync();
            for (var i = 0; i < 20; i++)
            {
                await run.SendAsync($"3\r\nq{i:00}\r\n");
                await WireRun.ExpectBodyAsync(run.Enclave, request!, $"q{i:00}");
                await run.Enclave.SendAsync($"3\r\na{i:00}\r\n");
                await WireRun.ExpectBodyAsync(run.Client, response!, $"a{i:00}");
            }

            await run.SendAsync("0\r\n\r\n");
            Assert.Empty(await run.Enclave.ReadChunkAsync());
            await run.Enclave.SendAsync("0\r\n\r\n");
            Assert.Empty(await run.Client.ReadChunkAsync());
            await run.WorksAsync();
        }),
        new("early answer: an echo of 8 MiB, both ways at once", async run =>
        {
            const int Size = 8 * 1024 * 1024;
            await run.SendAsync(WireRun.Post($"Content-Length: {Size}\r\n"));
            var enclave = await run.ArriveAsync();
            await enclave.ReadHeadAsync();
            await enclave.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {Size}\r\n\r\n");
            Assert.Equal(200, (await run.Client.ReadHeadAsync())!.Status);
            var sent = new byte[Size];
            new Random(8).NextBytes(sent);
            var sending = run.Client.SendAsync(sent);
            var echoing = EchoAsync(enclave, Size);
            var received = await run.Client.ReadExactlyAsync(Size);
            await sending;
            await echoing;
            Assert.True(sent.AsSpan().SequenceEqual(received), "the echo is another");
            await run.WorksAsync();
        }),
        new("early answer: the request ends first, the answer goes on", async run =>
        {
            await run.SendAsync(WireRun.Post("Content-Length: 4\r\n"));
            await (await run.ArriveAsync()).ReadHeadAsync();
            await run.Enclave.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nAB");
            Assert.Equal(200, (await run.Client.ReadHeadAsync())!.Status);
            await WireRun.ExpectAsync(run.Client, "AB");
            await run.SendAsync("abcd");
            await WireRun.ExpectAsync(run.Enclave, "abcd");
            await run.Enclave.SendAsync("CD");
            await WireRun.ExpectAsync(run.Client, "CD");
            await run.WorksAsync();
        }),
        new("early answer: 500 before any of the body, with the whole body sent meanwhile", async run =>
        {
            var client = await run.OpenAsync();
            var sending = client.SendAsync(WireRun.Post("Content-Length: 100000\r\n", new string('b', 100_000)));
            await (await run.ArriveAsync()).ReadHeadAsync();
            Assert.Equal(500, (await run.AnswerAsync("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")).Status);
            await sending;
        }),
        new("early answer: a broken body behind the head of the answer gets no second one", async run =>
        {
            await BeginAsync(run, Chunked);
            await run.Enclave.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nAB");
            Assert.Equal(200, (await run.Client.ReadHeadAsync())!.Status);
            await WireRun.ExpectAsync(run.Client, "AB");
            await run.SendAsync("zz\r\n");
            await WireRun.EndsAsync(run.Client);
        }),
    ];

    /// <summary>The head and the beginning of a body are at the enclave.</summary>
    private static async Task BeginAsync(WireRun run, string framing)
    {
        await run.SendAsync(WireRun.Post(framing, framing == Chunked ? "5\r\nhello\r\n" : "hello"));
        var head = await (await run.ArriveAsync()).ReadHeadAsync();
        await WireRun.ExpectBodyAsync(run.Enclave, head!, "hello");
    }

    private static async Task SendOnAsync(WireConnection client, string framing, int size)
    {
        try
        {
            await client.SendAsync(framing == Chunked ? $"{size:x}\r\n{new string('b', size)}\r\n" : new string('b', size));
        }
        catch (IOException)
        {
            // Who has answered need not read on.
        }
    }

    private static async Task EchoAsync(WireConnection enclave, int size)
    {
        for (var left = size; left > 0;)
        {
            var piece = await enclave.ReadExactlyAsync(Math.Min(left, 32 * 1024));
            await enclave.SendAsync(piece);
            left -= piece.Length;
        }
    }
}
