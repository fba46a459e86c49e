using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Endpoints;
using ParentProxy.Inside.Bridges;
using ParentProxy.Tests.Passthrough;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Inside.Bridges;

/// <summary>Names that lead to the parent, for programs that know no proxy.</summary>
public sealed class TransparentTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly BridgeBench _bench = new();
    private readonly int _port = FreePort.Released();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Connect_ToTheAddressOfAName_IsTakenThere()
    {
        var asked = new List<string>();
        await using var proxy = ScriptedEnclave.Start(async connection =>
        {
            var head = (await connection.ReadHeadAsync())!;
            lock (asked)
                asked.Add($"{head.StartLine} | {string.Join(',', head.Fields)}");
            await connection.SendAsync("HTTP/1.1 200 OK\r\n\r\n");
            while (await connection.ReadLineAsync() is { } line)
                await connection.SendAsync($"{head.StartLine.Split(' ')[1]} {line}\n");
            connection.ShutdownSend();
        });
        var other = FreePort.Released();
        await using var bridges = Bridges(proxy, $"a.example:{_port}", $"b.example:{_port}", $"a.example:{other}");
        bridges.Open();

        Assert.Equal(
            [("a.example", IPAddress.Parse("127.0.1.1")), ("b.example", IPAddress.Parse("127.0.1.2"))], bridges.Names);
        foreach (var (address, port, name) in
            new[] { ("127.0.1.1", _port, "a.example"), ("127.0.1.2", _port, "b.example"), ("127.0.1.1", other, "a.example") })
        {
            await using var program = BridgeBench.Connect(InsideAddress.Parse($"{address}:{port}").Value!);
            Assert.Equal($"{name}:{port} hello", await program.AskAsync("hello"));
            program.ShutdownSend();
            Assert.Equal(("", false), await program.ReadTextToEndAsync());
            lock (asked)
                Assert.Equal($"CONNECT {name}:{port} HTTP/1.1 | (Host, {name}:{port})", asked[^1]);
        }

        await Eventually.TrueAsync(() => bridges.Connections == 0);
        Assert.Equal(3, _bench.Measure()["connections{transparent,ok}"]);
    }

    /// <summary>What comes before and behind the answer belongs to the two who talk.</summary>
    [Fact]
    public async Task Connect_BothSpeakBeforeTheAnswerIsThere_NothingIsLost()
    {
        var mayAnswer = new TaskCompletionSource();
        await using var proxy = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await mayAnswer.Task;
            await connection.SendAsync("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n220 welcome\r\n");
            while (await connection.ReadLineAsync() is { } line)
                await connection.SendAsync(line + "\n");
        });
        await using var bridges = Bridges(proxy, $"a.example:{_port}");
        bridges.Open();
        await using var program = Connect();
        await program.SendAsync("early\n");

        mayAnswer.SetResult();

        Assert.Equal("220 welcome", await program.ReadLineAsync());
        Assert.Equal("early", await program.ReadLineAsync());
        Assert.Equal("late", await program.AskAsync("late"));
    }

    [Fact]
    public async Task Connect_Refused_ClosesAndSaysWhyOnce()
    {
        const string Problem = """{"title":"Forbidden","status":403,"detail":"a.example: add it\nto Egress:Allow."}""";
        await using var proxy = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"HTTP/1.1 403 Forbidden: no rule of the parent allows it\r\nContent-Length: {Problem.Length}\r\n\r\n{Problem}"));
            await connection.ReadToEndAsync();
        });
        await using var bridges = Bridges(proxy, $"a.example:{_port}");
        bridges.Open();

        for (var i = 0; i < 3; i++)
        {
            await using var program = Connect();
            Assert.Empty((await program.ReadTextToEndAsync()).Text);
        }

        await Eventually.TrueAsync(() => bridges.Connections == 0);
        Assert.Equal(3, _bench.Measure()["connections{transparent,denied}"]);
        var line = Assert.Single(_bench.Log.AtLeast(LogLevel.Warning));
        Assert.Equal(
            $"A connection on 127.0.1.1:{_port}, to a.example:{_port} by {BridgeBench.EndpointOf(proxy)} was closed (403): the parent's "
                + "HTTP proxy answered 403 Forbidden: no rule of the parent allows it. a.example: add it?to Egress:Allow.",
            line.Message);
    }

    [Theory]
    [InlineData("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\nnone", "502", "denied", "answered 502 Bad Gateway.")]
    [InlineData("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 9000\r\n\r\n", "502", "denied", "answered 502 Bad Gateway.")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", "malformed", "error", "gave an answer that is not of HTTP: it does not begin with HTTP/1.")]
    [InlineData("HTTP/1.1 200", "closed", "error", "closed the connection in the place of an answer.")]
    [InlineData("", "closed", "error", "closed the connection in the place of an answer.")]
    public async Task Connect_AnythingButSuccess_Closes(string answer, string code, string result, string reason)
    {
        await using var proxy = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(answer);
        });
        await using var bridges = Bridges(proxy, $"a.example:{_port}");
        bridges.Open();
        await using var program = Connect();

        Assert.Empty((await program.ReadTextToEndAsync()).Text);

        await Eventually.TrueAsync(() => bridges.Connections == 0);
        Assert.Equal(1, _bench.Measure()[$"connections{{transparent,{result}}}"]);
        var line = Assert.Single(_bench.Log.AtLeast(LogLevel.Warning)).Message;
        Assert.Contains($"was closed ({code}): the parent's HTTP proxy {reason}", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_NoAnswer_ClosesInTime()
    {
        using var bench = new BridgeBench(_time);
        var asked = new TaskCompletionSource();
        await using var proxy = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            asked.SetResult();
            await connection.ReadToEndAsync();
        });
        var options = Options(proxy, $"a.example:{_port}");
        await using var bridges = new ParentBridges(bench.Context(options));
        bridges.Open();
        await using var program = Connect();
        await asked.Task.WaitAsync(TestDeadline.Value);
        await _time.WaitForTimerAsync(2 * options.ConnectTimeout);

        _time.Advance(2 * options.ConnectTimeout);

        Assert.Empty((await program.ReadTextToEndAsync()).Text);
        await Eventually.TrueAsync(() => bridges.Connections == 0);
        Assert.Equal(1, bench.Measure()["connections{transparent,timeout}"]);
    }

    private WireConnection Connect() => BridgeBench.Connect(InsideAddress.Parse($"127.0.1.1:{_port}").Value!);

    private ParentBridges Bridges(ScriptedEnclave proxy, params string[] hosts) => new(_bench.Context(Options(proxy, hosts)));

    private static InsideOptions Options(ScriptedEnclave proxy, params string[] hosts) => new()
    {
        Transparent = new InsideTransparentOptions
        {
            Hosts =
            [
                .. hosts.Select(text => Destination.TryParse(text, null, out var host, out _) ? host : throw new FormatException(text)),
            ],
            To = BridgeBench.EndpointOf(proxy),
        },
    };
}
