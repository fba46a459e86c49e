using System.Diagnostics;
using System.Globalization;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Hosting;

/// <summary>Clients that leave, at every point of a request and in numbers: nothing of them stays behind.</summary>
public sealed class CancellationTests(ITestOutputHelper output)
{
    private const int Requests = 10_000;
    private const int WarmUp = 1_000;
    private const int Clients = 32;
    private const int MaxConnections = 8;

    /// <summary>How many leave at a time while the enclave accepts nothing.</summary>
    private const int DuringDial = 24;

    /// <summary>
    /// What the heap of the same program differs by from one look to the next; a buffer per request would be ten times that.
    /// </summary>
    private const long MemoryMargin = 16 * 1024 * 1024;

    /// <summary>Each look of the test itself is a connection, which the program may not have closed yet at the next one.</summary>
    private const int DescriptorMargin = 2;

    private enum Point
    {
        InTheHead,
        AfterTheHead,
        InALengthUpload,
        InAChunkedUpload,
        AfterAnEarlyAnswer,
        AwaitingTheHead,
        AfterAnInterim,
        InTheDownload,
        InATunnel,
        AfterTheAnswer,
    }

    [Fact]
    public async Task Requests_CancelledAtAnyPoint_LeaveNothingBehind()
    {
        await using var enclave = new HangingEnclave();
        await using var process = ProxyProcess.Run(
            new ProxyStart
            {
                Configuration = Settings.With(
                    new
                    {
                        Health = new { Probe = new { Enabled = false } },
                        Retry = new { WaitForEnclave = "00:00:30" },
                        Routing = new
                        {
                            MaxConnectionsPerEnclave = MaxConnections,
                            QueueTimeout = "00:00:30",
                            PooledConnectionIdleTimeout = "00:00:00.5",
                        },
                        Timeouts = new { DrainDelay = "00:00:00", Connect = "00:00:30" },
                    },
                    enclave.EndPoint),

                // Garbage is to be gone before it is looked at.
                Environment = new Dictionary<string, string>
                {
                    ["DOTNET_GCgen0size"] = "0x400000",
                    ["DOTNET_GCConserveMemory"] = "9",
                    ["DOTNET_TieredCompilation"] = "0",
                },
            });
        await process.StartedAsync();
        await ServesAsync(process);
        await RunAsync(process, enclave, WarmUp, seed: 1);
        var before = await SettledAsync(process, enclave);
        output.WriteLine($"after {WarmUp}: {before}");
        var watch = Stopwatch.StartNew();

        var counts = await RunAsync(process, enclave, Requests, seed: 2);

        Assert.Equal(Requests, counts.Values.Sum());
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Requests} cancelled in {watch.Elapsed.TotalSeconds:F1} s: {string.Join(", ", counts.Select(c => $"{c.Value} {c.Key}"))}"));
        output.WriteLine($"the enclave accepted {enclave.Accepted} connections and read {enclave.Requests} requests");
        var after = await SettledAsync(process, enclave, before);
        output.WriteLine($"after {WarmUp + Requests}: {after}");
        Assert.DoesNotContain(process.Out.All, line => line.Contains("Please report", StringComparison.Ordinal)
            || line.Contains("fault of this program", StringComparison.Ordinal)
            || line.Contains("nhandled", StringComparison.Ordinal));
        await ServesAsync(process);
        Assert.False(process.HasExited);
    }

    private static async Task ServesAsync(ProxyProcess process)
    {
        for (var i = 0; i < 20; i++)
            Assert.Equal((200, "ok"), await process.GetAsync("/ok"));
    }

    /// <summary>Cancels so many requests, by points.</summary>
    private static async Task<SortedDictionary<string, int>> RunAsync(ProxyProcess process, HangingEnclave enclave, int requests, int seed)
    {
        var counts = new SortedDictionary<string, int>();
        const int Batch = 500;
        for (var done = 0; done < requests; done += Batch)
        {
            var next = -1;
            var points = await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
            {
                var random = new Random((seed * 1000 + client) * 1000 + done / Batch);
                var mine = new List<Point>();
                while (Interlocked.Increment(ref next) < Batch - DuringDial)
                {
                    mine.Add((Point)random.Next(Enum.GetValues<Point>().Length));
                    await CancelAsync(process.Url, mine[^1], random);
                }

                return mine;
            })));
            foreach (var point in points.SelectMany(p => p))
                counts[point.ToString()] = counts.GetValueOrDefault(point.ToString()) + 1;
            await CancelDuringDialAsync(process, enclave, new Random(seed));
            counts["InADialOrQueued"] = counts.GetValueOrDefault("InADialOrQueued") + DuringDial;
        }

        return counts;
    }

    private static async Task CancelAsync(Uri url, Point point, Random random)
    {
        await using var client = await WireConnection.ConnectAsync(url);
        switch (point)
        {
            case Point.InTheHead:
                await client.SendAsync("GET /hang HTTP/1.1\r\nHost: x\r\nX-Ha"[..random.Next(1, 34)]);
                break;
            case Point.AfterTheHead:
                await SendAsync(client, "GET", "/hang");
                break;
            case Point.InALengthUpload:
                await SendAsync(client, "POST", "/upload", "Content-Length: 1000000\r\n");
                await client.SendAsync(new byte[random.Next(200_000)]);
                break;
            case Point.InAChunkedUpload:
                await SendAsync(client, "POST", "/upload", "Transfer-Encoding: chunked\r\n");
                for (var chunks = random.Next(20); chunks > 0; chunks--)
                    await client.SendAsync($"1000\r\n{new string('x', 0x1000)}\r\n");
                await client.SendAsync("1000\r\nxxx"[..random.Next(9)]);
                break;
            case Point.AfterAnEarlyAnswer:
                await SendAsync(client, "POST", "/refused", "Content-Length: 1000000\r\n");
                await client.SendAsync(new byte[random.Next(50_000)]);
                Assert.Equal(413, (await client.ReadMessageAsync()).Status);
                break;
            case Point.AwaitingTheHead:
                await SendAsync(client, "GET", "/hang");
                for (var turns = random.Next(200); turns > 0; turns--)
                    await Task.Yield();
                break;
            case Point.AfterAnInterim:
                await SendAsync(client, "GET", "/hint");
                Assert.Equal(103, (await client.ReadHeadAsync())!.Status);
                break;
            case Point.InTheDownload:
                await SendAsync(client, "GET", "/stream");
                Assert.Equal(200, (await client.ReadHeadAsync())!.Status);
                for (var chunks = random.Next(10); chunks > 0; chunks--)
                    Assert.NotEmpty(await client.ReadChunkAsync());
                break;
            case Point.InATunnel:
                await SendAsync(client, "GET", "/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
                Assert.Equal(101, (await client.ReadHeadAsync())!.Status);
                Assert.Equal("welcome"u8.ToArray(), await client.ReadExactlyAsync(7));
                var bytes = new byte[random.Next(1, 2000)];
                await client.SendAsync(bytes);
                if (random.Next(2) == 0)
                    Assert.Equal(bytes, await client.ReadExactlyAsync(bytes.Length));
                break;
            case Point.AfterTheAnswer:
                await SendAsync(client, "GET", "/ok");
                Assert.Equal(200, (await client.ReadMessageAsync()).Status);
                break;
        }

        if (random.Next(2) == 0)
            client.Reset();
    }

    /// <summary>Clients that leave while none of their requests has a connection, or no more than what the backlog takes.</summary>
    private static async Task CancelDuringDialAsync(ProxyProcess process, HangingEnclave enclave, Random random)
    {
        await enclave.PauseAsync();
        var clients = new List<WireConnection>();
        for (var i = 0; i < DuringDial; i++)
        {
            clients.Add(await WireConnection.ConnectAsync(process.Url));
            await SendAsync(clients[^1], "GET", "/hang");
        }

        await Eventually.TrueAsync(async () => await UnderWayAsync(process) >= DuringDial);
        foreach (var client in clients)
        {
            if (random.Next(2) == 0)
                client.Reset();
            await client.DisposeAsync();
        }

        await Eventually.TrueAsync(async () => await UnderWayAsync(process) == 0);
        enclave.Resume();
    }

    private static Task SendAsync(WireConnection client, string method, string path, string fields = "") =>
        client.SendAsync($"{method} {path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n");

    private static async Task<(int InFlight, int Connections)> StateAsync(ProxyProcess process)
    {
        var (_, body) = await process.AdminAsync("/enclaves");
        var enclave = body.GetProperty("enclaves").EnumerateArray().Single();
        return (enclave.GetProperty("inFlight").GetInt32(), enclave.GetProperty("connections").GetInt32());
    }

    /// <summary>Requests that an enclave has, or that wait for one.</summary>
    private static async Task<int> UnderWayAsync(ProxyProcess process)
    {
        var (_, body) = await process.AdminAsync("/enclaves");
        var enclave = body.GetProperty("enclaves").EnumerateArray().Single();
        return enclave.GetProperty("inFlight").GetInt32() + enclave.GetProperty("waiting").GetInt32();
    }

    /// <summary>What the program holds once nothing runs; with a state before, not before it is down to that.</summary>
    private static async Task<Held> SettledAsync(ProxyProcess process, HangingEnclave enclave, Held? before = null)
    {
        Held? held = null;
        Held? settled = null;
        await Eventually.TrueAsync(
            async () =>
            {
                var last = settled;
                var (inFlight, connections) = await StateAsync(process);
                held = new Held(inFlight, connections, enclave.Open, OpenDescriptors(process), Memory(process.Id));
                if (held is not { InFlight: 0, Connections: 0, AtTheEnclave: 0 })
                    return false;
                settled = held;
                if (before is null)
                    return last?.Descriptors == held.Descriptors;
                if (held.Memory > before.Memory + MemoryMargin)
                {
                    // Garbage is collected, and given back, once nobody asks for anything: this only looks.
                    var most = before.Memory + MemoryMargin;
                    await Eventually.TrueAsync(() => Memory(process.Id) <= most, () => $"{Memory(process.Id)} bytes, of {most} at most");
                    return false;
                }

                return held.Descriptors <= before.Descriptors + DescriptorMargin;
            },
            () => $"{held}; when nothing ran last: {settled}, instead of {before}\n{process.Out}");
        return settled!;
    }

    /// <summary>
    /// Sockets, pipes and the like: a library is a file, and opened when something first needs it, whatever was cancelled.
    /// </summary>
    private static int OpenDescriptors(ProxyProcess process) => Descriptors.Of(process).Count(d => !d.Target.StartsWith('/'));

    private static long Memory(int id)
    {
        var line = File.ReadLines($"/proc/{id}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private sealed record Held(int InFlight, int Connections, int AtTheEnclave, int Descriptors, long Memory)
    {
        public override string ToString() =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"{InFlight} in flight, {Connections} connections ({AtTheEnclave} at the enclave), {Descriptors} "
                    + $"descriptors, {Memory / 1048576.0:F1} MiB");
    }
}
