using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Inside.Bridges;
using ParentProxy.Tests.Passthrough;
using ParentProxy.Tests.Support;
using ParentProxy.Vsock;

namespace ParentProxy.Tests.Inside.Bridges;

/// <summary>What programs inside reach on the parent, but for names.</summary>
public sealed class ParentBridgesTests : IDisposable
{
    private const string Request = "CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\n\r\n";

    private static readonly EnclaveEndpoint Parent = EnclaveEndpoint.Vsock(3, 3128);

    private readonly BridgeBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Open_ConnectAndForwards_CarryBytesAsTheyAre()
    {
        await using var proxy = PassthroughExtensions.Echo("proxy ");
        await using var other = PassthroughExtensions.Echo("other ", _bench.EndPoint("other"));
        var (connect, forward) = (BridgeBench.TcpAddress(), BridgeBench.TcpAddress());
        await using var bridges = new ParentBridges(_bench.Context(new InsideOptions
        {
            Connect = new InsideConnectOptions { Listen = connect, To = BridgeBench.EndpointOf(proxy) },
            Forwards = [new InsideForwardOptions { Listen = forward, To = BridgeBench.EndpointOf(other) }],
        }));
        bridges.Open();
        bridges.Open();

        await using (var one = BridgeBench.Connect(connect))
        await using (var two = BridgeBench.Connect(forward))
        {
            Assert.Equal("proxy CONNECT x", await one.AskAsync("CONNECT x"));
            Assert.Equal("other y", await two.AskAsync("y"));
        }

        await Eventually.TrueAsync(() => bridges.Connections == 0);
        var measured = _bench.Measure();
        Assert.Equal(
            ("CONNECT x\n".Length, "proxy CONNECT x\n".Length, 1),
            (measured[$"bytes{{{connect},out}}"], measured[$"bytes{{{connect},in}}"], measured[$"connections{{{connect},ok}}"]));
    }

    /// <summary>A close with something unread is a reset on TCP, which takes the answer with it.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(300_000)]
    public async Task Connect_ParentIsDown_AnswersTheWholeOfIt(int more)
    {
        using var bench = new BridgeBench(dialer: new FailingDialer(
            to => DialException.From(to, new VsockException(Errno.ECONNREFUSED, "connect"))));
        var listen = BridgeBench.TcpAddress();
        await using var bridges = new ParentBridges(bench.Context(
            new InsideOptions { Connect = new InsideConnectOptions { Listen = listen, To = Parent } }));
        bridges.Open();
        await using var program = BridgeBench.Connect(listen);

        await program.SendAsync(Request + new string('x', more));
        var answer = await program.ReadMessageAsync();

        Assert.Equal(
            "HTTP/1.1 502 Bad Gateway: the parent's HTTP proxy at vsock://3:3128 was not reached (ECONNREFUSED)", answer.StartLine);
        Assert.Equal(("application/problem+json", "close"), (answer.Field("Content-Type"), answer.Field("Connection")));
        using var problem = JsonDocument.Parse(answer.Body);
        Assert.Equal(502, problem.RootElement.GetProperty("status").GetInt32());
        Assert.Equal(
            "Inside the enclave: dialling the parent's HTTP proxy at vsock://3:3128: ECONNREFUSED, refused. "
                + "Does parent-proxy run on the parent, and does a listener of its section Egress have this port?",
            problem.RootElement.GetProperty("detail").GetString());
        Assert.Equal(("", false), await program.ReadTextToEndAsync());
        await program.DisposeAsync();
        await Eventually.TrueAsync(() => bridges.Connections == 0);
        Assert.Equal(1, bench.Measure()[$"connections{{{listen},refused}}"]);
        Assert.Contains(
            $"A connection on {listen}, to {Parent} was closed (ECONNREFUSED): ",
            Assert.Single(bench.Log.AtLeast(LogLevel.Warning)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_ParentIsSilent_AnswersThatItTookTooLong()
    {
        using var bench = new BridgeBench(dialer: new FailingDialer(to => DialException.TimedOut(to, TimeSpan.FromSeconds(5))));
        var listen = BridgeBench.TcpAddress();
        await using var bridges = new ParentBridges(bench.Context(
            new InsideOptions { Connect = new InsideConnectOptions { Listen = listen, To = Parent } }));
        bridges.Open();
        await using var program = BridgeBench.Connect(listen);

        await program.SendAsync(Request);

        var answer = await program.ReadMessageAsync();
        Assert.Equal("HTTP/1.1 504 Gateway Timeout: the parent's HTTP proxy at vsock://3:3128 did not answer", answer.StartLine);
        Assert.Contains(
            "no answer within 5 s. Does the parent instance answer at all?", Encoding.UTF8.GetString(answer.Body), StringComparison.Ordinal);
        await program.DisposeAsync();
        await Eventually.TrueAsync(() => bench.Measure().GetValueOrDefault($"connections{{{listen},timeout}}") == 1);
    }

    [Fact]
    public async Task Connect_ProgramLeavesWithoutARequest_GetsNoAnswer()
    {
        using var bench = new BridgeBench(dialer: new FailingDialer(to => DialException.TimedOut(to, TimeSpan.FromSeconds(5))));
        var listen = BridgeBench.TcpAddress();
        await using var bridges = new ParentBridges(bench.Context(
            new InsideOptions { Connect = new InsideConnectOptions { Listen = listen, To = Parent } }));
        bridges.Open();
        await using var program = BridgeBench.Connect(listen);

        program.ShutdownSend();

        Assert.Empty((await program.ReadTextToEndAsync()).Text);
        await Eventually.TrueAsync(() => bridges.Connections == 0);
    }

    [Fact]
    public async Task Forward_ParentIsDown_ClosesAndSaysWhatToDo()
    {
        var (listen, to) = (BridgeBench.TcpAddress(), EnclaveEndpoint.Unix(_bench.Path("parent")));
        await using var bridges = new ParentBridges(_bench.Context(
            new InsideOptions { Forwards = [new InsideForwardOptions { Listen = listen, To = to }] }));
        bridges.Open();
        await using var program = BridgeBench.Connect(listen);

        Assert.Empty((await program.ReadTextToEndAsync()).Text);

        await _bench.Log.WaitForAsync(entry => entry.Message.Contains(
            $"{listen}, to {to} was closed (ENOENT): there is no such socket file. Does parent-proxy run on the parent",
            StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stop_TimeIsOver_CutsWhatIsLeftAndClosesTheAddress()
    {
        await using var proxy = PassthroughExtensions.Echo();
        var listen = BridgeBench.TcpAddress();
        await using var bridges = new ParentBridges(_bench.Context(
            new InsideOptions { Connect = new InsideConnectOptions { Listen = listen, To = BridgeBench.EndpointOf(proxy) } }));
        bridges.Open();
        await using var program = BridgeBench.Connect(listen);
        Assert.Equal("a", await program.AskAsync("a"));
        using var cut = new CancellationTokenSource();

        var stopping = bridges.StopAsync(cut.Token);
        await Eventually.TrueAsync(() => !bridges.IsOpen);
        Assert.Equal("b", await program.AskAsync("b"));
        Assert.Throws<SocketException>(() => BridgeBench.Connect(listen));
        await cut.CancelAsync();

        await stopping.WaitAsync(TestDeadline.Value);
        Assert.Empty((await program.ReadTextToEndAsync()).Text);
        Assert.Equal(0, bridges.Connections);
    }

    [Fact]
    public void Names_EachHasOneAddress()
    {
        var hosts = Enumerable.Range(0, 600)
            .SelectMany(i => new[] { $"h{i}.example:443", $"h{i}.example:80" })
            .Append("H0.EXAMPLE.:8080")
            .Select(text => Destination.TryParse(text, null, out var host, out var reason) ? host : throw new FormatException(reason));

        var names = TransparentNames.Assign(hosts);

        Assert.Equal(600, names.Count);
        Assert.Equal(600, names.Select(name => name.Address).Distinct().Count());
        Assert.Equal(("h0.example", IPAddress.Parse("127.0.1.1")), names[0]);
        Assert.Equal(("h253.example", IPAddress.Parse("127.0.1.254")), names[253]);
        Assert.Equal(("h254.example", IPAddress.Parse("127.0.2.1")), names[254]);
    }
}
