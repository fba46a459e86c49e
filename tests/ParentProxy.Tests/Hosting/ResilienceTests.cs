using System.Diagnostics;
using System.Globalization;
using ParentProxy.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Hosting;

/// <summary>What befalls a service in the field.</summary>
public sealed class ResilienceTests
{
    [Fact]
    public async Task Descriptors_UsedUp_ThoseWhoAreInAreServed_AndTheOthersWhenThereAreSome()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        await using var process = RunWithFewDescriptors(enclaves[0].EndPoint);
        await process.ReadyAsync();
        await process.Out.WaitAsync("LimitNOFILE");

        var clients = Enumerable.Range(0, 400).Select(_ => new KeepAliveClient(process.Url)).ToList();
        try
        {
            // The kernel takes those whom the program does not.
            foreach (var client in clients)
                await client.ConnectAsync();
            await process.Out.WaitAsync("all but the last 64 of 400 descriptors are open, which are kept for the process itself (EMFILE)");

            // Who asks whether to send traffic here is told: not now.
            var (status, ready) = await process.AdminAsync("/health/ready");
            Assert.Equal((503, "not ready"), (status, ready.GetProperty("status").GetString()));
            Assert.Matches("accepts no connections: no descriptors left: [0-9]+ open of 400", ready.GetProperty("reason").GetString());
            var (code, health) = await process.AdminAsync("/health");
            Assert.Equal((503, "unhealthy"), (code, health.GetProperty("status").GetString()));
            var listener = health.GetProperty("listeners")[0];
            Assert.False(listener.GetProperty("accepting").GetBoolean());
            Assert.StartsWith("no descriptors left: ", listener.GetProperty("reason").GetString(), StringComparison.Ordinal);
            Assert.Contains("accepts no connections: no descriptors left: ", await PageAsync(process), StringComparison.Ordinal);

            // It has what it needs for everything but more connections.
            Assert.Equal((200, false), await clients[0].GetAsync("/echo"));
            var probes = enclaves[0].HealthRequests;
            await Eventually.TrueAsync(() => enclaves[0].HealthRequests > probes + 3, () => "no probes");
            Assert.Equal(200, (await process.AdminAsync("/enclaves")).Status);
            using (var admin = new HttpClient())
                Assert.Contains(
                    "process_max_fds", await admin.GetStringAsync(new Uri(process.AdminUrl, "/metrics")), StringComparison.Ordinal);

            // It looks for a free one now and then, and does not burn a processor meanwhile.
            var said = process.Out.All.Count;
            var (started, used) = (Stopwatch.GetTimestamp(), ProcessorTime(process.Id));
            await Eventually.TrueAsync(() => process.Out.All.Count > said + 2, () => process.Out.ToString());
            Assert.InRange(ProcessorTime(process.Id) - used, TimeSpan.Zero, Stopwatch.GetElapsedTime(started) / 2);

            // One leaves and one more is let in: that is no end of it.
            clients[0].Dispose();
            Assert.Equal((200, false), await clients[1].GetAsync("/echo"));
            Assert.Equal(503, (await process.AdminAsync("/health/ready")).Status);

            // The last of the queue is served when those before it have gone.
            foreach (var client in clients.SkipLast(1))
                client.Dispose();
            Assert.Equal((200, false), await clients[^1].GetAsync("/echo"));
            await process.Out.WaitAsync("are accepted again");
            Assert.Equal(200, (await process.AdminAsync("/health/ready")).Status);
            Assert.True((await process.AdminAsync("/health")).Body.GetProperty("listeners")[0].GetProperty("accepting").GetBoolean());
            Assert.DoesNotContain("accepts no connections", await PageAsync(process), StringComparison.Ordinal);
            Assert.Single(process.Out.All, line => line.Contains("are accepted again", StringComparison.Ordinal));
        }
        finally
        {
            clients.ForEach(c => c.Dispose());
        }

        await process.HealthBecomesAsync("""{"status":"healthy","healthy":1,"total":1}""");
        Assert.Equal(0, await process.StopAsync(Signal.Term));
    }

    [Fact]
    public async Task Descriptors_UsedUpByRequests_CostRequests_NotTheProcessNorTheEnclave()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        await using var process = RunWithFewDescriptors(enclaves[0].EndPoint);
        await process.ReadyAsync();

        var clients = Enumerable.Range(0, 400).Select(_ => new KeepAliveClient(process.Url)).ToList();
        try
        {
            foreach (var client in clients)
                await client.ConnectAsync();
            var answers = clients.Select(c => Task.Run(() => c.GetAsync("/hang"))).ToList();

            await process.Out.WaitAsync("no file descriptor is left but those that the process keeps");
            var refused = await await Task.WhenAny(answers);
            Assert.Equal(503, refused.Status);
            var probes = enclaves[0].HealthRequests;
            await Eventually.TrueAsync(() => enclaves[0].HealthRequests > probes + 3, () => "no probes");
            Assert.Equal(1, (await process.AdminAsync("/health")).Body.GetProperty("healthy").GetInt32());
        }
        finally
        {
            clients.ForEach(c => c.Dispose());
        }

        await Eventually.TrueAsync(async () => await process.ServedByAsync() == "blue", () => "not served again");
        Assert.DoesNotContain("out until a probe succeeds", process.Out.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await process.StopAsync(Signal.Term));
    }

    [Fact]
    public async Task Enclave_KilledAndStartedAgain_IsServedWithinOneProbeInterval()
    {
        using var directory = new TemporaryDirectory();
        var endpoint = $"unix:{directory.File("e.sock")}";
        using var first = await StartEnclaveAsync(endpoint);
        // The defaults, whose interval is 5 s.
        await using var process = ProxyProcess.Run(Settings.With(new { Health = new { Probe = new { Timeout = "00:00:30" } } }, endpoint));
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
            // The interval is 5 s; the rest is the machine's.
            Assert.InRange(Stopwatch.GetElapsedTime(back).TotalSeconds, 0, 15);
            Assert.Equal(200, (await process.GetAsync("/health")).Status);
        }
        finally
        {
            second.Kill();
            await second.WaitForExitAsync();
        }
    }

    private static ProxyProcess RunWithFewDescriptors(string enclave) => ProxyProcess.Run(new ProxyStart
    {
        Configuration = Settings.With(new { Health = new { Probe = new { Interval = "00:00:00.1" } } }, enclave),
        // The runtime itself has more than 200 open.
        Shell = "ulimit -n 400",
    });

    private static async Task<Process> StartEnclaveAsync(string endpoint)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(SimulatedEnclave).Assembly.Location, "--listen", endpoint, "--name", "blue"])
        {
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        Assert.StartsWith(
            "listening on", await process.StandardOutput.ReadLineAsync().WaitAsync(TestDeadline.Value), StringComparison.Ordinal);
        return process;
    }

    private static async Task<string> PageAsync(ProxyProcess process)
    {
        using var client = new HttpClient();
        return await client.GetStringAsync(process.AdminUrl);
    }

    private static TimeSpan ProcessorTime(int id)
    {
        // Behind the name, which may hold anything: fields 14 and 15, in ticks of 10 ms.
        var stat = File.ReadAllText($"/proc/{id}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return TimeSpan.FromMilliseconds(
            10 * (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)));
    }
}
