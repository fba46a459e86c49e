using System.Globalization;
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
        var line = await process.Out.WaitAsync("is started with the ports");
        var next = int.Parse(Started().Match(line).Groups[1].Value, CultureInfo.InvariantCulture);
        try
        {
            await process.Out.WaitAsync("Stopping on SIGTERM: the next process has the ports");
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
        Assert.DoesNotContain("the next process has the ports", process.Out.ToString(), StringComparison.Ordinal);
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

    // Ports that have a number: any free one would be another for the next process.
    private static ProxyProcess Start(string settings) => ProxyProcess.Start(
        new ProxyStart { Configuration = settings },
        $"--Kestrel:Endpoints:Http:Url=http://127.0.0.1:{FreePort.Released()}",
        $"--Admin:Url=http://127.0.0.1:{FreePort.Released()}");

    [GeneratedRegex("process (\\d+) is started")]
    private static partial Regex Started();
}
