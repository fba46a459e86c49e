using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Hosting;

/// <summary>What systemd hears, and when.</summary>
public sealed class SystemdTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ready_ComesWithADeadEnclave_AtAPathAndInTheAbstractNamespace(bool isAbstract)
    {
        using var systemd = new NotifySocket(isAbstract ? $"@{_directory.File("notify")}" : _directory.File("notify"));
        using var closed = new ClosedPort();
        await using var process = Run(systemd, Settings.For(closed.EndPoint));

        await systemd.Datagrams.WaitAsync("READY=1");
        await process.StartedAsync();
        Assert.Equal((503, """{"status":"unhealthy","healthy":0,"total":1}"""), await process.GetAsync("/health"));
        await systemd.Datagrams.WaitAsync("STATUS=unhealthy: 0 of 1");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ready_WaitsForTheFirstRoundOfProbes_WhateverIsReloadedMeanwhile(bool reloads)
    {
        using var systemd = new NotifySocket(_directory.File("notify"));
        using var enclave = new TcpListener(IPAddress.Loopback, 0);
        enclave.Start();
        var settings = Settings.With(new { Health = new { Probe = new { Timeout = "00:01:00" } } }, $"tcp://{enclave.LocalEndpoint}");
        await using var process = Run(systemd, settings);
        await process.StartedAsync();
        using var probe = await enclave.AcceptTcpClientAsync();

        // The listeners are open, the probe has no answer yet.
        Assert.Equal((503, """{"status":"unhealthy","healthy":0,"total":1}"""), await process.GetAsync("/health"));
        if (reloads)
        {
            await Eventually.TrueAsync(
                () =>
                {
                    process.Signal(Signal.Hup);
                    return process.Out.ToString().Contains("Configuration reloaded", StringComparison.Ordinal);
                },
                () => "no reload");
            Assert.Equal(503, (await process.GetAsync("/health")).Status);
        }

        Assert.DoesNotContain("READY=1", systemd.Datagrams.All);
        await probe.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
        await systemd.Datagrams.WaitAsync("READY=1");
        await systemd.Datagrams.WaitAsync("STATUS=healthy: 1 of 1");
    }

    [Fact]
    public async Task Reload_AndStop_AreTold()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        using var systemd = new NotifySocket(_directory.File("notify"));
        await using var process = Run(systemd, Settings.With(new { Timeouts = new { DrainDelay = "00:00:00.5" } }, enclaves[0].EndPoint));
        await process.ReadyAsync();
        await systemd.Datagrams.WaitAsync("READY=1");
        await systemd.Datagrams.WaitAsync("STATUS=healthy");
        var heard = systemd.Datagrams.All.Count;

        var before = Stopwatch.GetTimestamp();
        process.Signal(Signal.Hup);
        var reloading = await systemd.Datagrams.WaitAsync("RELOADING=1", heard);
        var after = Stopwatch.GetTimestamp();
        await systemd.Datagrams.WaitAsync("READY=1", heard);
        var match = Regex.Match(reloading, @"^RELOADING=1\|MONOTONIC_USEC=(\d+)$");
        Assert.True(match.Success, reloading);
        Assert.InRange(long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), (before / 1000) - 1, (after / 1000) + 1);
        Assert.Equal("READY=1", systemd.Datagrams.All.Skip(heard).SkipWhile(d => d != reloading).ElementAt(1));

        Assert.Equal(0, await process.StopAsync(Signal.Term));
        await systemd.Datagrams.WaitAsync("STOPPING=1");
        await systemd.Datagrams.WaitAsync("STATUS=draining");
        Assert.DoesNotContain("WATCHDOG=1", systemd.Datagrams.All);
    }

    [Fact]
    public async Task Watchdog_IsFed_FromTheStartToTheEnd()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        using var systemd = new NotifySocket(_directory.File("notify"));
        await using var process = Run(
            systemd,
            Settings.With(new { Timeouts = new { DrainDelay = "00:00:15" } }, enclaves[0].EndPoint),
            "export WATCHDOG_USEC=6000000 WATCHDOG_PID=$$");
        await process.ReadyAsync();
        await BeatsAsync(3);

        process.Signal(Signal.Term);
        await systemd.Datagrams.WaitAsync("STATUS=draining");
        await BeatsAsync(2);
        Assert.Equal(0, await process.ExitAsync());
        Assert.DoesNotContain("watchdog is not fed", process.Out.ToString(), StringComparison.Ordinal);

        async Task BeatsAsync(int count)
        {
            var from = systemd.Datagrams.All.Count;
            await Eventually.TrueAsync(() => systemd.Datagrams.All.Skip(from).Count(d => d == "WATCHDOG=1") >= count, () => "no beats");
        }
    }

    [Fact]
    public async Task Watchdog_OfAnotherProcess_IsNotFed()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        using var systemd = new NotifySocket(_directory.File("notify"));
        await using var process = Run(systemd, Settings.For(enclaves[0].EndPoint), "export WATCHDOG_USEC=3000 WATCHDOG_PID=1");
        await process.ReadyAsync();

        Assert.Equal(0, await process.StopAsync(Signal.Term));
        await systemd.Datagrams.WaitAsync("STOPPING=1");
        Assert.DoesNotContain("WATCHDOG=1", systemd.Datagrams.All);
    }

    [Fact]
    public async Task NotifySocket_ThatNobodyListensOn_DoesNotMatter()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        await using var process = ProxyProcess.Run(new ProxyStart
        {
            Configuration = Settings.For(enclaves[0].EndPoint),
            Environment = new Dictionary<string, string> { ["NOTIFY_SOCKET"] = _directory.File("absent"), ["WATCHDOG_USEC"] = "nonsense" },
        });
        await process.ReadyAsync();

        Assert.Equal("blue", await process.ServedByAsync());
        Assert.Equal(0, await process.StopAsync(Signal.Term));
    }

    private static ProxyProcess Run(NotifySocket systemd, string settings, string? shell = null) => ProxyProcess.Run(new ProxyStart
    {
        Configuration = settings,
        Environment = new Dictionary<string, string> { ["NOTIFY_SOCKET"] = systemd.Name },
        Shell = shell,
    });
}
