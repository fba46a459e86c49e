using System.Text;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

/// <summary>
/// Requests that two implementations may read in two ways reach no enclave, nor does what follows them on the connection.
/// </summary>
public sealed class StrictRequestTests
{
    private const string Next = "GET /next HTTP/1.1\r\nHost: x\r\n\r\n";

    [Theory]
    // The length of the body.
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nhello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\nhello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5 5\r\n\r\nhello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5,5\r\n\r\nhello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5.0\r\n\r\nhello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\nhello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\nhello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551621\r\n\r\nhello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000000000000000000000\r\n\r\nhello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +0000000000000000000000000005\r\n\r\nhello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \u00b2\r\n\r\nhello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nTransfer-Encoding: identity\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n\r\n")]
    // Host.
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: :\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a::\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: a:\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a:\u00b2\r\n\r\n")]
    [InlineData("GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n")]
    // The form of the head.
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nX-A : 1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost : x\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n folded\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n X-A: 1\r\nHost: x\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\nHost: x\n\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\nX-A: 1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nX-A: a\rb\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nX\0A: 1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nX A: 1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nX(A): 1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nX\u00e9: 1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n: 1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nX-A\r\n\r\n")]
    [InlineData("GET  / HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET / HTTP/1.1 \r\nHost: x\r\n\r\n")]
    [InlineData("GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData(" GET / HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("G(T / HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /\u00e9 HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /?\u00e9 HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /?\u0080 HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET http://x/\u00ff HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /\u007f HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /?a=\u007f HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET http://x/\u007f HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /\u0001 HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /?\t HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /\rX: HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET / HTTP/1.2\r\nHost: x\r\n\r\n")]
    [InlineData("GET / HTTP/2.0\r\nHost: x\r\n\r\n")]
    [InlineData("GET / http/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET / HTTP/01.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /\r\n\r\n")]
    public async Task Head_ThatIsAmbiguous_IsRefusedAndTheConnectionClosed(string request)
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(request + Next);
        var (received, _) = await client.ReadToEndAsync();

        var answer = Encoding.Latin1.GetString(received);
        Assert.Matches("^HTTP/1.1 (400|501|505) ", answer);
        Assert.Single(Answers(answer));
        Assert.Equal(0, enclave.Accepted);
    }

    [Theory]
    [InlineData("+5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("-5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("0x5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5 \r\nhello\r\n0\r\n\r\n")]
    [InlineData(" 5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("\r\nhello\r\n0\r\n\r\n")]
    [InlineData("g\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5h\r\nhello\r\n0\r\n\r\n")]
    [InlineData("FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n")]
    [InlineData("0000000000010000000000000000\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5 5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5 \nhello\r\n0\r\n\r\n")]
    [InlineData("5 ;a\nhello\r\n0\r\n\r\n")]
    [InlineData("5 ;a\rb\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5;a\0\r\nhello\r\n0\r\n\r\n")]
    [InlineData("000000005\nhello\r\n0\r\n\r\n")]
    [InlineData("5\r\nhello\r\n0\n\r\n")]
    [InlineData("5\r\nhello\r\n0;a\n\r\n")]
    [InlineData("5\r\nhello\r\n0\r\n\n")]
    [InlineData("5\r\nhello\r\r\n0\r\n\r\n")]
    [InlineData("5\r\nhello\r\n;a\r\n0\r\n\r\n")]
    [InlineData("5\nhello\r\n0\r\n\r\n")]
    [InlineData("5\rhello\r\n0\r\n\r\n")]
    [InlineData("5;a\nhello\r\n0\r\n\r\n")]
    [InlineData("5;a\rb\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5\r\nhello0\r\n\r\n")]
    [InlineData("5\r\nhello\n0\r\n\r\n")]
    [InlineData("5\r\nhelloXX0\r\n\r\n")]
    [InlineData("5\r\nhello\r\n0\r\nX-A : 1\r\n\r\n")]
    [InlineData("5\r\nhello\r\n0\r\nX-A: 1\n\r\n")]
    [InlineData("5\r\nhello\r\n0\r\nX-A: a\0b\r\n\r\n")]
    public async Task Body_WithABrokenChunk_IsRefusedAndTheConnectionClosed(string body)
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body + Next);
        var (received, _) = await client.ReadToEndAsync();

        var answer = Encoding.Latin1.GetString(received);
        Assert.Matches("^HTTP/1.1 400 ", answer);
        Assert.Single(Answers(answer));
        Assert.Empty(enclave.Requests);
    }

    [Fact]
    public async Task Body_WithASizeLineLongerThanTheLimit_IsRefusedAndTheConnectionClosed()
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);
        foreach (var line in (string[])[new string('0', 5000) + "5", "5;" + new string('a', 5000), "5" + new string(' ', 5000) + ";a"])
        {
            await using var client = await proxy.ConnectAsync();

            await client.SendAsync($"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{line}\r\nhello\r\n0\r\n\r\n{Next}");
            var (received, _) = await client.ReadToEndAsync();

            Assert.Matches("^HTTP/1.1 400 ", Assert.Single(Answers(Encoding.Latin1.GetString(received)).Select(a => "HTTP/1.1 " + a)));
        }

        Assert.Empty(enclave.Requests);
    }

    /// <summary>Kestrel would call the length by a name that is taken: it gives up on the connection, without an answer.</summary>
    [Theory]
    [InlineData("X-Content-Length: 5\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 5\r\nx-content-length: 7\r\n")]
    [InlineData("Content-Length: 0\r\nX-CONTENT-LENGTH:\r\nTransfer-Encoding: chunked\r\n")]
    public async Task Head_WithALengthBesideChunksAndAnXContentLength_IsNotForwarded(string fields)
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync($"POST / HTTP/1.1\r\nHost: x\r\n{fields}\r\n0\r\n\r\n{Next}");
        var (received, _) = await client.ReadToEndAsync();

        Assert.DoesNotContain(" 200 ", Encoding.Latin1.GetString(received), StringComparison.Ordinal);
        Assert.Equal(0, enclave.Accepted);
    }

    [Theory]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \t5 \r\n\r\nhello", "hello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 005\r\n\r\nhello", "hello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n5;ext=\"1\"\r\nhello\r\n0\r\n\r\n", "hello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n05\r\nhello\r\n0\r\n\r\n", "hello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0000000000000000000000000000005\r\n\r\nhello", "hello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n000000005\r\nhello\r\n000000000\r\n\r\n", "hello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5 \t;a=b\r\nhello\r\n0 ; a\r\n\r\n", "hello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;\r\nhello\r\n0;\r\n\r\n", "hello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nX-Content-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello")]
    [InlineData("POST / HTTP/1.1\r\nHost: x:\r\nContent-Length: 5\r\n\r\nhello", "hello")]
    [InlineData("\r\nPOST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "hello")]
    [InlineData(
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
            + "0\r\n\r\n",
        "hello")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nhello", "hello")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nX-A: a\u0001b\u007fc\r\n\r\n", "")]
    public async Task Request_ThatIsOddButClear_IsForwarded(string request, string body)
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(request + Next);

        Assert.Equal(200, (await client.ReadMessageAsync()).Status);
        Assert.Equal(200, (await client.ReadMessageAsync()).Status);
        Assert.Equal(body, enclave.Requests[0].Text);
        Assert.Null(enclave.Requests[0].Field("Upgrade"));
        Assert.Equal(2, enclave.Requests.Count);
    }

    private static string[] Answers(string received) => received.Split("HTTP/1.1 ", StringSplitOptions.RemoveEmptyEntries);
}
