using System.Diagnostics;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Hosting;

/// <summary>A new configuration for a running process.</summary>
public sealed class ReloadTests
{
    private const string OneHealthy = """{"status":"healthy","healthy":1,"total":1}""";
    private const string TwoHealthy = """{"status":"healthy","healthy":2,"total":2}""";

    [Theory]
    [InlineData("atomic rename")]
    [InlineData("written in place")]
    [InlineData("symlink swap")]
    public async Task FileChange_IsSeen(string way)
    {
        await using var enclaves = await Enclaves.StartAsync("blue", "green");
        var one = Settings.For(enclaves[0].EndPoint);
        var two = Settings.For(enclaves[0].EndPoint, enclaves[1].EndPoint);
        var file = enclaves.File("settings.json");
        var data = enclaves.File("..data");
        if (way == "symlink swap")
        {
            // As Kubernetes mounts a ConfigMap.
            Directory.CreateDirectory(enclaves.File("..1"));
            Directory.CreateSymbolicLink(data, "..1");
            File.CreateSymbolicLink(file, "..data/settings.json");
        }

        await using var process = ProxyProcess.Run(new ProxyStart { Configuration = one, ConfigFile = file });
        await process.ReadyAsync();
        await process.HealthBecomesAsync(OneHealthy);
        switch (way)
        {
            case "atomic rename":
                await File.WriteAllTextAsync(file + ".new", two);
                File.Move(file + ".new", file, overwrite: true);
                break;
            case "symlink swap":
                Directory.CreateDirectory(enclaves.File("..2"));
                await File.WriteAllTextAsync(Path.Combine(enclaves.File("..2"), "settings.json"), two);
                File.CreateSymbolicLink(data + "_tmp", "..2");
                using (var move = Process.Start("mv", ["-T", data + "_tmp", data]))
                    await move.WaitForExitAsync();
                Directory.Delete(enclaves.File("..1"), recursive: true);
                break;
            default:
                await File.WriteAllTextAsync(file, two);
                break;
        }

        await process.HealthBecomesAsync(TwoHealthy);
        Assert.Contains(file, await process.Out.WaitAsync("Configuration reloaded"), StringComparison.Ordinal);
        // Who writes in place may be seen in the middle of it.
        Assert.Single(process.Out.All, line => line.Contains("Configuration", StringComparison.Ordinal)
            && !line.Contains("listens on", StringComparison.Ordinal)
            && (way != "written in place" || !line.Contains("refused", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Hup_EnclavesAreAddedMovedAndRemoved_LimitsAndLevelsChange()
    {
        await using var enclaves = await Enclaves.StartAsync("blue", "green");
        string blue = enclaves[0].EndPoint, green = enclaves[1].EndPoint;
        await using var process = ProxyProcess.Run(Settings.For(blue));
        await process.ReadyAsync();
        Assert.Equal("blue", await process.ServedByAsync());
        Assert.Equal(200, await process.PostAsync("/echo", "0123456789"));

        // Added.
        await ReloadAsync(process, Settings.For(blue, green));
        await process.HealthBecomesAsync(TwoHealthy);

        // Moved, and a limit, while a request is on its way to where it was.
        var slow = process.ServedByAsync("/slow?ms=500");
        await ReloadAsync(process, Settings.With(new { Limits = new { MaxRequestBodyBytes = 5 } }, green));
        await process.HealthBecomesAsync(OneHealthy);
        Assert.Equal("green", await process.ServedByAsync());
        Assert.Equal(413, await process.PostAsync("/echo", "0123456789"));
        Assert.Contains(await slow, (string[])["blue", "green"]);

        // A level, and back.
        Assert.DoesNotContain(process.Out.All, line => line.Contains(" DBG ", StringComparison.Ordinal));
        await ReloadAsync(process, Settings.With(new
        {
            Serilog = new { MinimumLevel = new { Override = new Dictionary<string, string> { ["ParentProxy.Health"] = "Debug" } } },
        }, green));
        await process.Out.WaitAsync(" DBG Probe of enclave");
        Assert.Equal(200, await process.PostAsync("/echo", "0123456789"));
        Assert.Equal(0, await process.StopAsync(Signal.Term));
        Assert.Empty(process.Error.All);
    }

    [Fact]
    public async Task Reloads_UnderKeepAliveLoad_LoseNoRequest()
    {
        await using var enclaves = await Enclaves.StartAsync("blue", "green");
        await using var process = ProxyProcess.Run(Settings.For(enclaves[0].EndPoint));
        await process.ReadyAsync();
        using var stop = new CancellationTokenSource();
        var load = Enumerable.Range(0, 8).Select(async _ =>
        {
            using var client = new KeepAliveClient(process.Url);
            await client.ConnectAsync();
            while (!stop.IsCancellationRequested)
                Assert.Equal((200, false), await client.GetAsync("/slow?ms=2"));
        }).ToList();
        for (var i = 0; i < 10; i++)
        {
            var before = process.Out.All.Count;
            await File.WriteAllTextAsync(process.ConfigFile, Settings.For(enclaves[(i + 1) % 2].EndPoint));
            process.Signal(Signal.Hup);
            await process.Out.WaitAsync("Configuration reloaded", before);
            await Eventually.TrueAsync(async () => await process.ServedByAsync() == (i % 2 == 0 ? "green" : "blue"), () => "not moved");
        }

        await stop.CancelAsync();
        await Task.WhenAll(load);
    }

    [Fact]
    public async Task BadConfiguration_IsRefusedWithEveryReason_AndTheOldOneServesOn()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        await using var process = ProxyProcess.Run(Settings.For(enclaves[0].EndPoint));
        await process.ReadyAsync();

        await WriteAndHupAsync("""{ "Retries": {}, "Limits": { "MaxConnections": -1 }, "Enclaves": [{ "Cid": 0, "Port": 1 }] }""");
        var refused = await process.Out.WaitAsync(
            line => line.Contains("refused", StringComparison.Ordinal) && line.Contains("Retries", StringComparison.Ordinal), "refused");
        Assert.Contains(" ERR ", refused, StringComparison.Ordinal);
        Assert.All(
            (string[])["Retries", "Limits:MaxConnections", "Enclaves:0:Cid", process.ConfigFile],
            part => Assert.Contains(part, refused, StringComparison.Ordinal));
        Assert.Equal((200, OneHealthy), await process.GetAsync("/health"));
        Assert.Equal("blue", await process.ServedByAsync());

        await WriteAndHupAsync("{ \"Enclaves\": [");
        await process.Out.WaitAsync("line 1");
        File.Delete(process.ConfigFile);
        Assert.Contains(
            $"Configuration from {process.ConfigFile} refused",
            await process.Out.WaitAsync("there is no file"),
            StringComparison.Ordinal);
        Assert.Equal("blue", await process.ServedByAsync());

        await WriteAndHupAsync(Settings.With(new { Limits = new { MaxRequestBodyBytes = 5 } }, enclaves[0].EndPoint));
        await process.Out.WaitAsync("Configuration reloaded");
        Assert.Equal(413, await process.PostAsync("/echo", "0123456789"));

        async Task WriteAndHupAsync(string settings)
        {
            await File.WriteAllTextAsync(process.ConfigFile, settings);
            process.Signal(Signal.Hup);
        }
    }

    [Fact]
    public async Task WhatNeedsARestart_IsReported_AndTheRestTakesEffect()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        await using var process = ProxyProcess.Run(Settings.For(enclaves[0].EndPoint));
        await process.ReadyAsync();

        await ReloadAsync(process, Settings.With(
            new
            {
                Admin = new { AllowedHosts = new[] { "example.org" } },
                Vsock = new { BufferBytes = 4096 },
                Kestrel = new { Limits = new { MaxRequestHeaderCount = 300 } },
                Limits = new { MaxRequestBodyBytes = 5 },
            },
            enclaves[0].EndPoint));

        var line = await process.Out.WaitAsync("takes effect after a restart");
        Assert.Contains(" WRN ", line, StringComparison.Ordinal);
        Assert.All(
            (string[])["Admin:AllowedHosts", "Vsock", "Kestrel:Limits:MaxRequestHeaderCount"],
            part => Assert.Contains(part, line, StringComparison.Ordinal));
        Assert.DoesNotContain("MaxRequestBodyBytes", line, StringComparison.Ordinal);
        Assert.Equal(413, await process.PostAsync("/echo", "0123456789"));
        Assert.Equal("blue", await process.ServedByAsync());
    }

    private static async Task ReloadAsync(ProxyProcess process, string settings)
    {
        var before = process.Out.All.Count;
        await File.WriteAllTextAsync(process.ConfigFile, settings);
        process.Signal(Signal.Hup);
        await process.Out.WaitAsync("Configuration reloaded", before);
    }
}
