using System.Globalization;
using System.Text;

namespace ParentProxy.Tests.Transparency.Cases;

/// <summary>An answer whose meaning is in doubt reaches no client: 502, the connection closed, nothing of it passed on.</summary>
internal static class ResponseStrictness
{
    /// <summary>In every head that is refused, and therefore in nothing that a client sees.</summary>
    private const string Marker = "X-Leak: of-the-enclave\r\n";

    private const string Chunked = "Transfer-Encoding: chunked\r\n";
    private const string Next = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";

    public static IEnumerable<WireCase> Cases =>
    [
        BadField("a bare CR in a value", "X-A: 1\r2\r\n"),
        BadField("a bare CR at the end of a value", "X-A: 1\r\r\n"),
        BadField("LF alone after a field", "X-A: 1\n"),
        BadField("a space before the colon", "X-A : 1\r\n"),
        BadField("a tab before the colon", "X-A\t: 1\r\n"),
        BadField("a line folded by a space", "X-A: 1\r\n 2\r\n"),
        BadField("a line folded by a tab", "X-A: 1\r\n\t2\r\n"),
        BadField("a line of white space", "X-A: 1\r\n \r\n"),
        BadField("a NUL in a value", "X-A: 1\02\r\n"),
        BadField("a NUL in a name", "X\0A: 1\r\n"),
        BadField("a name with a space", "X A: 1\r\n"),
        BadField("a name with brackets", "X(A): 1\r\n"),
        BadField("a name of Latin-1", "X-\u00e9: 1\r\n"),
        BadField("an empty name", ": 1\r\n"),
        BadField("a line without colon", "nonsense\r\n"),
        BadField("two different lengths", "Content-Length: 2\r\nContent-Length: 3\r\n"),
        BadField("two lengths in one line", "Content-Length: 2, 3\r\n"),
        BadField("a length and chunks", $"Content-Length: 2\r\n{Chunked}"),
        BadField("chunks and a length", $"{Chunked}Content-Length: 2\r\n"),
        .. ((string[])[
            "+2", "-2", "0x2", "2x", "2 2", "1e0", "abc", "99999999999999999999", "18446744073709551618", "9223372036854775808",
            "2;a"]).Select(
            length => BadField($"a length of {length}", $"Content-Length: {length}\r\n")),
        BadField("an empty length", "Content-Length:\r\n"),
        BadField("coding gzip", "Transfer-Encoding: gzip\r\n"),
        BadField("coding gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n"),
        BadField("coding chunked, gzip", "Transfer-Encoding: chunked, gzip\r\n"),
        BadField("coding chunked twice", "Transfer-Encoding: chunked, chunked\r\n"),
        BadField("coding chunked in two lines", Chunked + Chunked),
        BadField("coding xchunked", "Transfer-Encoding: xchunked\r\n"),
        BadField("coding chunked;q=1", "Transfer-Encoding: chunked;q=1\r\n"),
        BadField("coding identity", "Transfer-Encoding: identity\r\n"),
        BadField("an empty coding", "Transfer-Encoding:\r\n"),
        BadField("a coding after a vertical tab", "Transfer-Encoding: \vchunked\r\n"),
        .. ((string[])[
            "HTTP/1.1 099 x", "HTTP/1.1 000 x", "HTTP/1.1 600 x", "HTTP/1.1 999 x", "HTTP/1.1 1000 x", "HTTP/1.1 abc x",
            "HTTP/1.1 20 x", "HTTP/1.1 2 x", "HTTP/1.1 -200 x",
                "HTTP/1.1 +200 x", "HTTP/1.1  200 x", "HTTP/1.1 200x x", "HTTP/1.1 20\u00b2 x", "HTTP/1.1", "HTTP/1.1 ",
                "HTTP/2.0 200 OK", "HTTP/0.9 200 OK", "HTTP/1 200 OK", "HTTP/11 200 OK", "HTTP/1.10 200 OK",
                "HTTP/01.1 200 OK", "http/1.1 200 OK", "HTP/1.1 200 OK", "ICY 200 OK", "200 OK", " HTTP/1.1 200 OK",
                "xHTTP/1.1 200 OK", "HTTP /1.1 200 OK", "HTTP/1.1\t200\tOK"]).Select(
            line => BadHead(
                "a status line "
                    + line.Replace("\u00b2", "(superscript 2)", StringComparison.Ordinal).Replace("\t", "(TAB)", StringComparison.Ordinal),
                $"{line}\r\n{Marker}Content-Length: 2\r\n\r\nok")),
        BadHead("a bare CR in the status line", $"HTTP/1.1 200 O\rK\r\n{Marker}Content-Length: 2\r\n\r\nok"),
        BadHead("a NUL in the status line", $"HTTP/1.1 200 O\0K\r\n{Marker}Content-Length: 2\r\n\r\nok"),
        BadHead("LF alone after the status line", $"HTTP/1.1 200 OK\n{Marker}Content-Length: 2\r\n\r\nok"),
        BadHead("LF alone everywhere", "HTTP/1.1 200 OK\nX-Leak: of-the-enclave\nContent-Length: 2\n\nok"),
        BadHead("LF alone as the empty line", $"HTTP/1.1 200 OK\r\n{Marker}Content-Length: 2\r\n\nok"),
        BadHead("a first field that begins with a space", $"HTTP/1.1 200 OK\r\n X-A: 1\r\n{Marker}Content-Length: 2\r\n\r\nok"),
        BadHead("a head of 300 KiB", $"HTTP/1.1 200 OK\r\n{Marker}X-A: {new string('a', 300 * 1024)}\r\nContent-Length: 2\r\n\r\nok"),
        BadHead("a status line without end", $"HTTP/1.1 200 {new string('a', 300 * 1024)}"),
        BadHead(
            "300 fields",
            $"HTTP/1.1 200 OK\r\n{Marker}"
                + string.Concat(Enumerable.Range(0, 300).Select(i => string.Create(CultureInfo.InvariantCulture, $"X-{i}: 1\r\n")))
                + "Content-Length: 2\r\n\r\nok"),
        BadHead("a banner of SSH", "SSH-2.0-of-the-enclave\r\n"),
        BadHead("an alert of TLS", "\u0015\u0003\u0003\0\u0002\u0002F"),
        BadHead("settings of HTTP/2", "\0\0\0\u0004\0\0\0\0\0"),
        BadHead(
            "a bad interim answer",
            $"HTTP/1.1 103 Early Hints\r\nX-A : 1\r\n{Marker}\r\nHTTP/1.1 200 OK\r\n{Marker}Content-Length: 2\r\n\r\nok"),
        BadHead(
            "101 that nobody asked for",
            $"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{Marker}\r\n"),
        .. ((string[])[
            "", "HTTP/1.1", "HTTP/1.1 200 OK\r\n", $"HTTP/1.1 200 OK\r\n{Marker}",
            $"HTTP/1.1 200 OK\r\n{Marker}Content-Length: 2\r\n", $"HTTP/1.1 200 OK\r\n{Marker}Content-Length: 2\r\n\r"])
            .Select((bytes, i) =>
                new WireCase($"answer strictness: the end of the connection inside the head, {bytes.Length} bytes on: 502", async run =>
                {
                    await run.ForwardAsync(WireRun.Post("Content-Length: 0\r\n"));
                    await run.Enclave.SendAsync(bytes);
                    run.Enclave.ShutdownSend();
                    await Is502Async(run);
                })),
        BadChunk("a size that is no number", "zz\r\n"),
        BadChunk("an empty size", "\r\n"),
        BadChunk("a negative size", "-2\r\n"),
        BadChunk("a size with a plus", "+2\r\n"),
        BadChunk("a size with 0x", "0x2\r\n"),
        BadChunk("a space before the size", " 2\r\n"),
        BadChunk("a size that overflows", "10000000000000002\r\n"),
        BadChunk("a size of many digits", "fffffffffffffffff\r\n"),
        BadChunk("data longer than its size", "2\r\nok!!\r\n"),
        BadChunk("LF alone after a size", "2\nok\r\n"),
        BadChunk("LF alone after data", "2\r\nok\n2\r\nok\r\n"),
        BadChunk("CR alone after a size", "2\rok\r\n"),
        BadChunk("LF inside an extension", "2;a\nb\r\nok\r\n"),
        BadChunk("CR inside an extension", "2;a\rb\r\nok\r\n"),
        BadChunk("a NUL inside an extension", "2;a\0b\r\nok\r\n"),
        BadChunk("an extension without end", $"2;{new string('e', 300 * 1024)}"),
        BadChunk("a trailer with a space before the colon", "0\r\nX-A : 1\r\n"),
        BadChunk("a trailer with a NUL", "0\r\nX-A: 1\02\r\n"),
        BadChunk("a folded trailer", "0\r\nX-A: 1\r\n 2\r\n"),
        BadChunk("trailers without end", $"0\r\n{string.Concat(Enumerable.Repeat("X-A: 1\r\n", 50_000))}"),
        Surplus("a length", "Content-Length: 2\r\n\r\nok"),
        Surplus("a length of 0", "Content-Length: 0\r\n\r\n"),
        Surplus("chunks", $"{Chunked}\r\n2\r\nok\r\n0\r\n\r\n"),
        Surplus("204", "\r\n", "204 No Content"),
        Surplus("304", "Content-Length: 2\r\n\r\n", "304 Not Modified"),
        Surplus("HEAD", "Content-Length: 2\r\n\r\n", method: "HEAD"),
        .. ((string[])[Next, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "x", "\r\n"]).Select(
            unasked =>
                new WireCase($"answer strictness: {unasked.Split('\r')[0]} on an idle connection closes it and answers nobody", async run =>
                {
                    await run.ExchangeAsync(WireRun.Get());
                    var first = run.Enclave;
                    await first.SendAsync(unasked);
                    await WireRun.EndsAsync(first);
                    await run.WorksAsync();
                    Assert.NotSame(first, run.Enclave);
                })),
    ];

    private static WireCase BadField(string what, string field) =>
        BadHead(
            what,
            $"HTTP/1.1 200 OK\r\n{Marker}{field}"
                + (field.Contains("ontent-Length", StringComparison.Ordinal) || field.Contains("ransfer-Encoding", StringComparison.Ordinal)
                    ? ""
                    : "Content-Length: 2\r\n")
                + "\r\nok");

    private static WireCase BadHead(string what, string answer) => new($"answer strictness: {what}: 502", async run =>
    {
        await run.ForwardAsync(WireRun.Get());
        var sending = SendAllAsync(run, answer);
        await Is502Async(run);
        await WireRun.EndsAsync(run.Enclave);
        await sending;
    });

    /// <summary>After a good head: cut, or 502 when the head has not gone out yet.</summary>
    private static WireCase BadChunk(string what, string bytes) => new($"answer strictness: chunked, {what}: cut", async run =>
    {
        await run.ForwardAsync(WireRun.Get());
        await run.Enclave.SendAsync($"HTTP/1.1 200 OK\r\n{Chunked}\r\n5\r\nhello\r\n");
        Assert.Equal(200, (await run.Client.ReadHeadAsync())!.Status);
        await WireRun.ExpectChunkedAsync(run.Client, "hello");
        var sending = SendAllAsync(run, bytes + "0\r\n\r\n");
        var (rest, _) = await run.Client.ReadToEndAsync();
        Assert.DoesNotContain("0\r\n", Encoding.Latin1.GetString(rest), StringComparison.Ordinal);
        await WireRun.EndsAsync(run.Enclave);
        await sending;
    });

    /// <summary>What follows an answer belongs to none: the answer is passed on or refused, the next one is the next request's.</summary>
    private static WireCase Surplus(
        string what,
        string rest,
        string status = "200 OK",
        string method = "GET") => new($"answer strictness: bytes after the end of an answer, {what}", async run =>
    {
        await run.ForwardAsync($"{method} / HTTP/1.1\r\nHost: example.test\r\n\r\n");
        var first = run.Enclave;
        await first.SendAsync($"HTTP/1.1 {status}\r\n{rest}{Next}");
        var response = await run.Client.ReadMessageAsync(bodiless: method == "HEAD");
        Assert.DoesNotContain("evil", response.Text, StringComparison.Ordinal);
        await WireRun.EndsAsync(first);
        if (response.Status == 502)
            return;
        await run.WorksAsync();
        Assert.NotSame(first, run.Enclave);
    });

    private static async Task Is502Async(WireRun run)
    {
        while (true)
        {
            var response = await run.Client.ReadMessageAsync();
            Assert.DoesNotContain("of-the-enclave", response.ToString(), StringComparison.Ordinal);
            if (response.Status is >= 100 and < 200)
                continue;
            Assert.Equal(502, response.Status);
            return;
        }
    }

    /// <summary>The front may close while there is more to send.</summary>
    private static async Task SendAllAsync(WireRun run, string bytes)
    {
        try
        {
            await run.Enclave.SendAsync(bytes);
        }
        catch (IOException)
        {
        }
    }
}
