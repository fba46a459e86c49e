using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Hosting;

/// <summary>SIGUSR2: the next process takes over from this one, where there is no systemd.</summary>
public sealed partial class SuccessionTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Signal_TheNextProcessServes_AndThisOneFinishesWhatItHas()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        await using var process = Start(Settings.For(enclaves[0].EndPoint));
        await process.ReadyAsync();
        var slow = process.ServedByAsync("/slow?ms=8000");
        await Eventually.TrueAsync(() => enclaves[0].Requests == 1, () => "the request does not reach the enclave");

        process.Signal(Signal.User2);
        var next = await NextAsync(process);
        try
        {
            await process.Out.WaitAsync("Stopping: the next process serves and has the ports");
            for (var i = 0; i < 20; i++)
                Assert.Equal("blue", await process.ServedByAsync());
            Assert.Equal(200, (await process.AdminAsync("/health/live")).Status);
            Assert.Equal("blue", await slow);
            await process.Out.WaitAsync("Stopped: every request in flight was finished");
            Assert.Equal("blue", await process.ServedByAsync());
        }
        finally
        {
            ProxyProcess.Signal(next, Signal.Term);
        }

        // Its output ends with that of the next one.
        Assert.Equal(0, await process.ExitAsync());
        Assert.Empty(process.Error.All);
    }

    [Fact]
    public async Task Signal_WithAConfigurationThatIsWrongByNow_ChangesNothing()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        await using var process = Start(Settings.For(enclaves[0].EndPoint));
        await process.ReadyAsync();
        await File.WriteAllTextAsync(process.ConfigFile, """{ "Enclaves": [ { "Cid": 0 } ] }""");

        process.Signal(Signal.User2);
        await process.Out.WaitAsync("No other process has taken over, this one goes on");
        await process.Error.WaitAsync("Enclaves:0");
        Assert.Equal("blue", await process.ServedByAsync());
        Assert.Equal(0, await process.StopAsync(Signal.Term));
        Assert.DoesNotContain("the next process serves", process.Out.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signal_UnderSystemd_IsIgnored()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        using var systemd = new NotifySocket(_directory.File("notify"));
        await using var process = ProxyProcess.Run(new ProxyStart
        {
            Configuration = Settings.For(enclaves[0].EndPoint),
            Environment = new Dictionary<string, string> { ["NOTIFY_SOCKET"] = systemd.Name },
        });
        await process.ReadyAsync();

        process.Signal(Signal.User2);
        await process.Out.WaitAsync("SIGUSR2 is ignored: systemd would not know the next process");
        Assert.Equal("blue", await process.ServedByAsync());
    }

    [Fact]
    public async Task NextProcess_ThatIsStoppedBeforeItServes_LeavesThePortsAsTheyWere()
    {
        using var enclave = new TcpListener(IPAddress.Loopback, 0);
        enclave.Start();
        await using var process = Start(Settings.With(
            new { Health = new { Probe = new { Interval = "00:10:00", Timeout = "00:05:00" } } }, $"tcp://{enclave.LocalEndpoint}"));
        using (var probe = await enclave.AcceptTcpClientAsync())
            await probe.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
        await process.ReadyAsync();

        // Its own probe gets no answer.
        process.Signal(Signal.User2);
        var next = await NextAsync(process);
        await process.Out.WaitAsync("forwards to", process.Out.All.Count);
        ProxyProcess.Signal(next, Signal.Term);
        await process.Out.WaitAsync("No other process has taken over, this one goes on");
        for (var i = 0; i < 3; i++)
            Assert.Equal((200, """{"status":"healthy","healthy":1,"total":1}"""), await process.GetAsync("/health"));
        Assert.Equal(0, await process.StopAsync(Signal.Term));
    }

    [Fact]
    public async Task NextProcess_ThatCannotListenSomewhere_LeavesUnixListenersTheirFiles()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        using var taken = new FreePort();
        var raw = _directory.File("raw.sock");
        await using var process = Start(Raw($"unix:{raw}"));
        await process.ReadyAsync();
        await File.WriteAllTextAsync(process.ConfigFile, Raw($"unix:{raw}", taken.EndPoint.ToString()!));

        process.Signal(Signal.User2);
        await process.Out.WaitAsync("No other process has taken over, this one goes on");
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(new UnixDomainSocketEndPoint(raw));
        await client.SendAsync("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        Assert.True(await client.ReceiveAsync(new byte[1]) > 0);

        string Raw(params string[] listeners) => Settings.With(
            new { Passthrough = listeners.Select(listen => new { Listen = listen, To = "enclaves" }) }, enclaves[0].EndPoint);
    }

    private static async Task<int> NextAsync(ProxyProcess process)
    {
        var line = await process.Out.WaitAsync("is started with the ports");
        return int.Parse(Started().Match(line).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    // Ports that have a number: any free one would be another for the next process.
    private static ProxyProcess Start(string settings) => ProxyProcess.Start(
        new ProxyStart { Configuration = settings },
        $"--Kestrel:Endpoints:Http:Url=http://127.0.0.1:{FreePort.Released()}",
        $"--Admin:Url=http://127.0.0.1:{FreePort.Released()}");

    [GeneratedRegex("process (\\d+) is started")]
    private static partial Regex Started();
}
