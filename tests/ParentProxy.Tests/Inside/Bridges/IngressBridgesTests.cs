using System.Net.Sockets;
using System.Security.Cryptography;
using System.Threading.Channels;
using ParentProxy.Configuration;
using ParentProxy.Endpoints;
using ParentProxy.Inside.Bridges;
using ParentProxy.Sockets;
using ParentProxy.Tests.Passthrough;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Inside.Bridges;

/// <summary>The parent's connections to the application.</summary>
public sealed class IngressBridgesTests : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);

    private readonly ManualTimeProvider _time = new();
    private readonly BridgeBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("unix", "tcp")]
    [InlineData("unix", "unix")]
    [InlineData("tcp", "tcp")]
    public async Task Carry_MuchInBothDirections_ArrivesWholeAndIsCounted(string front, string back)
    {
        const int Bytes = 64 << 20;
        var (there, answer) = (RandomNumberGenerator.GetBytes(Bytes), RandomNumberGenerator.GetBytes(Bytes));
        var received = new TaskCompletionSource<byte[]>();
        await using var application = ScriptedEnclave.Start(
            async connection =>
            {
                var sending = connection.SendAsync(answer);
                received.SetResult((await connection.ReadToEndAsync()).Received);
                await sending;
                connection.ShutdownSend();
            },
            back == "unix" ? _bench.EndPoint("app") : null);
        var listen = front == "unix" ? _bench.Address("in") : BridgeBench.TcpAddress();
        await using var bridges = Bridges(application, listen);
        bridges.Open();
        long openWhenSaid = -1;
        _bench.Log.WhenWritten = entry =>
        {
            if (entry.Message.Contains(" is over after ", StringComparison.Ordinal))
                openWhenSaid = _bench.Measure()[$"connections.open{{{listen}}}"];
        };
        await using var parent = BridgeBench.Connect(listen);

        var sending = parent.SendAsync(there);
        var reading = parent.ReadToEndAsync();
        await sending;
        parent.ShutdownSend();
        var (got, reset) = await reading;

        Assert.False(reset);
        Assert.Equal(SHA256.HashData(answer), SHA256.HashData(got));
        Assert.Equal(SHA256.HashData(there), SHA256.HashData(await received.Task));
        await Eventually.TrueAsync(() => bridges.Connections == 0);
        var measured = _bench.Measure();
        Assert.Equal(
            (Bytes, Bytes, 1, 0),
            (measured[$"bytes{{{listen},in}}"], measured[$"bytes{{{listen},out}}"],
                measured[$"connections{{{listen},ok}}"], measured[$"connections.open{{{listen}}}"]));
        Assert.Equal(0, openWhenSaid);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Carry_OneEndsItsDirection_TheOtherIsStillHeard(bool parentEndsFirst)
    {
        var applications = Channel.CreateUnbounded<WireConnection>();
        await using var application = PassthroughExtensions.Handing(connection => applications.Writer.TryWrite(connection));
        await using var bridges = Bridges(application);
        bridges.Open();
        await using var parent = BridgeBench.Connect(_bench.Address("in"));
        var inside = await applications.Reader.ReadAsync();
        var (first, second) = parentEndsFirst ? (parent, inside) : (inside, parent);

        await first.SendAsync("all of it");
        first.ShutdownSend();
        Assert.Equal(("all of it", false), await second.ReadTextToEndAsync());
        await second.SendAsync("an answer");
        second.ShutdownSend();

        Assert.Equal(("an answer", false), await first.ReadTextToEndAsync());
        await Eventually.TrueAsync(() => bridges.Connections == 0);
    }

    [Fact]
    public async Task Carry_AThousandAtOnce_AllAreServed()
    {
        const int Count = 1000;
        await using var application = PassthroughExtensions.Echo(endPoint: _bench.EndPoint("app"));
        await using var bridges = Bridges(application);
        bridges.Open();

        var parents = await Task.WhenAll(Enumerable.Range(0, Count).Select(async i =>
        {
            var parent = BridgeBench.Connect(_bench.Address("in"));
            Assert.Equal($"{i}", await parent.AskAsync($"{i}"));
            return parent;
        }));
        Assert.Equal(Count, bridges.Connections);
        for (var i = 0; i < Count; i++)
            Assert.Equal($"again {i}", await parents[i].AskAsync($"again {i}"));
        foreach (var parent in parents)
            await parent.DisposeAsync();

        await Eventually.TrueAsync(() => bridges.Connections == 0);
        Assert.Equal(Count, _bench.Measure()[$"connections{{{_bench.Address("in")},ok}}"]);
    }

    [Theory]
    [InlineData("unix")]
    [InlineData("tcp")]
    public async Task Close_AndOpenAgain_RefusesInBetweenAndWhatWasOpenGoesOn(string kind)
    {
        var listen = kind == "unix" ? _bench.Address("in") : BridgeBench.TcpAddress();
        await using var application = PassthroughExtensions.Echo();
        await using var bridges = Bridges(application, listen);
        bridges.Open();
        await using var first = BridgeBench.Connect(listen);
        Assert.Equal("a", await first.AskAsync("a"));

        for (var i = 0; i < 20; i++)
        {
            await bridges.CloseAsync();
            Assert.False(bridges.IsOpen);
            Assert.Throws<SocketException>(() => BridgeBench.Connect(listen));
            Assert.Equal("b", await first.AskAsync("b"));
            Assert.Equal(1, bridges.Connections);

            bridges.Open();
            Assert.True(bridges.IsOpen);
            await using var next = BridgeBench.Connect(listen);
            Assert.Equal("c", await next.AskAsync("c"));
            Assert.Equal(2, bridges.Connections);
            await next.DisposeAsync();
            await Eventually.TrueAsync(() => bridges.Connections == 1);
        }
    }

    /// <summary>On TCP it takes a moment, in which nobody must open the address anew.</summary>
    [Fact]
    public async Task Close_Twice_BothWaitUntilItIsClosed()
    {
        var listen = BridgeBench.TcpAddress();
        await using var application = PassthroughExtensions.Echo();
        await using var bridges = Bridges(application, listen);
        bridges.Open();

        var first = bridges.CloseAsync();
        await bridges.CloseAsync();

        Assert.True(first.IsCompleted);
        bridges.Open();
        await using var parent = BridgeBench.Connect(listen);
        Assert.Equal("a", await parent.AskAsync("a"));
    }

    [Fact]
    public async Task Open_Twice_IsOpenOnce()
    {
        await using var application = PassthroughExtensions.Echo();
        await using var bridges = Bridges(application);

        bridges.Open();
        bridges.Open();

        await using var parent = BridgeBench.Connect(_bench.Address("in"));
        Assert.Equal("a", await parent.AskAsync("a"));
        Assert.Single(_bench.Log.Entries, entry => entry.Message.StartsWith("Listening on ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Open_OneAddressIsTaken_NamesItAndOpensNone()
    {
        using var taken = new FreePort();
        var (free, other) = (_bench.Address("in"), InsideAddress.Parse($"{taken.EndPoint}").Value!);
        var to = EnclaveEndpoint.Unix(_bench.Path("app"));
        await using var bridges = new IngressBridges(_bench.Context(new InsideOptions
        {
            Ingress = [new InsideIngressOptions { Listen = free, To = to }, new InsideIngressOptions { Listen = other, To = to }],
        }));

        var failure = Assert.Throws<ListenException>(bridges.Open);

        Assert.Contains($"cannot listen on {other} (Enclave:Ingress): EADDRINUSE", failure.Message, StringComparison.Ordinal);
        Assert.False(bridges.IsOpen);
        Assert.Throws<SocketException>(() => BridgeBench.Connect(free));
        taken.Dispose();
        bridges.Open();
        Assert.True(bridges.IsOpen);
    }

    [Theory]
    [InlineData("tcp", "ECONNREFUSED", "nobody listens on this port. Start the application")]
    [InlineData("unix", "ENOENT", "there is no such socket file. Start the program that serves it")]
    public async Task Application_IsDown_ClosesAtOnceAndSaysSoOnce(string kind, string code, string reason)
    {
        using var port = new ClosedPort();
        var to = kind == "tcp" ? InsideTarget.Parse(port.EndPoint).Value! : EnclaveEndpoint.Unix(_bench.Path("app"));
        await using var bridges = Bridges(to, _bench.Address("in"));
        bridges.Open();

        for (var i = 0; i < 20; i++)
        {
            await using var parent = BridgeBench.Connect(_bench.Address("in"));
            Assert.Empty((await parent.ReadTextToEndAsync()).Text);
        }

        await Eventually.TrueAsync(() => bridges.Connections == 0);
        Assert.Equal(20, _bench.Measure()[$"connections{{{_bench.Address("in")},refused}}"]);
        var line = Assert.Single(_bench.Log.AtLeast(Microsoft.Extensions.Logging.LogLevel.Warning));
        Assert.Contains(
            $"A connection on {_bench.Address("in")}, to {to} was closed ({code}): {reason}", line.Message, StringComparison.Ordinal);
    }

    /// <summary>The kernel says that the queue is full, and somebody is there who will empty it.</summary>
    [Fact]
    public async Task Application_HasAFullQueue_IsWaitedFor()
    {
        using var application = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        application.Bind(_bench.EndPoint("app"));
        application.Listen(1);
        await using var bridges = Bridges(EnclaveEndpoint.Unix(_bench.Path("app")), _bench.Address("in"));
        bridges.Open();
        var parents = Enumerable.Range(0, 20).Select(_ => BridgeBench.Connect(_bench.Address("in"))).ToList();
        await Eventually.TrueAsync(() => bridges.Connections == parents.Count);

        for (var i = 0; i < parents.Count; i++)
        {
            using var accepted = await application.AcceptAsync();
            await accepted.SendAsync("x"u8.ToArray());
        }

        foreach (var parent in parents)
        {
            Assert.Equal("x", (await parent.ReadTextToEndAsync()).Text);
            await parent.DisposeAsync();
        }
    }

    [Fact]
    public async Task Reset_OfEitherSide_IsAResetOfTheOther()
    {
        var listen = BridgeBench.TcpAddress();
        var applications = Channel.CreateUnbounded<WireConnection>();
        await using var application = PassthroughExtensions.Handing(connection => applications.Writer.TryWrite(connection));
        await using var bridges = Bridges(application, listen);
        bridges.Open();
        for (var i = 0; i < 2; i++)
        {
            await using var parent = BridgeBench.Connect(listen);
            await parent.SendAsync("x\n");
            var inside = await applications.Reader.ReadAsync();
            await inside.ReadLineAsync();

            (i == 0 ? parent : inside).Reset();

            await (i == 0 ? inside : parent).AssertResetAsync();
        }

        await Eventually.TrueAsync(() => bridges.Connections == 0);
        Assert.Equal(2, _bench.Measure()[$"connections{{{listen},reset}}"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TimeOut_NothingMoves_EndsBoth(bool isHalfClosed)
    {
        using var bench = new BridgeBench(_time);
        var applications = Channel.CreateUnbounded<WireConnection>();
        await using var application = PassthroughExtensions.Handing(connection => applications.Writer.TryWrite(connection));
        var options = new InsideOptions
        {
            Ingress = [new InsideIngressOptions { Listen = bench.Address("in"), To = BridgeBench.EndpointOf(application) }],
            IdleTimeout = TimeSpan.FromHours(1),
            HalfCloseTimeout = TimeSpan.FromMinutes(5),
        };
        await using var bridges = new IngressBridges(bench.Context(options));
        bridges.Open();
        await using var parent = BridgeBench.Connect(bench.Address("in"));
        await parent.SendAsync("x\n");
        var inside = await applications.Reader.ReadAsync();
        Assert.Equal("x", await inside.ReadLineAsync());
        if (isHalfClosed)
        {
            parent.ShutdownSend();
            Assert.Empty((await inside.ReadTextToEndAsync()).Text);
        }

        var timeout = isHalfClosed ? options.HalfCloseTimeout : options.IdleTimeout;
        await _time.WaitForTimerAsync(Tick);
        _time.Advance(timeout - TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, bridges.Connections);
        await _time.WaitForTimerAsync(Tick);
        _time.Advance(Tick);

        Assert.Equal(("", false), await parent.ReadTextToEndAsync());
        await Eventually.TrueAsync(() => bridges.Connections == 0);
        Assert.Equal(1, bench.Measure()[$"connections{{{bench.Address("in")},idle}}"]);
    }

    [Fact]
    public async Task MaxConnections_Reached_ClosesTheNextAtOnce()
    {
        await using var application = PassthroughExtensions.Echo();
        await using var bridges = new IngressBridges(_bench.Context(new InsideOptions
        {
            Ingress = [new InsideIngressOptions { Listen = _bench.Address("in"), To = BridgeBench.EndpointOf(application) }],
            MaxConnections = 2,
        }));
        bridges.Open();
        await using var one = BridgeBench.Connect(_bench.Address("in"));
        await using (var two = BridgeBench.Connect(_bench.Address("in")))
        {
            Assert.Equal("a", await one.AskAsync("a"));
            Assert.Equal("b", await two.AskAsync("b"));

            await using var three = BridgeBench.Connect(_bench.Address("in"));
            Assert.Empty((await three.ReadTextToEndAsync()).Text);
        }

        await Eventually.TrueAsync(() => bridges.Connections == 1);
        await using var four = BridgeBench.Connect(_bench.Address("in"));
        Assert.Equal("c", await four.AskAsync("c"));
        Assert.Equal(1, _bench.Measure()[$"connections{{{_bench.Address("in")},limit}}"]);
        await _bench.Log.WaitForAsync(entry => entry.Message.Contains("which is Enclave:MaxConnections", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stop_ConnectionsEnd_WaitsForThemAndCutsNone()
    {
        await using var application = PassthroughExtensions.Echo();
        await using var bridges = Bridges(application);
        bridges.Open();
        await using var old = BridgeBench.Connect(_bench.Address("in"));
        Assert.Equal("a", await old.AskAsync("a"));
        await bridges.CloseAsync();
        bridges.Open();
        await using var parent = BridgeBench.Connect(_bench.Address("in"));
        Assert.Equal("b", await parent.AskAsync("b"));

        var stopping = bridges.StopAsync(CancellationToken.None);

        Assert.Equal(("a", "b"), (await old.AskAsync("a"), await parent.AskAsync("b")));
        Assert.False(stopping.IsCompleted);
        parent.ShutdownSend();
        Assert.Equal(("", false), await parent.ReadTextToEndAsync());
        Assert.False(stopping.IsCompleted);
        old.ShutdownSend();
        Assert.Equal(("", false), await old.ReadTextToEndAsync());
        await stopping.WaitAsync(TestDeadline.Value);
    }

    [Fact]
    public async Task Stop_TimeIsOver_CutsWhatIsLeft()
    {
        await using var application = PassthroughExtensions.Echo();
        await using var bridges = Bridges(application);
        bridges.Open();
        await using var old = BridgeBench.Connect(_bench.Address("in"));
        Assert.Equal("a", await old.AskAsync("a"));
        await bridges.CloseAsync();
        bridges.Open();
        await using var parent = BridgeBench.Connect(_bench.Address("in"));
        Assert.Equal("a", await parent.AskAsync("a"));
        using var cut = new CancellationTokenSource();

        var stopping = bridges.StopAsync(cut.Token);
        await cut.CancelAsync();

        await stopping.WaitAsync(TestDeadline.Value);
        Assert.Empty((await old.ReadTextToEndAsync()).Text);
        Assert.Empty((await parent.ReadTextToEndAsync()).Text);
        Assert.Equal(2, _bench.Measure()[$"connections{{{_bench.Address("in")},cut}}"]);
        Assert.Equal(0, bridges.Connections);
    }

    /// <summary>A dial that waits for a full queue must not hold up the end.</summary>
    [Fact]
    public async Task Stop_WhileItDials_CutsThatToo()
    {
        using var application = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        application.Bind(_bench.EndPoint("app"));
        application.Listen(0);
        await using var bridges = new IngressBridges(_bench.Context(new InsideOptions
        {
            Ingress =
            [
                new InsideIngressOptions { Listen = _bench.Address("in"), To = EnclaveEndpoint.Unix(_bench.Path("app")) },
            ],
            ConnectTimeout = TimeSpan.FromHours(1),
        }));
        bridges.Open();
        var parents = Enumerable.Range(0, 5).Select(_ => BridgeBench.Connect(_bench.Address("in"))).ToList();
        await Eventually.TrueAsync(() => bridges.Connections == parents.Count);

        await bridges.StopAsync(new CancellationToken(canceled: true)).WaitAsync(TestDeadline.Value);

        Assert.Equal(parents.Count, _bench.Measure()[$"connections{{{_bench.Address("in")},cut}}"]);
        foreach (var parent in parents)
            await parent.DisposeAsync();
    }

    private IngressBridges Bridges(ScriptedEnclave application, InsideAddress? listen = null) =>
        Bridges(BridgeBench.EndpointOf(application), listen ?? _bench.Address("in"));

    private IngressBridges Bridges(EnclaveEndpoint to, InsideAddress listen) => new(_bench.Context(
        new InsideOptions { Ingress = [new InsideIngressOptions { Listen = listen, To = to }] }));
}
