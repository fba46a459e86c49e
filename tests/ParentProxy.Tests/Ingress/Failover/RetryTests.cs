using System.Net.Sockets;
using System.Text;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Failover;

/// <summary>Requests whose bytes went out and that got no answer.</summary>
public sealed class RetryTests
{
    // The first in the alphabet is taken while it is there: a test knows where its request goes.
    private static readonly string[] Settings = ["Routing:LoadBalancing=FirstAlphabetical", "Health:Probe:Enabled=false"];

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    [InlineData("OPTIONS")]
    [InlineData("TRACE")]
    [InlineData("DELETE")]
    [InlineData("PUT")]
    public async Task Idempotent_EndedBeforeAnAnswer_IsAnsweredByAnother(string method)
    {
        await using var bad = FaultyEnclave.Ending();
        await using var good = FaultyEnclave.Good();
        await using var proxy = await StartAsync([bad, good]);

        var answer = await proxy.ExchangeAsync($"{method} /x HTTP/1.1\r\nHost: x\r\nX-Request-Id: r1\r\n\r\n", bodiless: true);

        Assert.Equal(200, answer.Status);
        Assert.Equal((1, 1), (bad.Requests.Count, good.Requests.Count));
        Assert.Equal($"{method} /x HTTP/1.1", good.Requests[0].StartLine);
        Assert.Equal("r1", answer.Field("X-Request-Id"));
        Assert.Equal(1, await CountAsync(proxy, "reset"));
        await proxy.Log.WaitForAsync(e => e.Message.Contains("r1", StringComparison.Ordinal)
            && e.Message.Contains("was tried again", StringComparison.Ordinal)
            && e.Message.Contains("reset: 0", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("POST", "")]
    [InlineData("PATCH", "")]
    [InlineData("get", "")]
    [InlineData("POST", "Idempotency-Key: k1\r\n")]
    public async Task NotIdempotent_EndedBeforeAnAnswer_Is502AndSentOnce(string method, string fields)
    {
        await using var bad = FaultyEnclave.Ending();
        await using var good = FaultyEnclave.Good();
        await using var proxy = await StartAsync([bad, good]);

        var answer = await proxy.ExchangeAsync($"{method} /x HTTP/1.1\r\nHost: x\r\n{fields}Content-Length: 2\r\n\r\nhi");

        Assert.Equal(502, answer.Status);
        Assert.Contains("connection_terminated", answer.Field("Proxy-Status"), StringComparison.Ordinal);
        Assert.Equal((1, 0), (bad.Requests.Count, good.Requests.Count));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PATCH")]
    public async Task IdempotencyKey_Honored_IsAnsweredByAnotherWithItsBody(string method)
    {
        await using var bad = FaultyEnclave.Ending();
        await using var good = FaultyEnclave.Good();
        await using var proxy = await StartAsync([bad, good], "Retry:HonorIdempotencyKey=true");

        var answer = await proxy.ExchangeAsync($"{method} /x HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k1\r\nContent-Length: 2\r\n\r\nhi");

        Assert.Equal(200, answer.Status);
        Assert.Equal("hi", good.Requests[0].Text);
        Assert.Equal("k1", good.Requests[0].Field("Idempotency-Key"));
        Assert.Equal(502, (await proxy.ExchangeAsync($"{method} /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")).Status);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(65536, false)]
    [InlineData(1, true)]
    [InlineData(65536, true)]
    public async Task Body_UpToTheLimit_IsSentAgainByteForByte(int length, bool chunked)
    {
        await using var bad = FaultyEnclave.Ending();
        await using var good = FaultyEnclave.Good();
        await using var proxy = await StartAsync([bad, good]);
        var body = Encoding.Latin1.GetString([.. Enumerable.Range(0, length).Select(i => (byte)('a' + i % 26))]);

        var answer = await proxy.ExchangeAsync(Put(body, chunked));

        Assert.Equal(200, answer.Status);
        Assert.Equal((1, 1), (bad.Requests.Count, good.Requests.Count));
        Assert.Equal(body, good.Requests[0].Text);
        Assert.Equal(chunked ? [("X-Sum", "1")] : [], good.Requests[0].Trailers);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_AboveTheLimit_Is502(bool chunked)
    {
        await using var bad = FaultyEnclave.Ending();
        await using var good = FaultyEnclave.Good();
        await using var proxy = await StartAsync([bad, good], "Retry:MaxBufferedBodyBytes=1000");

        Assert.Equal(502, (await proxy.ExchangeAsync(Put(new string('a', 1001), chunked))).Status);
        Assert.Empty(good.Requests);
    }

    [Fact]
    public async Task Body_ThatIsStillComing_GoesOnAtTheOtherEnclave()
    {
        // Ends in the middle of the body, of which the client sends the rest when the other has the first part.
        await using var bad = ScriptedEnclave.Start(async c =>
        {
            await c.ReadHeadAsync();
            await c.ReadExactlyAsync(3);
        });
        var half = new TaskCompletionSource();
        var whole = new TaskCompletionSource<string>();
        await using var good = ScriptedEnclave.Start(async c =>
        {
            await c.ReadHeadAsync();
            var first = await c.ReadExactlyAsync(3);
            half.SetResult();
            whole.SetResult(Encoding.Latin1.GetString([.. first, .. await c.ReadExactlyAsync(3)]));
            await c.SendAsync(FaultyEnclave.Ok);
        });
        await using var proxy =
            await TestProxy.StartAsync([.. TestProxy.Enclave(0, bad.EndPoint), .. TestProxy.Enclave(1, good.EndPoint), .. Settings]);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc");
        await half.Task.WaitAsync(TestDeadline.Value);
        await client.SendAsync("def");

        Assert.Equal(200, (await client.ReadMessageAsync()).Status);
        Assert.Equal("abcdef", await whole.Task);
    }

    [Fact]
    public async Task Expectation_FirstEnclaveCannotBeDialled_IsMetByTheOther()
    {
        using var directory = new TemporaryDirectory();
        string? expectation = null;
        await using var good = ScriptedEnclave.Start(async c =>
        {
            expectation = (await c.ReadHeadAsync())!.Field("Expect");
            await c.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
            await c.ReadExactlyAsync(2);
            await c.SendAsync(FaultyEnclave.Ok);
        });
        await using var proxy = await TestProxy.StartAsync(
            [.. TestProxy.Enclave(0, "unix:" + directory.File("none.sock")), .. TestProxy.Enclave(1, good.EndPoint), .. Settings]);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
        Assert.Equal("HTTP/1.1 100 Continue", (await client.ReadHeadAsync())!.StartLine);
        await client.SendAsync("hi");

        Assert.Equal(200, (await client.ReadMessageAsync()).Status);
        Assert.Equal("100-continue", expectation);
        Assert.Equal(1, await CountAsync(proxy, "connect"));
    }

    [Fact]
    public async Task DialTurnedAway_GoesToAnotherAtOnce()
    {
        await using var full = FaultyEnclave.Good();
        await using var good = FaultyEnclave.Good();
        var never = new TaskCompletionSource();
        await using var proxy = await TestProxy.StartAsync(
            new FirstDial(full.EndPoint, never.Task),
            [.. TestProxy.Enclave(0, full.EndPoint), .. TestProxy.Enclave(1, good.EndPoint), .. Settings, "Timeouts:Connect=00:10:00"]);

        var answer = await proxy.ExchangeAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");

        Assert.Equal(200, answer.Status);
        Assert.Equal((0, 1), (full.Requests.Count, good.Requests.Count));
        Assert.Equal(1, await CountAsync(proxy, "connect"));
    }

    [Fact]
    public async Task DialsTurnedAwayByAll_WaitsForOneToTakeIt()
    {
        await using var one = FaultyEnclave.Good();
        await using var two = FaultyEnclave.Good();
        await using var proxy = await TestProxy.StartAsync(
            new FirstDial("tcp://", Task.CompletedTask),
            [.. TestProxy.Enclave(0, one.EndPoint), .. TestProxy.Enclave(1, two.EndPoint), .. Settings]);

        var answer = await proxy.ExchangeAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");

        Assert.Equal(200, answer.Status);
        Assert.Equal(1, one.Requests.Count + two.Requests.Count);
    }

    [Fact]
    public async Task LongRequestOnAReusedConnection_EndedBeforeAnAnswer_IsSentAgain()
    {
        // Longer than an enclave is looked for: what counts is the time without one.
        var end = new TaskCompletionSource();
        var connections = 0;
        await using var enclave = ScriptedEnclave.Start(async c =>
        {
            var isFirst = Interlocked.Increment(ref connections) == 1;
            await c.ReadMessageAsync();
            await c.SendAsync(FaultyEnclave.Ok);
            if (isFirst)
            {
                await c.ReadMessageAsync();
                await end.Task;
            }
        });
        await using var proxy = await TestProxy.StartAsync(
            [.. TestProxy.Enclave(0, enclave.EndPoint), .. Settings, "Timeouts:Connect=00:00:03", "Retry:WaitForEnclave=00:00:03"]);
        await using var client = await proxy.ConnectAsync();
        const string Get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

        await client.SendAsync(Get);
        Assert.Equal(200, (await client.ReadMessageAsync()).Status);
        await client.SendAsync(Get);
        await Task.Delay(4000);
        end.SetResult();

        Assert.Equal(200, (await client.ReadMessageAsync()).Status);
        Assert.Equal((1, 2), (await CountAsync(proxy, "idle"), connections));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(60000)]
    [InlineData(1_000_000)]
    public async Task Post_ConnectionEndedBeforeTheFirstByte_GoesToAnotherWithItsBody(int length)
    {
        using var directory = new TemporaryDirectory();
        await using var bad = ScriptedEnclave.Start(_ => Task.CompletedTask, new UnixDomainSocketEndPoint(directory.File("bad.sock")));
        await using var good = FaultyEnclave.Good();
        await using var proxy = await TestProxy.StartAsync(
            new LateDialer(bad.EndPoint), [.. TestProxy.Enclave(0, bad.EndPoint), .. TestProxy.Enclave(1, good.EndPoint), .. Settings]);
        var body = Encoding.Latin1.GetString([.. Enumerable.Range(0, length).Select(i => (byte)('a' + i % 26))]);

        var answer = await proxy.ExchangeAsync($"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}");

        Assert.Equal(200, answer.Status);
        Assert.Equal(body, Assert.Single(good.Requests).Text);
        Assert.Equal((1, 0), (await CountAsync(proxy, "connect"), await CountAsync(proxy, "reset")));
    }

    [Theory]
    [InlineData("H")]
    [InlineData("HTTP/1.1 103 Early Hints\r\n\r\n")]
    public async Task AnswerBegun_IsNotSentAgain(string begun)
    {
        await using var bad = FaultyEnclave.Ending(begun);
        await using var good = FaultyEnclave.Good();
        await using var proxy = await StartAsync([bad, good]);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        var answer = await client.ReadMessageAsync();
        if (answer.Status == 103)
            answer = await client.ReadMessageAsync();

        Assert.Equal(502, answer.Status);
        Assert.Empty(good.Requests);
    }

    [Theory]
    [InlineData("500 Internal Server Error")]
    [InlineData("503 Service Unavailable")]
    public async Task ErrorOfTheApplication_IsPassedOn(string status)
    {
        await using var bad = FaultyEnclave.Ending($"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nno");
        await using var good = FaultyEnclave.Good();
        await using var proxy = await StartAsync([bad, good]);

        var answer = await proxy.ExchangeAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal($"HTTP/1.1 {status}", answer.StartLine);
        Assert.Null(answer.Field("Proxy-Status"));
        Assert.Equal((1, 0), (bad.Requests.Count, good.Requests.Count));
    }

    [Theory]
    [InlineData("Retry:MaxAttempts=1", 1)]
    [InlineData("Retry:MaxAttempts=2", 2)]
    [InlineData("Retry:MaxAttempts=4", 4)]
    [InlineData("Retry:Enabled=false", 1)]
    [InlineData("Retry:BudgetPercent=0", 1)]
    public async Task AllEnclavesEnd_IsSentAsOftenAsAllowed(string setting, int sent)
    {
        await using var one = FaultyEnclave.Ending();
        await using var two = FaultyEnclave.Ending();
        await using var proxy = await StartAsync([one, two], setting);

        Assert.Equal(502, (await proxy.ExchangeAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n")).Status);

        Assert.Equal(sent, one.Requests.Count + two.Requests.Count);
    }

    [Fact]
    public async Task OnlyEnclave_EndsTwice_AnswersTheThirdTime()
    {
        await using var enclave = FaultyEnclave.EndingFirst(2);
        await using var proxy = await StartAsync([enclave]);

        Assert.Equal(200, (await proxy.ExchangeAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n")).Status);

        Assert.Equal(3, enclave.Requests.Count);
    }

    [Fact]
    public async Task BudgetSpent_Is502AndCounted()
    {
        await using var bad = FaultyEnclave.Ending();
        await using var proxy = await StartAsync([bad], "Retry:MaxAttempts=2");

        for (var i = 0; i < 15; i++)
            Assert.Equal(502, (await proxy.ExchangeAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n")).Status);

        // The floor of ten, and not one more: a fifth of 15 is less.
        Assert.Equal(25, bad.Requests.Count);
        Assert.Equal((10, 5), (await CountAsync(proxy, "reset"), await CountAsync(proxy, "denied")));
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("PUT", "Content-Length: 2\r\n\r\nhi")]
    public async Task Http2_EnclaveDies_IsAnsweredByAnother(string method, string rest)
    {
        await using var dying = await TestEnclave.StartAsync(http2: true, name: "dying");
        await using var other = await TestEnclave.StartAsync(http2: true, name: "other");
        await using var proxy = await TestProxy.StartAsync(
            [.. TestProxy.Enclave(0, dying.EndPoint), .. TestProxy.Enclave(1, other.EndPoint), .. Settings, "Routing:HttpVersion=2"]);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync($"{method} /slow?ms=6000 HTTP/1.1\r\nHost: x\r\n{(rest.Length == 0 ? "\r\n" : rest)}");
        await Eventually.TrueAsync(() => proxy.Server.Registry.Find("0")!.InFlight == 1 && dying.Simulated.Requests == 1);
        await dying.KillAsync();
        var answer = await client.ReadHeadAsync();

        Assert.True(answer is { Status: 200 }, string.Join("\n", proxy.Log.Entries.Select(e => e.Message)));
        Assert.Equal(1, await CountAsync(proxy, "reset"));
    }

    [Fact]
    public async Task Http2_PostToAnEnclaveThatDies_Is502()
    {
        await using var dying = await TestEnclave.StartAsync(http2: true, name: "dying");
        await using var other = await TestEnclave.StartAsync(http2: true, name: "other");
        await using var proxy = await TestProxy.StartAsync(
            [.. TestProxy.Enclave(0, dying.EndPoint), .. TestProxy.Enclave(1, other.EndPoint), .. Settings, "Routing:HttpVersion=2"]);
        await using var client = await proxy.ConnectAsync();

        // Without a body: SocketsHttpHandler would send such a one again on its own, were it HTTP/1.1.
        await client.SendAsync("POST /slow?ms=6000 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
        await Eventually.TrueAsync(() => proxy.Server.Registry.Find("0")!.InFlight == 1 && dying.Simulated.Requests == 1);
        await dying.KillAsync();

        Assert.Equal(502, (await client.ReadMessageAsync()).Status);
        Assert.Equal(0, other.Simulated.Requests);
    }

    [Fact]
    public async Task Post_ConnectionWasIdleForLong_GoesOutOnAFreshOne()
    {
        await using var enclave = FaultyEnclave.Good();
        await using var proxy = await StartAsync([enclave]);
        const string Post = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi";
        await using var client = await proxy.ConnectAsync();

        await AskAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await Task.Delay(300);
        await AskAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Equal(1, enclave.Accepted);
        await Task.Delay(300);
        await AskAsync(Post);

        Assert.Equal(2, enclave.Accepted);

        async Task AskAsync(string request)
        {
            await client.SendAsync(request);
            Assert.Equal(200, (await client.ReadMessageAsync()).Status);
        }
    }

    private static string Put(string body, bool chunked) => chunked
        ? "PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n"
            + $"\r\n{body.Length:x}\r\n{body}\r\n0\r\nX-Sum: 1\r\n\r\n"
        : $"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    private static Task<TestProxy> StartAsync(FaultyEnclave[] enclaves, params string[] settings) =>
        TestProxy.StartAsync([.. enclaves.SelectMany((enclave, n) => TestProxy.Enclave(n, enclave.EndPoint)), .. Settings, .. settings]);

    private static Task<long> CountAsync(TestProxy proxy, string reason) => proxy.RetriesAsync(reason);
}
