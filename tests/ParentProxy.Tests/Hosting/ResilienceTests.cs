using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using ParentProxy.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Hosting;

/// <summary>What befalls a service in the field.</summary>
public sealed class ResilienceTests
{
    [Fact]
    public async Task Descriptors_UsedUp_CostNoProcessorAndTheServiceComesBack()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        await using var process = ProxyProcess.Run(new ProxyStart
        {
            Configuration = Settings.With(new { Health = new { Probe = new { Interval = "00:00:05" } } }, enclaves[0].EndPoint),
            Shell = "ulimit -n 250",
        });
        await process.ReadyAsync();
        Assert.Equal("blue", await process.ServedByAsync());
        await process.Out.WaitAsync("LimitNOFILE");

        var connections = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 300; i++)
            {
                var connection = new TcpClient();
                connections.Add(connection);
                await connection.ConnectAsync(process.Url.Host, process.Url.Port);
            }

            await process.Out.WaitAsync("EMFILE");
            // Past the first, short pauses.
            await Eventually.TrueAsync(() => process.Out.All.Count(l => l.Contains("EMFILE", StringComparison.Ordinal)) >= 8, () => process.Out.ToString());
            var started = Stopwatch.GetTimestamp();
            var used = ProcessorTime(process.Id);
            var lines = process.Out.All.Count;
            await Eventually.TrueAsync(() => Stopwatch.GetElapsedTime(started).TotalSeconds > 2, () => "");
            Assert.InRange((ProcessorTime(process.Id) - used).TotalSeconds, 0, 1);
            Assert.InRange(process.Out.All.Count - lines, 0, 20);
        }
        finally
        {
            connections.ForEach(c => c.Dispose());
        }

        await Eventually.TrueAsync(async () => await process.ServedByAsync() == "blue", () => "not served again");
        await process.HealthBecomesAsync("""{"status":"healthy","healthy":1,"total":1}""");
        Assert.False(process.HasExited);
    }

    [Fact]
    public async Task Enclave_KilledAndStartedAgain_IsServedWithinOneProbeInterval()
    {
        using var directory = new TemporaryDirectory();
        var endpoint = $"unix:{directory.File("e.sock")}";
        using var first = await StartEnclaveAsync(endpoint);
        // The defaults, whose interval is 5 s.
        await using var process = ProxyProcess.Run(Settings.With(new { Health = new { } }, endpoint));
        await process.ReadyAsync();
        Assert.Equal("blue", await process.ServedByAsync());

        first.Kill();
        await first.WaitForExitAsync();
        Assert.Equal(503, (await process.GetAsync("/echo")).Status);
        Assert.Equal(503, (await process.GetAsync("/health")).Status);

        using var second = await StartEnclaveAsync(endpoint);
        try
        {
            var back = Stopwatch.GetTimestamp();
            await Eventually.TrueAsync(async () => await process.ServedByAsync() == "blue", () => "not served again");
            Assert.InRange(Stopwatch.GetElapsedTime(back).TotalSeconds, 0, 5);
            Assert.Equal(200, (await process.GetAsync("/health")).Status);
        }
        finally
        {
            second.Kill();
            await second.WaitForExitAsync();
        }
    }

    private static async Task<Process> StartEnclaveAsync(string endpoint)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(SimulatedEnclave).Assembly.Location, "--listen", endpoint, "--name", "blue"]) { RedirectStandardOutput = true };
        var process = Process.Start(start)!;
        Assert.StartsWith("listening on", await process.StandardOutput.ReadLineAsync().WaitAsync(TestDeadline.Value), StringComparison.Ordinal);
        return process;
    }

    private static TimeSpan ProcessorTime(int id)
    {
        // Behind the name, which may hold anything: fields 14 and 15, in ticks of 10 ms.
        var stat = File.ReadAllText($"/proc/{id}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return TimeSpan.FromMilliseconds(10 * (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)));
    }
}
