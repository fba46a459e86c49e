using System.Diagnostics;
using System.Text.RegularExpressions;
using ParentProxy.Tests.Hosting;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Commands;

/// <summary><c>parent-proxy demo</c>, as somebody meets it who tries the program first.</summary>
public sealed partial class DemoTests
{
    private static readonly string[] FreePorts =
        ["demo", "--Kestrel:Endpoints:Http:Url=http://127.0.0.1:0", "--Admin:Url=http://127.0.0.1:0"];

    [Fact]
    public async Task Demo_WhateverIsConfigured_PrintsLinesThatWorkAndEndsOnCtrlC()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory.File("appsettings.json"), """{ "Nonsense": true }""");
        await using var process = ProxyProcess.Start(
            new ProxyStart
            {
                WorkingDirectory = directory.Root,
                Environment = new Dictionary<string, string>
                {
                    ["TMPDIR"] = directory.Root,
                    ["PARENTPROXY_CONFIG"] = "/nowhere/at/all.json",
                    ["PARENTPROXY_ENCLAVE_0_CID"] = "nonsense",
                    ["Health__MinHealthy"] = "-1",
                },
            },
            FreePorts);
        await process.ReadyAsync();
        await process.Out.WaitAsync("Ctrl-C");

        // The first of all requests, a probe, may take too long where much else is going on.
        await Eventually.TrueAsync(async () => (await process.GetAsync("/health")).Status == 200, () => "never healthy");

        var commands = process.Out.All
            .Select(line => CurlLine().Match(line))
            .Where(m => m.Success)
            .Select(m => m.Groups["command"].Value)
            .ToList();
        Assert.InRange(commands.Count, 4, 10);
        foreach (var command in commands)
            Assert.Equal("200", await CurlAsync(command));
        Assert.Contains("\"total\":2", (await process.GetAsync("/health")).Body, StringComparison.Ordinal);

        // Not the whole drain, which is 30 s: nothing is in flight.
        var asked = Stopwatch.GetTimestamp();
        Assert.Equal(0, await process.StopAsync(Signal.Int));
        Assert.InRange(Stopwatch.GetElapsedTime(asked).TotalSeconds, 0, 25);
        Assert.Equal([directory.File("appsettings.json")], Directory.EnumerateFileSystemEntries(directory.Root).Where(NotOfTheRuntime));
        Assert.Empty(process.Error.All);
    }

    [Fact]
    public async Task Demo_Inside_ReachesTheApplicationsThroughTheOtherSide()
    {
        using var directory = new TemporaryDirectory();
        await using var process = ProxyProcess.Start(
            new ProxyStart { Environment = new Dictionary<string, string> { ["TMPDIR"] = directory.Root } }, [.. FreePorts, "--inside"]);
        await process.ReadyAsync();
        await process.Out.WaitAsync("Ctrl-C");

        Assert.Equal(4, Directory.EnumerateFiles(directory.Root, "demo-*.sock", SearchOption.AllDirectories).Count());
        Assert.Contains("demo-", (await process.GetAsync("/echo")).Body, StringComparison.Ordinal);
        Assert.Equal(0, await process.StopAsync(Signal.Int));
    }

    [Fact]
    public async Task Demo_PortTaken_Is1WithAClearMessageAndNothingLeft()
    {
        using var directory = new TemporaryDirectory();
        using var taken = new FreePort();
        await using var process = ProxyProcess.Start(
            new ProxyStart { Environment = new Dictionary<string, string> { ["TMPDIR"] = directory.Root } },
            "demo",
            "--Admin:Url=http://127.0.0.1:0",
            $"--Kestrel:Endpoints:Http:Url=http://127.0.0.1:{taken.Number}");

        Assert.Equal(1, await process.ExitAsync());
        Assert.Contains("EADDRINUSE", process.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains($"127.0.0.1:{taken.Number}", Assert.Single(process.Error.All), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", process.Out.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(directory.Root), NotOfTheRuntime);
    }

    // A terminal that is closed hangs up on what runs in it; nobody is left to press Ctrl-C.
    [Fact]
    public async Task Demo_TerminalClosed_Ends()
    {
        await using var process = ProxyProcess.Start(new ProxyStart(), FreePorts);
        await process.ReadyAsync();
        await process.Out.WaitAsync("Ctrl-C");

        Assert.Equal(0, await process.StopAsync(Signal.Hup));
    }

    // Diagnostic ports of .NET.
    private static bool NotOfTheRuntime(string path) =>
        !Path.GetFileName(path).StartsWith("dotnet-diagnostic-", StringComparison.Ordinal)
            && !Path.GetFileName(path).StartsWith("clr-debug-pipe-", StringComparison.Ordinal);

    private static async Task<string> CurlAsync(string command)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", $"{command} -s -o /dev/null -w '%{{http_code}}'"])
        {
            RedirectStandardOutput = true,
        };
        using var shell = Process.Start(start)!;
        var code = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        return code;
    }

    [GeneratedRegex("^ +(?<command>curl (-\\S+ )*\\S+)")]
    private static partial Regex CurlLine();
}
