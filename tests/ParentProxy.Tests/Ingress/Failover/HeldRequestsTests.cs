using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Failover;

/// <summary>What is said of requests that stay with an enclave which is out.</summary>
public sealed class HeldRequestsTests
{
    private const string Post = "POST /hang HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi";
    private static readonly string[] Settings =
        ["Routing:SlowStart=00:00:00", "Health:Probe:Interval=00:00:00.100", "Health:Probe:Timeout=00:00:01"];

    [Fact]
    public async Task Frozen_RequestsOfEachKind_AreToldOnceWithWhatBoundsThem()
    {
        var isFrozen = false;
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            while (true)
            {
                var request = await connection.ReadHeadAsync() ?? throw new EndOfStreamException();
                if (Volatile.Read(ref isFrozen))
                    await Task.Delay(Timeout.Infinite);
                await connection.SendAsync(request.StartLine.Split(' ')[1] switch
                {
                    "/stream" => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
                    "/socket" => "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
                    "/hang" => "",
                    _ => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                });
            }
        });
        await using var other = FaultyEnclave.Good();
        await using var proxy = await TestProxy.StartAsync([
            .. TestProxy.Enclave(0, enclave.EndPoint),
            .. TestProxy.Enclave(1, other.EndPoint),
            .. Settings,
            "Routing:LoadBalancing=FirstAlphabetical"]);

        // A first probe that takes too long on a busy machine sends requests to the other one.
        await proxy.WaitForStateAsync("0", "healthy");
        await using var one = await SendAsync(proxy, Post);
        await using var two = await SendAsync(proxy, Post);
        await using var stream = await SendAsync(proxy, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Equal(200, (await stream.ReadHeadAsync())!.Status);
        await using var socket = await SendAsync(
            proxy,
            "GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
        Assert.Equal(101, (await socket.ReadHeadAsync())!.Status);

        Volatile.Write(ref isFrozen, true);

        var line = await proxy.Log.WaitForAsync(IsTold);
        Assert.Contains("Enclave 0", line.Message, StringComparison.Ordinal);
        Assert.Contains(" with 4 requests ", line.Message, StringComparison.Ordinal);
        Assert.Contains("2 without an answer, for 00:15:00 at most (Timeouts:ResponseHead)", line.Message, StringComparison.Ordinal);
        Assert.Contains("1 in the middle of their answer, for 00:05:00 at most (Timeouts:Idle)", line.Message, StringComparison.Ordinal);
        Assert.Contains("1 upgraded connections, for 01:00:00 at most (Timeouts:Tunnel)", line.Message, StringComparison.Ordinal);
        var probed = (await proxy.EnclaveAsync("0")).GetProperty("lastProbe").GetProperty("at").GetDateTimeOffset();
        await Eventually.TrueAsync(async () => (await proxy.EnclaveAsync("0"))
            .GetProperty("lastProbe")
            .GetProperty("at")
            .GetDateTimeOffset() > probed + TimeSpan.FromSeconds(1));
        Assert.Single(proxy.Log.Entries, IsTold);
        Assert.Equal(4, (await proxy.EnclaveAsync("0")).GetProperty("inFlight").GetInt32());
    }

    [Fact]
    public async Task Http2_ARequestThatStays_IsTold()
    {
        await using var enclave = await TestEnclave.StartAsync(http2: true);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, [.. Settings, "Routing:HttpVersion=2"]);
        await using var client = await SendAsync(proxy, Post);

        enclave.Simulated.Healthy = false;

        var line = await proxy.Log.WaitForAsync(IsTold);
        Assert.Contains("1 without an answer, for 00:15:00 at most (Timeouts:ResponseHead)", line.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OutAgain_WithTheSameRequest_IsToldAgain()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, Settings);
        await using var client = await SendAsync(proxy, Post);

        for (var times = 1; times <= 2; times++)
        {
            enclave.Simulated.Healthy = false;
            await Eventually.TrueAsync(() => proxy.Log.Entries.Count(IsTold) == times);
            enclave.Simulated.Healthy = true;
            await proxy.WaitForStateAsync("0", "healthy");
        }
    }

    private static bool IsTold(TestLog.Entry entry) => entry.Message.Contains("go nowhere else", StringComparison.Ordinal);

    private static async Task<WireConnection> SendAsync(TestProxy proxy, string request)
    {
        var before = proxy.Server.Registry.Find("0")!.InFlight;
        var connection = await proxy.ConnectAsync();
        await connection.SendAsync(request);
        await Eventually.TrueAsync(() => proxy.Server.Registry.Find("0")!.InFlight > before);
        return connection;
    }
}
