using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using ParentProxy.Configuration;
using ParentProxy.Inside.Bridges;
using ParentProxy.ProxyProtocol;
using ParentProxy.Sockets;
using ParentProxy.Tests.Passthrough;
using ParentProxy.Tests.ProxyProtocol;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Inside.Bridges;

/// <summary>PROXY headers of the parent's connections, in and out.</summary>
public sealed class IngressProxyProtocolTests : IDisposable
{
    private const string V1 = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n";

    private readonly BridgeBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("None", V1 + "hello", V1 + "hello")]
    [InlineData("Optional", V1 + "hello", "hello")]
    [InlineData("Optional", V1, "")]
    [InlineData("Optional", "hello", "hello")]
    [InlineData("Required", V1 + "hello", "hello")]
    public async Task Accept_WhatMayCome_IsCarriedWithoutItsHeader(string accept, string said, string forwarded)
    {
        var (received, application) = Listening();
        await using var server = application;
        await using var bridges = Bridges(application, new ProxyProtocolOptions { Accept = Enum.Parse<ProxyProtocolAccept>(accept) });
        bridges.Open();

        await using var parent = BridgeBench.Connect(_bench.Address("in"));
        await parent.SendAsync(said);
        parent.ShutdownSend();

        Assert.Equal(forwarded, await received.ReadAsync().AsTask().WaitAsync(TestDeadline.Value));
        Assert.Equal(("heard", false), await parent.ReadTextToEndAsync());
    }

    [Theory]
    [InlineData("Optional", "PROXY me\r\nhello", "its PROXY header is malformed: ")]
    [InlineData("Optional", "PROXY TCP4 192.0", "it ended within its PROXY header.")]
    [InlineData("Required", "hello", "it does not begin with a PROXY header, which ProxyProtocol:Accept requires.")]
    [InlineData("Required", "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\nhello", "a bare LF in the line of version 1.")]
    public async Task Accept_WhatMayNotCome_IsClosedAndNothingIsForwarded(string accept, string said, string reason)
    {
        await using var application = PassthroughExtensions.Echo();
        await using var bridges = Bridges(application, new ProxyProtocolOptions { Accept = Enum.Parse<ProxyProtocolAccept>(accept) });
        bridges.Open();

        await using var parent = BridgeBench.Connect(_bench.Address("in"));
        await parent.SendAsync(said);
        parent.ShutdownSend();

        Assert.Empty((await parent.ReadTextToEndAsync()).Text);
        var line = await _bench.Log.WaitForAsync(
            entry => entry.Message.Contains("was closed (proxy_protocol): ", StringComparison.Ordinal));
        Assert.Contains(reason, line.Message, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => bridges.Connections == 0);
        Assert.Equal(0, application.Accepted);
        Assert.Equal(1, _bench.Measure()[$"connections{{{_bench.Address("in")},header}}"]);
    }

    [Fact]
    public async Task Accept_EndBeforeAnything_IsNoNews()
    {
        await using var application = PassthroughExtensions.Echo();
        await using var bridges = Bridges(application, new ProxyProtocolOptions { Accept = ProxyProtocolAccept.Required });
        bridges.Open();

        await using (var parent = BridgeBench.Connect(_bench.Address("in")))
            parent.ShutdownSend();

        await Eventually.TrueAsync(
            () => _bench.Measure().GetValueOrDefault($"connections{{{_bench.Address("in")},left}}") == 1);
        Assert.Empty(_bench.Log.AtLeast(Microsoft.Extensions.Logging.LogLevel.Warning));
        Assert.Equal(0, application.Accepted);
    }

    [Theory]
    [InlineData("Optional", "", true)]
    [InlineData("Optional", "PRO", false)]
    [InlineData("Required", "", false)]
    public async Task Accept_HeaderIsLate_IsClosedUnlessNoneHasToCome(string accept, string said, bool isCarried)
    {
        var time = new ManualTimeProvider();
        using var bench = new BridgeBench(time);
        await using var application = ScriptedEnclave.Start(connection => connection.SendAsync("220 welcome"));
        var options = new InsideOptions
        {
            Ingress =
            [
                new InsideIngressOptions
                {
                    Listen = bench.Address("in"),
                    To = BridgeBench.EndpointOf(application),
                    ProxyProtocol = new ProxyProtocolOptions { Accept = Enum.Parse<ProxyProtocolAccept>(accept) },
                },
            ],
        };
        await using var bridges = new IngressBridges(bench.Context(options));
        bridges.Open();
        await using var parent = BridgeBench.Connect(bench.Address("in"));
        await parent.SendAsync(said);
        await time.WaitForTimerAsync(options.ConnectTimeout);

        // What was sent is read in the same turn, or once the kernel has told of it, in the next.
        for (var turn = 0; turn < 3; turn++)
            await EventLoop.TurnAllAsync().WaitAsync(TestDeadline.Value);
        time.Advance(options.ConnectTimeout);

        Assert.Equal(isCarried ? "220 welcome" : "", (await parent.ReadTextToEndAsync()).Text);
        Assert.Equal(isCarried ? 1 : 0, application.Accepted);
        if (!isCarried)
        {
            await bench.Log.WaitForAsync(entry => entry.Message.Contains(
                $"did not come within Enclave:ConnectTimeout; {said.Length} bytes did.", StringComparison.Ordinal));
        }
    }

    /// <summary>The application is told of the same client, and the checksum is that of what it gets.</summary>
    [Fact]
    public async Task Send_WhatAHeaderTold_IsPassedOnWithItsTlvs()
    {
        var (received, application) = Listening();
        await using var server = application;
        await using var bridges = Bridges(
            application, new ProxyProtocolOptions { Accept = ProxyProtocolAccept.Required, Send = ProxyProtocolSend.V2 });
        bridges.Open();
        var said = HeaderBytes.Binary(0x21, 0x11, $"{HeaderBytes.TcpOverIPv4}030004{new string('0', 8)}e10002abcd");
        HeaderChecksum.Write(said, said.Length - 9);

        await using var parent = BridgeBench.Connect(_bench.Address("in"));
        await parent.SendAsync((byte[])[.. said, .. "hello"u8]);
        parent.ShutdownSend();

        var text = await received.ReadAsync().AsTask().WaitAsync(TestDeadline.Value);
        Assert.Equal([.. said, .. "hello"u8], HeaderBytes.Text(text));
    }

    [Fact]
    public async Task Send_WithoutAHeader_OnAUnixSocket_TellsOfNobody()
    {
        foreach (var (send, told) in new[]
        {
            (ProxyProtocolSend.V1, HeaderBytes.Text("PROXY UNKNOWN\r\n")),
            (ProxyProtocolSend.V2, HeaderBytes.Binary(0x20, 0x00, "")),
        })
        {
            var (received, application) = Listening();
            await using var server = application;
            await using var bridges = Bridges(application, new ProxyProtocolOptions { Send = send });
            bridges.Open();

            await using var parent = BridgeBench.Connect(_bench.Address("in"));
            await parent.SendAsync("hello");
            parent.ShutdownSend();

            var text = await received.ReadAsync().AsTask().WaitAsync(TestDeadline.Value);
            Assert.Equal([.. told, .. "hello"u8], HeaderBytes.Text(text));
        }
    }

    /// <summary>An application whose client waits for it to speak first has to get the header all the same.</summary>
    [Fact]
    public async Task Send_ParentSaysNothing_TheApplicationGetsTheHeader()
    {
        var applications = Channel.CreateUnbounded<WireConnection>();
        await using var application = PassthroughExtensions.Handing(connection => applications.Writer.TryWrite(connection));
        await using var bridges = Bridges(application, new ProxyProtocolOptions { Send = ProxyProtocolSend.V1 });
        bridges.Open();
        await using var parent = BridgeBench.Connect(_bench.Address("in"));

        Assert.Equal("PROXY UNKNOWN", await (await applications.Reader.ReadAsync()).ReadLineAsync());
    }

    [Fact]
    public async Task Tcp_AddressesAreToldAndStrangersAreNotBelieved()
    {
        var (received, application) = Listening();
        await using var server = application;
        var listen = BridgeBench.TcpAddress();
        await using var bridges = Bridges(
            application,
            new ProxyProtocolOptions
            {
                Accept = ProxyProtocolAccept.Optional,
                Send = ProxyProtocolSend.V1,
                TrustedSources = [IPNetwork.Parse("10.0.0.0/8")],
            },
            listen);
        bridges.Open();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(listen.EndPoint);
        var own = ((IPEndPoint)socket.LocalEndPoint!).Port;
        await using var parent = new WireConnection(socket);
        await parent.SendAsync(V1 + "hello");
        parent.ShutdownSend();

        Assert.Equal(
            $"PROXY TCP4 127.0.0.1 127.0.0.1 {own} {((IPEndPoint)listen.EndPoint).Port}\r\n{V1}hello",
            await received.ReadAsync().AsTask().WaitAsync(TestDeadline.Value));
    }

    [Fact]
    public async Task Tcp_StrangerWhereAHeaderIsRequired_IsClosed()
    {
        await using var application = PassthroughExtensions.Echo();
        var listen = BridgeBench.TcpAddress();
        await using var bridges = Bridges(
            application,
            new ProxyProtocolOptions { Accept = ProxyProtocolAccept.Required, TrustedSources = [IPNetwork.Parse("10.0.0.0/8")] },
            listen);
        bridges.Open();
        await using var parent = BridgeBench.Connect(listen);

        Assert.Empty((await parent.ReadTextToEndAsync()).Text);

        await _bench.Log.WaitForAsync(entry => entry.Message.Contains("none of ProxyProtocol:TrustedSources", StringComparison.Ordinal));
        Assert.Equal(0, application.Accepted);
    }

    private static (ChannelReader<string> Received, ScriptedEnclave Application) Listening()
    {
        var received = Channel.CreateUnbounded<string>();
        return (received.Reader, ScriptedEnclave.Start(async connection =>
        {
            received.Writer.TryWrite((await connection.ReadTextToEndAsync()).Text);
            await connection.SendAsync("heard");
        }));
    }

    private IngressBridges Bridges(ScriptedEnclave application, ProxyProtocolOptions proxy, InsideAddress? listen = null) => new(
        _bench.Context(new InsideOptions
        {
            Ingress =
            [
                new InsideIngressOptions
                {
                    Listen = listen ?? _bench.Address("in"),
                    To = BridgeBench.EndpointOf(application),
                    ProxyProtocol = proxy,
                },
            ],
        }));
}
