using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

/// <summary>Nothing is held back, in either direction.</summary>
public sealed class StreamingTests
{
    [Fact]
    public async Task Head_WithoutABodyYet_ArrivesAtOnce()
    {
        var more = new TaskCompletionSource();
        await using var enclave = ScriptedEnclave.Start(async c =>
        {
            await c.ReadHeadAsync();
            await c.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            await more.Task;
            await c.SendAsync("0\r\n\r\n");
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);
        await using var connection = await proxy.ConnectAsync();

        await connection.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        var head = await connection.ReadHeadAsync();
        more.SetResult();

        Assert.Equal("text/event-stream", head!.Field("Content-Type"));
        Assert.Empty(await connection.ReadChunkAsync());
    }

    [Fact]
    public async Task Pieces_OfAnAnswer_ArriveOneByOne()
    {
        var turn = new SemaphoreSlim(0);
        await using var enclave = ScriptedEnclave.Start(async c =>
        {
            await c.ReadHeadAsync();
            await c.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (var i = 0; i < 5; i++)
            {
                await turn.WaitAsync();
                await c.SendAsync($"2\r\np{i}\r\n");
            }

            await turn.WaitAsync();
            await c.SendAsync("0\r\n\r\n");
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);
        await using var connection = await proxy.ConnectAsync();

        await connection.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await connection.ReadHeadAsync();
        for (var i = 0; i < 5; i++)
        {
            turn.Release();
            Assert.Equal($"p{i}", System.Text.Encoding.ASCII.GetString(await connection.ReadChunkAsync()));
        }

        turn.Release();
        Assert.Empty(await connection.ReadChunkAsync());
    }

    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\n", "2\r\np{0}\r\n")]
    [InlineData("Content-Length: 10\r\n", "p{0}")]
    public async Task Pieces_OfARequest_ArriveOneByOne(string framing, string piece)
    {
        var arrived = new SemaphoreSlim(0);
        await using var enclave = ScriptedEnclave.Start(async c =>
        {
            await c.ReadHeadAsync();
            for (var i = 0; i < 5; i++)
            {
                var expected = string.Format(System.Globalization.CultureInfo.InvariantCulture, piece, i);
                if (System.Text.Encoding.ASCII.GetString(await c.ReadExactlyAsync(expected.Length)) == expected)
                    arrived.Release();
            }

            await c.ReadToEndAsync();
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);
        await using var connection = await proxy.ConnectAsync();

        await connection.SendAsync($"POST / HTTP/1.1\r\nHost: x\r\n{framing}\r\n");
        for (var i = 0; i < 5; i++)
        {
            await connection.SendAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, piece, i));
            Assert.True(await arrived.WaitAsync(TestDeadline.Value), $"piece {i}");
        }
    }

    [Fact]
    public async Task ServerSentEvents_Arrive()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);
        using var response = await proxy.Http.GetAsync("/stream?count=3&ms=50", HttpCompletionOption.ResponseHeadersRead);

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal(3, text.Split("event: tick").Length - 1);
    }

    [Fact]
    public async Task Continue_AskedFor_ComesBeforeTheBodyAndTheBodyArrives()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);
        await using var connection = await proxy.ConnectAsync();

        await connection.SendAsync("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        Assert.Equal(100, (await connection.ReadHeadAsync())!.Status);
        await connection.SendAsync("hello");
        var answer = await connection.ReadMessageAsync();

        Assert.Equal(200, answer.Status);
        Assert.Equal("hello", Echo.Parse(answer).Body);
    }

    [Fact]
    public async Task EarlyAnswer_RestOfTheRequestFollows_TheClientsConnectionServesTheNext()
    {
        await using var enclave = ScriptedEnclave.Start(async c =>
        {
            await c.ReadHeadAsync();
            await c.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            await c.ReadToEndAsync();
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);
        await using var connection = await proxy.ConnectAsync();

        for (var i = 0; i < 3; i++)
        {
            await connection.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello");
            Assert.Equal("ok", (await connection.ReadMessageAsync()).Text);
            await connection.SendAsync("world");
        }

        Assert.Equal(3, enclave.Accepted);
    }

    [Fact]
    public async Task LastPieceOfAnAnswer_NotTakenByTheClient_EndsAfterIdle()
    {
        // Answers of one piece, more of them than the two sockets between proxy and client can hold.
        var body = new string('x', 15_000);
        await using var enclave = ScriptedEnclave.Answering($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, "Timeouts:Idle=00:00:00.500");
        await using var connection = await proxy.ConnectAsync();

        await connection.SendAsync(string.Concat(Enumerable.Repeat("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 2_000)));

        await Eventually.TrueAsync(async () =>
        {
            try
            {
                await connection.SendAsync("G");
                return false;
            }
            catch (IOException)
            {
                return true;
            }
        });
        await Eventually.TrueAsync(async () => (await proxy.EnclaveAsync("0")).GetProperty("inFlight").GetInt32() == 0);
        Assert.InRange(enclave.Requests.Count, 1, 1_999);
    }
}
