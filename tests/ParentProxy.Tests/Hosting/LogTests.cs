using System.Text.Json;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Hosting;

/// <summary>The log as it leaves the process.</summary>
public sealed class LogTests
{
    [Fact]
    public async Task Text_IsTheDefaultWithoutSystemd_OneLineAChangeOfState()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        await using var process = ProxyProcess.Run(
            Settings.With(
                new { Health = new { Probe = new { Interval = "00:00:00.1", Timeout = "00:00:20", UnhealthyAfter = 2 } } },
                enclaves[0].EndPoint));
        await process.ReadyAsync();
        enclaves[0].Healthy = false;
        await process.HealthBecomesAsync("""{"status":"unhealthy","healthy":0,"total":1}""");
        enclaves[0].Healthy = true;
        await process.HealthBecomesAsync("""{"status":"healthy","healthy":1,"total":1}""");
        Assert.Equal("blue", await process.ServedByAsync());
        await process.Out.WaitAsync("unhealthy -> healthy");

        Assert.All(process.Out.All, line => Assert.Matches(@"^\d\d:\d\d:\d\d\.\d{3} (INF|WRN) \S", line));
        Assert.Equal(
            ["starting -> healthy", "healthy -> unhealthy", "unhealthy -> healthy"],
            process.Out.All
                .Where(line => line.Contains(" -> ", StringComparison.Ordinal))
                .Select(line => line[(line.IndexOf("): ", StringComparison.Ordinal) + 3)..])
                .Select(text => text[..text.IndexOf(':', StringComparison.Ordinal)]));
        var lost = await process.Out.WaitAsync("healthy -> unhealthy");
        Assert.Contains(" WRN ", lost, StringComparison.Ordinal);
        Assert.Contains("503", lost, StringComparison.Ordinal);
        Assert.Contains("Health:Probe:Path", lost, StringComparison.Ordinal);
        Assert.Empty(process.Error.All);
    }

    [Theory]
    [InlineData("JOURNAL_STREAM", "8:12345")]
    [InlineData("INVOCATION_ID", "3f2504e04f8911d39a0c0305e82c3301")]
    [InlineData("Log__Format", "json")]
    public async Task Json_UnderSystemdOrWhenAsked_EachLineParses(string variable, string value)
    {
        using var closed = new ClosedPort();
        await using var process = ProxyProcess.Run(new ProxyStart
        {
            Configuration = Settings.For(closed.EndPoint),
            Environment = new Dictionary<string, string> { [variable] = value, ["Retry__WaitForEnclave"] = "00:00:00.1" },
        });
        await process.ReadyAsync();
        Assert.Equal(503, (await process.GetAsync("/echo")).Status);
        Assert.Equal(0, await process.StopAsync(Signal.Term));

        var lines = process.Out.All
            .Select(line => JsonDocument.Parse(line).RootElement)
            .ToLookup(line => line.TryGetProperty("type", out _));
        var access = Assert.Single(lines[true]);
        Assert.Equal(
            ("access", "/echo", 503),
            (access.GetProperty("type").GetString(), access.GetProperty("path").GetString(), access.GetProperty("status").GetInt32()));
        var events = lines[false].ToList();
        Assert.All(events, e => Assert.All(
            ["Timestamp", "Level", "RenderedMessage"], key => Assert.False(string.IsNullOrEmpty(e.GetProperty(key).GetString()))));
        Assert.Contains(events, e => e.GetProperty("Level").GetString() == "Warning"
            && e.GetProperty("RenderedMessage").GetString()!.Contains("ECONNREFUSED", StringComparison.Ordinal));
        Assert.Contains(events, e => e.GetProperty("RenderedMessage").GetString()!.StartsWith("Stopped", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Text_WhenAskedUnderSystemd()
    {
        using var closed = new ClosedPort();
        await using var process = ProxyProcess.Run(
            new ProxyStart
            {
                Configuration = Settings.For(closed.EndPoint),
                Environment = new Dictionary<string, string> { ["INVOCATION_ID"] = "1" },
            },
            "--Log:Format=text");
        await process.ReadyAsync();

        Assert.DoesNotContain(process.Out.All, line => line.StartsWith('{'));
    }

    [Fact]
    public async Task Levels_ByCategory_AreObeyed()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        await using var process = ProxyProcess.Run(
            Settings.For(enclaves[0].EndPoint),
            "--Serilog:MinimumLevel:Default=Error",
            "--Serilog:MinimumLevel:Override:ParentProxy.Commands=Information",
            "--Serilog:MinimumLevel:Override:ParentProxy.Health=Debug");
        await process.ReadyAsync();

        Assert.Contains(" DBG Probe of enclave 0", await process.Out.WaitAsync("Probe of enclave"), StringComparison.Ordinal);
        Assert.DoesNotContain(" -> ", process.Out.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AccessLog_OnTheConsole_StandsInLinesOfItsOwn()
    {
        const int Requests = 300;
        await using var enclaves = await Enclaves.StartAsync("blue");
        await using var process = ProxyProcess.Run(
            Settings.With(new { AccessLog = new { Mode = "all" } }, enclaves[0].EndPoint),
            "--Log:Format=json",
            "--Serilog:MinimumLevel:Override:ParentProxy=Debug");
        await process.ReadyAsync();

        // An answer that fails leaves a long line of the program's log beside that of the access log.
        await Parallel.ForAsync(0, Requests, async (i, _) => await process.GetAsync(i % 2 == 0 ? "/echo" : "/reset"));
        Assert.Equal(0, await process.StopAsync(Signal.Term));

        var lines = process.Out.All.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(Requests, lines.Count(line => line.TryGetProperty("type", out var type) && type.GetString() == "access"));
    }

    [Fact]
    public async Task TheLogIsStuck_StopsAllTheSame()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        using var systemd = new NotifySocket(enclaves.File("notify"));
        var stuck = enclaves.File("stuck");
        // A pipe that is full and that nobody empties.
        await using var process = ProxyProcess.Run(new ProxyStart
        {
            Configuration = Settings.For(enclaves[0].EndPoint),
            Environment = new Dictionary<string, string> { ["NOTIFY_SOCKET"] = systemd.Name },
            Shell = $"mkfifo '{stuck}'; exec 3<>'{stuck}'; head -c 65536 /dev/zero >&3; exec >'{stuck}'",
        });
        await systemd.Datagrams.WaitAsync("READY=1");
        await systemd.Datagrams.WaitAsync("STATUS=healthy");

        Assert.Equal(0, await process.StopAsync(Signal.Term));
    }

    [Fact]
    public async Task NobodyReadsTheLog_ServesOnAndStops()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        var read = enclaves.File("read");
        // The reader takes the start-up line and goes: then every write fails.
        await using var process = ProxyProcess.Run(
            new ProxyStart
            {
                Configuration = Settings.For(enclaves[0].EndPoint),
                Shell = $"mkfifo '{read}'; grep -m 1 'listens on' '{read}' >&2 & exec >'{read}'",
            },
            "--Serilog:MinimumLevel:Override:ParentProxy=Debug");
        var line = await process.Error.WaitAsync("listens on");
        process.ReadStartLine(line);
        await process.HealthBecomesAsync("""{"status":"healthy","healthy":1,"total":1}""");

        for (var i = 0; i < 20; i++)
            Assert.Equal("blue", await process.ServedByAsync());
        Assert.Equal(0, await process.StopAsync(Signal.Term));
    }

    [Fact]
    public async Task AFileOfSerilogOnAFullDisk_ServesOnAndStopsAsUsual()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        await using var process = ProxyProcess.Run(Settings.For(enclaves[0].EndPoint), [.. SerilogFile("/dev/full"), .. SerilogConsole(1)]);
        await process.ReadyAsync();

        Assert.Equal("blue", await process.ServedByAsync());
        Assert.Equal(0, await process.StopAsync(Signal.Term));
        Assert.Contains("the log could not be closed: No space left on device", Assert.Single(process.Error.All), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFileOfSerilogThatCannotBeOpened_IsToldAtTheStart()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        var file = enclaves.File("a-file");
        await File.WriteAllTextAsync(file, "");
        await using var process = ProxyProcess.Run(
            Settings.For(enclaves[0].EndPoint), [.. SerilogFile($"{file}/proxy.log"), .. SerilogConsole(1)]);
        await process.ReadyAsync();

        await process.Error.WaitAsync($"unable to open file sink for {file}/proxy.log");
        Assert.Equal("blue", await process.ServedByAsync());
        Assert.Equal(0, await process.StopAsync(Signal.Term));
    }

    private static string[] SerilogFile(string path) => ["--Serilog:WriteTo:0:Name=File", $"--Serilog:WriteTo:0:Args:path={path}"];

    private static string[] SerilogConsole(int n) =>
        [$"--Serilog:WriteTo:{n}:Name=Console", $"--Serilog:WriteTo:{n}:Args:outputTemplate={{Message:lj}}{{NewLine}}"];
}
