using ParentProxy.Tests.Ingress.Failover;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

/// <summary>
/// An application gives up an idle connection, and says so in an answer, at the moment when a request takes the connection. The
/// enclaves here have read the request that they "crossed": on the wire that looks the same, and happens every time.
/// </summary>
public sealed class IdleAnswerTests
{
    private const string TimedOut = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    private const string Get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    [Theory]
    [InlineData("GET", "")]
    [InlineData("HEAD", "")]
    [InlineData("OPTIONS", "")]
    [InlineData("DELETE", "")]
    [InlineData("PUT", "Content-Length: 5\r\n\r\nhello")]
    [InlineData("PUT", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")]
    public async Task Timeout_OnAReusedConnection_IsNoAnswerToAnIdempotentRequest(string method, string rest)
    {
        await using var enclave = new GivingUp(TimedOut);
        await using var proxy = await StartAsync(enclave);
        await using var client = await proxy.ConnectAsync();
        await AskAsync(client, Get);

        var fieldsAndBody = rest.Length > 0 ? rest : "\r\n";
        var answer = await AskAsync(client, $"{method} / HTTP/1.1\r\nHost: x\r\n{fieldsAndBody}", isHead: method == "HEAD");

        Assert.Equal(200, answer.Status);
        Assert.Equal(["GET", method, method], enclave.Methods);
        Assert.Equal(rest.Length > 0 ? "hello" : "", enclave.LastBody);
        Assert.Equal(1, await proxy.RetriesAsync("idle"));
        await proxy.Log.WaitForAsync(e => e.Message.Contains("was tried again", StringComparison.Ordinal)
            && e.Message.Contains("Before: idle: 0 (", StringComparison.Ordinal) && e.Message.EndsWith(": 408", StringComparison.Ordinal));

        // That an idle connection was closed is no evidence against the enclave.
        Assert.Null(proxy.Server.Registry.Find("0")!.PendingEvidence);
    }

    [Theory]
    [InlineData("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 408 Request Timeout\r\n\r\n")]
    [InlineData("HTTP/1.0 408 Request Time-out\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n<h1>408</h1>\n")]
    [InlineData("HTTP/1.1 408 Request Timeout\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\n408\r\n0\r\n\r\n")]
    public async Task Timeout_InAnyForm_IsNoAnswerToAGet(string form)
    {
        await using var enclave = new GivingUp(form);
        await using var proxy = await StartAsync(enclave);
        await using var client = await proxy.ConnectAsync();
        await AskAsync(client, Get);

        Assert.Equal("ok", (await AskAsync(client, Get)).Text);
        Assert.Equal(1, await proxy.RetriesAsync("idle"));
    }

    [Theory]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", "a request that may not be sent twice")]
    [InlineData("get / HTTP/1.1\r\nHost: x\r\n\r\n", "a method that nobody knows")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "an upgrade")]
    public async Task Timeout_ToWhatIsSentOnce_IsPassedOn(string request, string why)
    {
        await using var enclave = new GivingUp(TimedOut);
        await using var proxy = await StartAsync(enclave);
        await using var client = await proxy.ConnectAsync();
        await AskAsync(client, Get);

        Assert.True((await AskAsync(client, request)).Status == 408, why);
        Assert.Equal(2, enclave.Methods.Count);
    }

    [Fact]
    public async Task Timeout_WithoutRetries_IsPassedOn()
    {
        await using var enclave = new GivingUp(TimedOut);
        await using var proxy = await StartAsync(enclave, "Retry:Enabled=false");
        await using var client = await proxy.ConnectAsync();
        await AskAsync(client, Get);

        Assert.Equal(408, (await AskAsync(client, Get)).Status);
        Assert.Equal(2, enclave.Methods.Count);
    }

    [Fact]
    public async Task Timeout_BehindAnInterimAnswer_IsTheApplicationsOwn()
    {
        await using var enclave = new GivingUp("HTTP/1.1 102 Processing\r\n\r\n" + TimedOut);
        await using var proxy = await StartAsync(enclave);
        await using var client = await proxy.ConnectAsync();
        await AskAsync(client, Get);

        Assert.Equal(102, (await AskAsync(client, Get)).Status);
        Assert.Equal(408, (await client.ReadMessageAsync()).Status);
    }

    [Fact]
    public async Task Timeout_SecondsLater_IsTheApplicationsOwn()
    {
        await using var enclave = new GivingUp(TimedOut, TimeSpan.FromSeconds(5.5));
        await using var proxy = await StartAsync(enclave);
        await using var client = await proxy.ConnectAsync();
        await AskAsync(client, Get);

        Assert.Equal(408, (await AskAsync(client, Get)).Status);
        Assert.Equal(2, enclave.Methods.Count);
    }

    [Fact]
    public async Task Timeout_OnAFreshConnection_IsTheApplicationsOwn()
    {
        await using var enclave = FaultyEnclave.Ending(TimedOut);
        await using var proxy = await TestProxy.StartAsync([.. TestProxy.Enclave(0, enclave.EndPoint), "Health:Probe:Enabled=false"]);

        Assert.Equal(408, (await proxy.ExchangeAsync(Get)).Status);
        Assert.Single(enclave.Requests);
    }

    [Fact]
    public async Task Timeout_AlsoOnTheFreshConnection_IsPassedOn()
    {
        var connections = 0;
        await using var enclave = ScriptedEnclave.Start(async c =>
        {
            Interlocked.Increment(ref connections);
            if (connections == 1)
            {
                await c.ReadMessageAsync();
                await c.SendAsync(FaultyEnclave.Ok);
            }

            await c.ReadMessageAsync();
            await c.SendAsync(TimedOut);
        });
        await using var proxy = await TestProxy.StartAsync([.. TestProxy.Enclave(0, enclave.EndPoint), "Health:Probe:Enabled=false"]);
        await using var client = await proxy.ConnectAsync();
        await AskAsync(client, Get);

        Assert.Equal(408, (await AskAsync(client, Get)).Status);
        Assert.Equal((2, 1), (connections, await proxy.RetriesAsync("idle")));
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 503)]
    public async Task OtherStatus_OnAReusedConnection_IsPassedOn(string answer, int status)
    {
        // These are answers of applications to requests as well; only the clock could tell, and it is a guess.
        await using var enclave = new GivingUp(answer);
        await using var proxy = await StartAsync(enclave);
        await using var client = await proxy.ConnectAsync();
        await AskAsync(client, Get);

        Assert.Equal(status, (await AskAsync(client, Get)).Status);
        Assert.Equal(2, enclave.Methods.Count);
    }

    [Theory]
    [InlineData(TimedOut)]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")]
    [InlineData("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")]
    [InlineData("bye\n")]
    [InlineData("\u0015\u0003\u0003\0\u0002\u0001\0")]
    public async Task AnythingSaidUnasked_AnswersNobody(string unasked)
    {
        var left = new TaskCompletionSource();
        var connections = 0;
        await using var enclave = ScriptedEnclave.Start(async c =>
        {
            var isFirst = Interlocked.Increment(ref connections) == 1;
            await c.ReadMessageAsync();
            await c.SendAsync(FaultyEnclave.Ok);
            if (isFirst)
            {
                await c.SendAsync(unasked);
                try
                {
                    await c.ReadExactlyAsync(1);
                }
                finally
                {
                    left.SetResult();
                }
            }

            await c.ReadMessageAsync();
            await c.SendAsync(FaultyEnclave.Ok);
            await c.ReadMessageAsync();
        });
        await using var proxy = await TestProxy.StartAsync([.. TestProxy.Enclave(0, enclave.EndPoint), "Health:Probe:Enabled=false"]);
        await using var client = await proxy.ConnectAsync();
        await AskAsync(client, Get);
        await left.Task.WaitAsync(TestDeadline.Value);

        Assert.Equal("ok", (await AskAsync(client, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")).Text);
        Assert.Equal("ok", (await AskAsync(client, Get)).Text);
        Assert.Equal(2, connections);
    }

    private static Task<TestProxy> StartAsync(GivingUp enclave, params string[] settings) =>
        TestProxy.StartAsync([.. TestProxy.Enclave(0, enclave.EndPoint), "Health:Probe:Enabled=false", .. settings]);

    private static async Task<WireMessage> AskAsync(WireConnection client, string request, bool isHead = false)
    {
        await client.SendAsync(request);
        return await client.ReadMessageAsync(bodiless: isHead);
    }

    /// <summary>Answers what comes first on each connection, and gives the first connection up when the second request comes.</summary>
    private sealed class GivingUp : IAsyncDisposable
    {
        private readonly List<WireMessage> _requests = [];
        private readonly ScriptedEnclave _scripted;
        private int _connections;

        public GivingUp(string farewell, TimeSpan after = default) => _scripted = ScriptedEnclave.Start(async c =>
        {
            var isFirst = Interlocked.Increment(ref _connections) == 1;
            Note(await c.ReadMessageAsync());
            await c.SendAsync(FaultyEnclave.Ok);
            Note(await c.ReadMessageAsync());
            if (isFirst)
                await Task.Delay(after);
            await c.SendAsync(isFirst ? farewell : FaultyEnclave.Ok);
        });

        public string EndPoint => _scripted.EndPoint;

        public IReadOnlyList<string> Methods
        {
            get
            {
                lock (_requests)
                    return [.. _requests.Select(r => r.StartLine.Split(' ')[0])];
            }
        }

        public string LastBody
        {
            get
            {
                lock (_requests)
                    return _requests[^1].Text;
            }
        }

        public ValueTask DisposeAsync() => _scripted.DisposeAsync();

        private void Note(WireMessage request)
        {
            lock (_requests)
                _requests.Add(request);
        }
    }
}
