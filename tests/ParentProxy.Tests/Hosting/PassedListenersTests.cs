using System.Net;
using System.Net.Sockets;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Hosting;

/// <summary>Ports that stay open from one process to the next: of socket units, and in systemd's store.</summary>
public sealed class PassedListenersTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task SocketUnit_WhoConnectedBeforeTheStart_IsServed_AndThePortStaysOpenAfterTheEnd()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        using var unit = new UnitSocket();
        using var early = new KeepAliveClient(unit.Url);
        await early.ConnectAsync();
        await using var process = Start(Settings.For(enclaves[0].EndPoint), unit, "web.socket");
        await process.ReadyAsync();

        Assert.Equal(200, (await early.GetAsync("/echo")).Status);
        Assert.Equal(unit.Url, process.Url);
        Assert.Equal(0, await process.StopAsync(Signal.Term));
        using var late = new KeepAliveClient(unit.Url);
        await late.ConnectAsync();
        Assert.Contains("the ports stay open for the next process", process.Out.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SocketUnit_WhereNothingOfTheConfigurationListens_IsToldOf()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        using var unit = new UnitSocket();
        await using var process = Start(Settings.For(enclaves[0].EndPoint), unit, "web.socket", "http://127.0.0.1:0");
        await process.ReadyAsync();

        await process.Out.WaitAsync($"The socket unit that passes web.socket listens on {unit.EndPoint}, where this configuration has no");
        Assert.Equal("blue", await process.ServedByAsync());
        Assert.Equal(0, await process.StopAsync(Signal.Term));
    }

    [Fact]
    public async Task SomethingElse_IsToldOf_AndClosed()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        using var datagrams = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        datagrams.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var process = DescriptorStore.StartWith(
            [("dns.socket", (int)datagrams.SafeHandle.DangerousGetHandle())],
            new ProxyStart { Configuration = Settings.For(enclaves[0].EndPoint) },
            Arguments("http://127.0.0.1:0"));
        await process.ReadyAsync();

        await process.Out.WaitAsync("systemd passed dns.socket, which is no socket that listens for streams");
        Assert.Equal("blue", await process.ServedByAsync());
    }

    [Fact]
    public async Task Store_KeepsEveryPort_OfTcpAndUnix_FromOneProcessToTheNext()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        using var store = new DescriptorStore(_directory.File("notify"));
        var web = FreePort.Released();
        var admin = FreePort.Released();
        var raw = _directory.File("raw.sock");
        var settings = Settings.With(
            new { Passthrough = new[] { new { Listen = $"unix:{raw}", To = "enclaves" } } }, enclaves[0].EndPoint);
        string[] arguments =
            [$"--Kestrel:Endpoints:Http:Url=http://127.0.0.1:{web}", $"--Admin:Url=http://127.0.0.1:{admin}"];
        string[] names =
        [
            $"parent-proxy.127.0.0.1_{web}", $"parent-proxy.127.0.0.1_{admin}", $"parent-proxy.{raw}",
        ];
        var start = new ProxyStart { Configuration = settings, Environment = store.Environment };
        Uri url;
        await using (var first = ProxyProcess.Start(start, arguments))
        {
            await first.ReadyAsync();
            url = first.Url;
            Assert.Equal(names.Order(StringComparer.Ordinal), store.Names);
            Assert.Equal("blue", await first.ServedByAsync());
            Assert.Equal(0, await first.StopAsync(Signal.Term));
        }

        // Nobody runs: the kernel has them wait.
        using var waiting = new KeepAliveClient(url);
        await waiting.ConnectAsync();
        using var onFile = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await onFile.ConnectAsync(new UnixDomainSocketEndPoint(raw));

        await using var second = store.StartNext(start, arguments);
        Assert.Equal(200, (await waiting.GetAsync("/echo")).Status);
        await onFile.SendAsync("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        Assert.True(await onFile.ReceiveAsync(new byte[1]) > 0);
        await second.ReadyAsync();
        Assert.Equal(200, (await second.AdminAsync("/health/live")).Status);
        Assert.Equal(names.Order(StringComparer.Ordinal), store.Names);
    }

    [Fact]
    public async Task Store_GivesUpWhatTheConfigurationDoesNotHaveAnyMore()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        using var store = new DescriptorStore(_directory.File("notify"));
        var web = FreePort.Released();
        var raw = _directory.File("raw.sock");
        var start = new ProxyStart
        {
            Configuration = Settings.With(
                new { Passthrough = new[] { new { Listen = $"unix:{raw}", To = "enclaves" } } }, enclaves[0].EndPoint),
            Environment = store.Environment,
        };
        await using (var first = ProxyProcess.Start(start, Arguments($"http://127.0.0.1:{web}")))
        {
            await first.ReadyAsync();
            first.Signal(Signal.Kill);
            await first.ExitAsync();
        }

        // The new address contains the old one, which is in its way as long as anybody has it open.
        await using var second = store.StartNext(
            start with { Configuration = Settings.For(enclaves[0].EndPoint) }, Arguments($"http://0.0.0.0:{web}"));
        await second.ReadyAsync();
        Assert.Contains($"parent-proxy.0.0.0.0_{web}", store.Names);
        Assert.DoesNotContain($"parent-proxy.127.0.0.1_{web}", store.Names);
        Assert.DoesNotContain($"parent-proxy.{raw}", store.Names);
        Assert.False(File.Exists(raw));
    }

    [Fact]
    public async Task Reload_ThatRemovesAListener_TakesItOutOfTheStore()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        using var store = new DescriptorStore(_directory.File("notify"));
        var raw = _directory.File("raw.sock");
        await using var process = ProxyProcess.Run(new ProxyStart
        {
            Configuration = Settings.With(
                new { Passthrough = new[] { new { Listen = $"unix:{raw}", To = "enclaves" } } }, enclaves[0].EndPoint),
            Environment = store.Environment,
        });
        await process.ReadyAsync();
        Assert.Contains($"parent-proxy.{raw}", store.Names);

        await File.WriteAllTextAsync(process.ConfigFile, Settings.For(enclaves[0].EndPoint));
        process.Signal(Signal.Hup);
        await store.Datagrams.WaitAsync($"FDSTOREREMOVE=1|FDNAME=parent-proxy.{raw}");
        await Eventually.TrueAsync(() => !File.Exists(raw), () => "the file stays");
        Assert.DoesNotContain($"parent-proxy.{raw}", store.Names);
    }

    [Fact]
    public async Task Term_WithALongRequest_ThePortGoesOnServing_UntilThatIsOver()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        using var unit = new UnitSocket();
        await using var process = Start(Settings.For(enclaves[0].EndPoint), unit, "web.socket");
        await process.ReadyAsync();
        var slow = process.ServedByAsync("/slow?ms=6000");
        await Eventually.TrueAsync(() => enclaves[0].Requests == 1, () => "the request does not reach the enclave");

        process.Signal(Signal.Term);
        await process.Out.WaitAsync("Stopping on SIGTERM");
        var served = 0;
        while (!slow.IsCompleted)
        {
            using var client = new KeepAliveClient(unit.Url);
            await client.ConnectAsync();
            var answer = client.GetAsync("/echo");
            await Task.WhenAny(answer, slow);

            // Once it is over, the port is the next process's, of which there is none here.
            if (!answer.IsCompleted)
                break;
            Assert.Equal(200, (await answer).Status);
            served++;
        }

        Assert.Equal("blue", await slow);
        Assert.Equal(0, await process.ExitAsync());
        Assert.InRange(served, 2, int.MaxValue);
        Assert.Contains("every request in flight was finished", process.Out.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Term_WithARequestThatOutlastsDrain_LosesNoneOfTheOthers()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        using var unit = new UnitSocket();
        await using var process = Start(
            Settings.With(new { Timeouts = new { DrainDelay = "00:00:00", Drain = "00:00:08" } }, enclaves[0].EndPoint), unit, "web.socket");
        await process.ReadyAsync();
        using var patient = new KeepAliveClient(unit.Url);
        await patient.ConnectAsync();
        var hanging = patient.GetAsync("/hang");
        await Eventually.TrueAsync(() => enclaves[0].Requests == 1, () => "the request does not reach the enclave");

        process.Signal(Signal.Term);
        var exit = process.ExitAsync();
        var served = 0;
        while (!exit.IsCompleted)
        {
            using var client = new KeepAliveClient(unit.Url);
            await client.ConnectAsync();
            var answer = client.GetAsync("/slow?ms=50");
            await Task.WhenAny(answer, exit);

            // It waits for the next process, of which there is none here.
            if (!answer.IsCompleted)
                break;
            Assert.Equal(200, (await answer).Status);
            served++;
        }

        Assert.Equal(0, await exit);
        Assert.InRange(served, 10, int.MaxValue);
        await Assert.ThrowsAnyAsync<IOException>(() => hanging);
        Assert.Contains("have been cut off", process.Out.ToString(), StringComparison.Ordinal);
    }

    private static ProxyProcess Start(string settings, UnitSocket unit, string name, string? url = null) => DescriptorStore.StartWith(
        [(name, unit.Descriptor)],
        new ProxyStart { Configuration = settings },
        Arguments(url ?? unit.Url.ToString().TrimEnd('/')));

    private static string[] Arguments(string url) => [$"--Kestrel:Endpoints:Http:Url={url}", "--Admin:Url=http://127.0.0.1:0"];

    /// <summary>What a socket unit opens.</summary>
    private sealed class UnitSocket : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        public UnitSocket()
        {
            _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _socket.Listen();
        }

        public EndPoint EndPoint => _socket.LocalEndPoint!;

        public Uri Url => new($"http://{EndPoint}/");

        public int Descriptor => (int)_socket.SafeHandle.DangerousGetHandle();

        public void Dispose() => _socket.Dispose();
    }
}
