using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

/// <summary>What a client and the log are told when an enclave fails.</summary>
public sealed class FailureTests
{
    private const string Get = "GET /x HTTP/1.1\r\nHost: x\r\nX-Request-Id: the-id\r\n\r\n";
    private static readonly string[] Short = ["Timeouts:Connect=00:00:01", "Retry:WaitForEnclave=00:00:01"];

    [Theory]
    [InlineData("unix", false, "ENOENT")]
    [InlineData("unix", true, "ECONNREFUSED")]
    [InlineData("hybrid", false, "ENOENT")]
    [InlineData("tcp", false, "ECONNREFUSED")]
    public async Task Dial_Refused_Is503AndTheLogNamesTheErrno(string transport, bool staleFile, string errno)
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("secret-name.sock");
        if (staleFile)
            LeaveStaleFile(path);
        using var closed = new ClosedPort();
        var endPoint = transport switch { "tcp" => closed.EndPoint, "hybrid" => $"hybrid:{path}:77", _ => "unix:" + path };
        await using var proxy = await TestProxy.StartAsync(
            [.. TestProxy.Enclave(0, endPoint), "Enclaves:0:Name=secret-name", "Health:Probe:Enabled=false", .. Short]);

        var answer = await proxy.ExchangeAsync(Get);

        AssertProblem(answer, 503, "destination_unavailable");
        Assert.Matches("^[1-9][0-9]*$", answer.Field("Retry-After"));
        var line = await FailureLineAsync(proxy);
        Assert.Contains(endPoint, line, StringComparison.Ordinal);
        Assert.Contains("secret-name", line, StringComparison.Ordinal);
        Assert.Contains(errno, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dial_HandshakeRefused_Is503()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("v.sock");
        await using var enclave = ScriptedEnclave.Start(c => c.ReadLineAsync(), new UnixDomainSocketEndPoint(path));
        await using var proxy = await TestProxy.StartAsync(
            [.. TestProxy.Enclave(0, $"hybrid:{path}:77"), "Health:Probe:Enabled=false", "Retry:WaitForEnclave=00:00:00.300"]);

        AssertProblem(await proxy.ExchangeAsync(Get), 503, "destination_unavailable");
        Assert.Contains("handshake", await FailureLineAsync(proxy), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("unix")]
    public async Task Connection_EndsBeforeTheHead_Is502(string transport)
    {
        using var directory = new TemporaryDirectory();
        EndPoint at = transport == "unix" ? new UnixDomainSocketEndPoint(directory.File("e.sock")) : new IPEndPoint(IPAddress.Loopback, 0);
        await using var enclave = ScriptedEnclave.Start(c => c.ReadHeadAsync(), at);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        AssertProblem(await proxy.ExchangeAsync(Get), 502, "connection_terminated");
        Assert.Contains(enclave.EndPoint, await FailureLineAsync(proxy), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 O")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le")]
    public async Task Connection_ResetBeforeTheHead_Is502NamingTheErrno(string before)
    {
        await using var enclave = ScriptedEnclave.Start(async c =>
        {
            await c.ReadHeadAsync();
            await c.SendAsync(before);
            c.Reset();
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        AssertProblem(await proxy.ExchangeAsync(Get), 502, "connection_terminated");
        if (before.Length == 0)
            Assert.Contains("ECONNRESET", await FailureLineAsync(proxy), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n")]
    [InlineData("\u0016\u0003\u0001\u0002\r\n\r\n")]
    [InlineData("HTTP/1.1 2x0 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon\r\n\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\n")]
    public async Task Answer_IsNonsense_Is502(string answer)
    {
        await using var enclave = ScriptedEnclave.Start(async c =>
        {
            await c.ReadHeadAsync();
            await c.SendAsync(answer);
            await c.ReadToEndAsync();
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        AssertProblem(await proxy.ExchangeAsync(Get), 502, "http_protocol_error");
        Assert.Contains(enclave.EndPoint, await FailureLineAsync(proxy), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failure_OfAHeadRequest_HasNoBodyAndKeepsTheConnection()
    {
        await using var enclave = ScriptedEnclave.Start(c => c.ReadHeadAsync());
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);
        await using var connection = await proxy.ConnectAsync();

        foreach (var _ in (int[])[1, 2])
        {
            await connection.SendAsync("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
            var answer = await connection.ReadMessageAsync(bodiless: true);
            Assert.Equal(502, answer.Status);
            Assert.Equal("application/problem+json", answer.Field("Content-Type"));
        }
    }

    [Theory]
    [InlineData("Content-Length: 10", "half", false)]
    [InlineData("Content-Length: 10", "half", true)]
    [InlineData("Transfer-Encoding: chunked", "4\r\nhalf\r\n", false)]
    [InlineData("Transfer-Encoding: chunked", "4\r\nhalf\r\n", true)]
    [InlineData("Transfer-Encoding: chunked", "4\r\nhalf\r\nxyz\r\n", false)]
    [InlineData("Transfer-Encoding: chunked", "4\r\nhalf\r\n9\r\nrest", false)]
    public async Task Answer_CutByTheEnclave_IsCutForTheClient(string framing, string body, bool reset)
    {
        await using var enclave = ScriptedEnclave.Start(async c =>
        {
            await c.ReadHeadAsync();
            await c.SendAsync($"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n{body}");
            if (reset)
                c.Reset();
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);
        await using var connection = await proxy.ConnectAsync();

        await connection.SendAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        var received = System.Text.Encoding.Latin1.GetString((await connection.ReadToEndAsync()).Received);

        // What was seen as broken before anything went out is a failure of its own.
        if (received.StartsWith("HTTP/1.1 502", StringComparison.Ordinal))
        {
            Assert.Contains("Proxy-Status: parent-proxy; error=http_response_incomplete", received, StringComparison.Ordinal);
            return;
        }

        // Else nothing at all, the head, or the head with a part of the body; never the end of a body.
        if (received.Contains("chunked", StringComparison.OrdinalIgnoreCase))
            Assert.DoesNotContain("\r\n0\r\n", received, StringComparison.Ordinal);
        if (received.Contains("Content-Length: 10", StringComparison.Ordinal))
            Assert.True(received.Length - received.IndexOf("\r\n\r\n", StringComparison.Ordinal) - 4 < 10, received);
        Assert.DoesNotContain("problem", received, StringComparison.Ordinal);
        Assert.Contains("cut", await FailureLineAsync(proxy), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_CutAfterItBegan_ArrivesSoFar()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);
        await using var connection = await proxy.ConnectAsync();

        await connection.SendAsync("GET /cut?after=100000&chunked=true HTTP/1.1\r\nHost: x\r\n\r\n");
        var head = await connection.ReadHeadAsync();
        var (rest, _) = await connection.ReadToEndAsync();

        Assert.Equal(200, head!.Status);
        Assert.False(System.Text.Encoding.Latin1.GetString(rest).EndsWith("0\r\n\r\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ResponseHead_Late_Is504()
    {
        await using var enclave = ScriptedEnclave.Start(c => c.ReadToEndAsync());
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, "Timeouts:ResponseHead=00:00:00.200");

        AssertProblem(await proxy.ExchangeAsync(Get), 504, "http_response_timeout");
        Assert.Contains("Timeouts:ResponseHead", await FailureLineAsync(proxy), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResponseHead_LateAfterTheBody_Is504AndIdleDoesNotRun()
    {
        await using var enclave = ScriptedEnclave.Start(c => c.ReadToEndAsync());
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, "Timeouts:ResponseHead=00:00:00.600", "Timeouts:Idle=00:00:00.100");
        var started = TimeProvider.System.GetTimestamp();

        var answer = await proxy.ExchangeAsync("POST / HTTP/1.1\r\nHost: x\r\nX-Request-Id: the-id\r\nContent-Length: 2\r\n\r\nab");

        AssertProblem(answer, 504, "http_response_timeout");
        Assert.True(TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(0.5));
    }

    [Fact]
    public async Task ResponseHead_LateForAnUpgrade_Is504()
    {
        await using var enclave = ScriptedEnclave.Start(c => c.ReadToEndAsync());
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, "Timeouts:ResponseHead=00:00:00.200");

        var answer = await proxy.ExchangeAsync(
            "GET /ws HTTP/1.1\r\nHost: x\r\nX-Request-Id: the-id\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

        AssertProblem(answer, 504, "http_response_timeout");
    }

    [Theory]
    [InlineData("X-Forwarded-For: 198.51.100.1, 203.0.113.7\r\n", "127.0.0.0/8", "203.0.113.7")]
    [InlineData("X-Forwarded-For: 198.51.100.1, 203.0.113.7\r\n", "10.0.0.0/8", "127.0.0.1")]
    [InlineData("", "127.0.0.0/8", "127.0.0.1")]
    public async Task Failure_Logged_NamesTheClientThatATrustedPeerTells(string fields, string trusted, string client)
    {
        await using var enclave = ScriptedEnclave.Start(c => c.ReadHeadAsync());
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, $"ForwardedHeaders:TrustedProxies:0={trusted}");

        var answer = await proxy.ExchangeAsync($"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n{fields}\r\n");

        Assert.Equal(502, answer.Status);
        var line = await proxy.Log.WaitForAsync(e => e.Category.EndsWith("FailoverMiddleware", StringComparison.Ordinal));
        Assert.Contains($"(client {client}, request ", line.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Idle_TheClientSendsNoMore_Is408AndNoWarning()
    {
        await using var enclave = ScriptedEnclave.Start(c => c.ReadToEndAsync());
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, "Timeouts:Idle=00:00:00.200");

        var answer = await proxy.ExchangeAsync("POST / HTTP/1.1\r\nHost: x\r\nX-Request-Id: the-id\r\nContent-Length: 10\r\n\r\nab");

        AssertProblem(answer, 408, "http_request_error");
        Assert.Empty(Warnings(proxy));
    }

    [Fact]
    public async Task Idle_TheEnclaveTakesNoMore_Is504()
    {
        var ended = new TaskCompletionSource();
        await using var enclave = ScriptedEnclave.Start(async c =>
        {
            await c.ReadHeadAsync();
            await ended.Task;
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, "Timeouts:Idle=00:00:02");
        await using var connection = await proxy.ConnectAsync();

        await connection.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nX-Request-Id: the-id\r\nContent-Length: 100000000\r\n\r\n");
        var flood = FloodAsync(connection);
        var answer = await connection.ReadMessageAsync();
        ended.SetResult();

        AssertProblem(answer, 504, "connection_write_timeout");
        Assert.Contains(enclave.EndPoint, await FailureLineAsync(proxy), StringComparison.Ordinal);
        await connection.DisposeAsync();
        await flood;
    }

    [Fact]
    public async Task Idle_TheAnswerStandsStill_IsCut()
    {
        await using var enclave = ScriptedEnclave.Start(async c =>
        {
            await c.ReadHeadAsync();
            await c.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
            await c.ReadToEndAsync();
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, "Timeouts:Idle=00:00:00.200");
        await using var connection = await proxy.ConnectAsync();

        await connection.SendAsync(Get);
        Assert.Equal(200, (await connection.ReadHeadAsync())!.Status);
        Assert.True((await connection.ReadToEndAsync()).Received.Length < 10);

        Assert.Contains("Timeouts:Idle", await FailureLineAsync(proxy), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Idle_TheClientReadsNoMore_IsEndedAndNotBlamedOnTheEnclave()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, "Timeouts:Idle=00:00:02");
        await using var connection = await proxy.ConnectAsync();

        await connection.SendAsync("GET /bytes/100000000 HTTP/1.1\r\nHost: x\r\n\r\n");
        await Eventually.TrueAsync(() => enclave.Simulated.Requests == 1);
        await Eventually.TrueAsync(() => proxy.Server.Registry.All[0].InFlight == 0);

        Assert.Empty(proxy.Log.AtLeast(LogLevel.Warning));
    }

    [Fact]
    public async Task Idle_TheClientTakesNoInterimAnswers_IsEndedAndNotBlamedOnTheEnclave()
    {
        await using var enclave = ScriptedEnclave.Start(async c =>
        {
            await c.ReadHeadAsync();
            var hints = string.Concat(Enumerable.Repeat($"HTTP/1.1 103 Early Hints\r\nLink: <{new string('a', 8000)}>\r\n\r\n", 10));
            while (true)
                await c.SendAsync(hints);
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, "Timeouts:Idle=00:00:00.300");
        await using var connection = await proxy.ConnectAsync();

        await connection.SendAsync(Get);
        await Eventually.TrueAsync(() => enclave.Accepted == 1);
        await Eventually.TrueAsync(() => proxy.Server.Registry.All[0].InFlight == 0);

        Assert.Empty(Warnings(proxy));
        var received = System.Text.Encoding.Latin1.GetString((await connection.ReadToEndAsync()).Received);
        Assert.DoesNotContain("problem", received, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResponseHead_InterimAnswersNowAndThen_DoNotEndTheRequest()
    {
        await using var enclave = ScriptedEnclave.Start(async c =>
        {
            await c.ReadHeadAsync();
            for (var i = 0; i < 25; i++)
            {
                await c.SendAsync("HTTP/1.1 102 Processing\r\n\r\n");
                await Task.Delay(150);
            }

            await c.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, "Timeouts:ResponseHead=00:00:03");
        await using var connection = await proxy.ConnectAsync();

        await connection.SendAsync(Get);
        for (var i = 0; i < 25; i++)
            Assert.Equal(102, (await connection.ReadMessageAsync()).Status);
        Assert.Equal("ok", (await connection.ReadMessageAsync()).Text);
    }

    [Fact]
    public async Task Idle_BytesMoveNowAndThen_DoesNotEndTheRequest()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, "Timeouts:Idle=00:00:03");

        var text = await proxy.Http.GetStringAsync("/stream?count=25&ms=150");

        Assert.Contains("data: 24", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_GoesAway_IsNoWarningAndNoEvidence()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, "Health:Probe:Interval=01:00:00");
        foreach (var request in (string[])[
            "GET /hang HTTP/1.1\r\nHost: x\r\n\r\n", "GET /bytes/100000000 HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST /sha256 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc"])
        {
            var connection = await proxy.ConnectAsync();
            await connection.SendAsync(request);
            // Not by the admin listener: after a second without a head the enclave would be probed.
            await Eventually.TrueAsync(() => proxy.Server.Registry.All[0].InFlight == 1);
            connection.Reset();
            await Eventually.TrueAsync(() => proxy.Server.Registry.All[0].InFlight == 0);
        }

        Assert.Empty(Warnings(proxy));
        Assert.Equal(1, enclave.Simulated.HealthRequests);
    }

    // Kestrel logs an error of its own when a read of a body was cancelled.
    private static IEnumerable<TestLog.Entry> Warnings(TestProxy proxy) =>
        proxy.Log.AtLeast(LogLevel.Warning).Where(e => e.Category.StartsWith("ParentProxy", StringComparison.Ordinal));

    private static async Task FloodAsync(WireConnection connection)
    {
        try
        {
            for (var i = 0; i < 1000; i++)
                await connection.SendAsync(new byte[100_000]);
        }
        catch (Exception ex) when (ex is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The proxy has answered and closed.
        }
    }

    private static void AssertProblem(WireMessage answer, int status, string error)
    {
        Assert.Equal(status, answer.Status);
        Assert.Equal("application/problem+json", answer.Field("Content-Type"));
        Assert.Equal($"parent-proxy; error={error}", answer.Field("Proxy-Status"));
        Assert.Equal(status == 503, answer.Field("Retry-After") is not null);
        var problem = answer.Json();
        Assert.Equal(
            ["detail", "requestId", "status", "title", "type"],
            problem.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.Equal("the-id", problem.GetProperty("requestId").GetString());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.True(Uri.TryCreate(problem.GetProperty("type").GetString(), UriKind.Absolute, out _));

        // Nothing of where and what the enclave is.
        var all = answer.ToString();
        Assert.All(
            (string[])["127.0.0.1", ".sock", "unix:", "tcp:", "secret-name", "Exception", "ECONN", "ENOENT", "Socket", "   at "],
            word => Assert.DoesNotContain(word, all, StringComparison.OrdinalIgnoreCase));
    }

    private static async Task<string> FailureLineAsync(TestProxy proxy)
    {
        var entry = await proxy.Log.WaitForAsync(
            e => e.Level == LogLevel.Warning && e.Category.EndsWith("FailoverMiddleware", StringComparison.Ordinal));
        return entry.Message;
    }

    // Closing a listener removes its file only when the runtime made it under this name.
    private static void LeaveStaleFile(string path)
    {
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            socket.Bind(new UnixDomainSocketEndPoint(path + "2"));
            File.Move(path + "2", path);
        }

        Assert.True(Path.Exists(path));
    }
}
