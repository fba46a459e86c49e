using System.Net.Sockets;
using System.Text;
using ParentProxy.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Simulator;

public sealed class ListeningTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task TwoEnclaves_SideBySide_AreTwo()
    {
        await using var blue = await EnclaveFixture.StartAsync(new SimulatorOptions { Listen = "tcp://127.0.0.1:0", Name = "blue" });
        await using var green = await EnclaveFixture.StartAsync(new SimulatorOptions { Listen = "tcp://[::1]:0", Name = "green" });

        blue.Enclave.Healthy = false;
        using var fromBlue = await blue.Http.GetAsync("/echo");
        using var fromGreen = await green.Http.GetAsync("/health");

        Assert.NotEqual(blue.Enclave.EndPoint, green.Enclave.EndPoint);
        Assert.Equal("blue", fromBlue.Headers.GetValues("X-Enclave").Single());
        Assert.Equal("green", fromGreen.Headers.GetValues("X-Enclave").Single());
        Assert.True(fromGreen.IsSuccessStatusCode);
        Assert.Equal((1, 0), (blue.Enclave.Requests, green.Enclave.Requests));
    }

    [Theory]
    [InlineData("unix:{0}", false)]
    [InlineData("unix:{0}", true)]
    [InlineData("hybrid:{0}:4294967295", false)]
    [InlineData("hybrid:{0}:6300", true)]
    public async Task SocketFile_ServesAndIsRemovedAtStop(string uri, bool http2)
    {
        var path = _directory.File("e.sock");
        var listen = string.Format(null, uri, path);
        await using var fixture = await EnclaveFixture.StartAsync(new SimulatorOptions { Listen = listen, Http2 = http2 });

        Assert.Equal(listen, fixture.Enclave.EndPoint);
        Assert.Equal("hello", await (await fixture.Http.PostAsync("/echo/body", new StringContent("hello"))).Content.ReadAsStringAsync());
        Assert.True(Path.Exists(path));
        await fixture.Enclave.StopAsync();

        Assert.False(Path.Exists(path));
    }

    [Theory]
    [InlineData("CONNECT 6301\n")]
    [InlineData("CONNECT +6300\n")]
    [InlineData("CONNECT 6300\r\n")]
    [InlineData("CONNECT  6300\n")]
    [InlineData("connect 6300\n")]
    [InlineData("CONNECT 4294973596\n")]
    [InlineData("CONNECT \n")]
    [InlineData("CONNECT 00000000000000000006300\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: e\r\n\r\n")]
    public async Task Hybrid_AnotherPortOrNonsense_ClosesWithoutAnAnswer(string line)
    {
        await using var fixture =
            await EnclaveFixture.StartAsync(new SimulatorOptions { Listen = $"hybrid:{_directory.File("v.sock")}:6300" });

        var (received, _) = await EnclaveClient.ExchangeAsync("unix:" + _directory.File("v.sock"), line);

        Assert.Empty(received);
        Assert.Equal(0, fixture.Enclave.Requests);
    }

    [Fact]
    public async Task Hybrid_RequestRightBehindTheLine_IsServed()
    {
        await using var fixture =
            await EnclaveFixture.StartAsync(new SimulatorOptions { Listen = $"hybrid:{_directory.File("v.sock")}:6300" });

        var (received, _) = await EnclaveClient.ExchangeAsync(
            "unix:" + _directory.File("v.sock"), "CONNECT 6300\nGET /echo HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n");

        Assert.Matches("^OK [0-9]+\nHTTP/1.1 200 OK\r\n", Encoding.Latin1.GetString(received));
    }

    [Fact]
    public async Task Hybrid_LineInPieces_IsUnderstood()
    {
        await using var fixture =
            await EnclaveFixture.StartAsync(new SimulatorOptions { Listen = $"hybrid:{_directory.File("v.sock")}:6300" });
        using var deadline = new CancellationTokenSource(TestDeadline.Value);
        await using var stream = await EnclaveClient.ConnectAsync("unix:" + _directory.File("v.sock"), deadline.Token);

        foreach (var piece in "CONNECT 6300\n")
            await stream.WriteAsync(new[] { (byte)piece }, deadline.Token);
        var answer = new byte[3];
        await stream.ReadExactlyAsync(answer, deadline.Token);

        Assert.Equal("OK ", Encoding.ASCII.GetString(answer));
    }

    [Fact]
    public async Task Hybrid_StopDuringTheHandshake_DoesNotWaitForIt()
    {
        var time = new ManualTimeProvider();
        await using var fixture = await EnclaveFixture.StartAsync(
            new SimulatorOptions { Listen = $"hybrid:{_directory.File("v.sock")}:6300", TimeProvider = time });
        using var deadline = new CancellationTokenSource(TestDeadline.Value);
        await using var stream = await EnclaveClient.ConnectAsync("unix:" + _directory.File("v.sock"), deadline.Token);
        await time.WaitForTimerAsync(TimeSpan.FromSeconds(30));

        await fixture.Enclave.StopAsync(deadline.Token);

        Assert.Empty((await EnclaveClient.ReadToEndAsync(stream, deadline.Token)).Received);
    }

    [Fact]
    public async Task Hybrid_SilentPeer_IsClosedAfterAWhile()
    {
        var time = new ManualTimeProvider();
        await using var fixture = await EnclaveFixture.StartAsync(
            new SimulatorOptions { Listen = $"hybrid:{_directory.File("v.sock")}:6300", TimeProvider = time });
        using var deadline = new CancellationTokenSource(TestDeadline.Value);
        await using var stream = await EnclaveClient.ConnectAsync("unix:" + _directory.File("v.sock"), deadline.Token);

        await time.WaitForTimerAsync(TimeSpan.FromSeconds(30));
        time.Advance(TimeSpan.FromSeconds(30));

        Assert.Empty((await EnclaveClient.ReadToEndAsync(stream, deadline.Token)).Received);
    }

    [Fact]
    public async Task SocketFile_OfAProcessThatIsGone_IsReplaced()
    {
        var path = _directory.File("e.sock");
        MakeStaleSocket(path);

        await using var fixture = await EnclaveFixture.StartAsync(new SimulatorOptions { Listen = "unix:" + path });

        using var response = await fixture.Http.GetAsync("/health");
        Assert.True(response.IsSuccessStatusCode);
    }

    [Fact]
    public async Task SocketFile_WithAListener_IsLeftAlone()
    {
        var listen = "unix:" + _directory.File("e.sock");
        await using var first = await EnclaveFixture.StartAsync(new SimulatorOptions { Listen = listen });

        await Assert.ThrowsAsync<IOException>(() => SimulatedEnclave.StartAsync(new SimulatorOptions { Listen = listen }));

        using var response = await first.Http.GetAsync("/health");
        Assert.True(response.IsSuccessStatusCode);
    }

    [Fact]
    public async Task SocketFile_ThatIsNoSocket_IsLeftAlone()
    {
        var path = _directory.File("precious");
        await File.WriteAllTextAsync(path, "data");

        await Assert.ThrowsAsync<IOException>(() => SimulatedEnclave.StartAsync(new SimulatorOptions { Listen = "unix:" + path }));

        Assert.Equal("data", await File.ReadAllTextAsync(path));
    }

    [Fact]
    public async Task Start_PortInUse_ThrowsIOException()
    {
        await using var first = await EnclaveFixture.StartAsync();

        await Assert.ThrowsAnyAsync<IOException>(
            () => SimulatedEnclave.StartAsync(new SimulatorOptions { Listen = first.Enclave.EndPoint }));
    }

    [Fact]
    public async Task Stop_WithCancelledToken_CutsWhatRuns()
    {
        await using var fixture = await EnclaveFixture.StartAsync();
        await using var stream = await EnclaveClient.ConnectAsync(fixture.Enclave.EndPoint);
        // Nobody reads: this answer would never end by itself.
        await stream.WriteAsync("GET /bytes/9000000000 HTTP/1.1\r\nHost: e\r\n\r\n"u8.ToArray());
        await stream.ReadExactlyAsync(new byte[1]);

        await fixture.Enclave.StopAsync(new CancellationToken(canceled: true)).WaitAsync(TestDeadline.Value);

        using var deadline = new CancellationTokenSource(TestDeadline.Value);
        Assert.True((await EnclaveClient.ReadToEndAsync(stream, deadline.Token)).Received.Length < 1_000_000_000);
    }

    [Theory]
    [InlineData("")]
    [InlineData("http://127.0.0.1:80")]
    [InlineData("tcp://127.0.0.1")]
    [InlineData("tcp://127.0.0.1:")]
    [InlineData("tcp://127.0.0.1:65536")]
    [InlineData("tcp://::1:80")]
    [InlineData("tcp://example.org:80")]
    [InlineData("vsock://3")]
    [InlineData("vsock://x:6300")]
    [InlineData("vsock://3:4294967296")]
    [InlineData("unix:relative")]
    [InlineData("unix:/")]
    [InlineData("hybrid:/v.sock")]
    [InlineData("hybrid:/v.sock:-1")]
    [InlineData("hybrid:/v.sock:4294967296")]
    public async Task Start_WrongUri_ThrowsNamingIt(string uri)
    {
        var e = await Assert.ThrowsAsync<ArgumentException>(() => SimulatedEnclave.StartAsync(new SimulatorOptions { Listen = uri }));

        Assert.Contains($"'{uri}'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WrongOptions_ThrowsNamingAll()
    {
        var options = new SimulatorOptions
        {
            Listen = "x",
            Name = "two words",
            Latency = TimeSpan.FromSeconds(-1),
            FailureRate = double.NaN,
        };

        var e = await Assert.ThrowsAsync<ArgumentException>(() => SimulatedEnclave.StartAsync(options));

        foreach (var part in new[] { "listen 'x'", "name 'two words'", "latency -1000", "failure rate NaN" })
            Assert.Contains(part, e.Message, StringComparison.Ordinal);
    }

    // As a killed process leaves it: renamed, so that the runtime does not find what it would remove.
    private static void MakeStaleSocket(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path + ".tmp"));
        File.Move(path + ".tmp", path);
    }
}
