using System.Net;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Failover;

/// <summary>Requests that wait for an enclave which leaves.</summary>
public sealed class MoveTests
{
    private static readonly string[] Settings =
    [
        "Routing:LoadBalancing=FirstAlphabetical", "Routing:SlowStart=00:00:00",
        "Health:Probe:Interval=00:00:00.100", "Health:Probe:Timeout=00:00:01",
    ];

    [Theory]
    [InlineData("GET", "\r\n")]
    [InlineData("PUT", "Content-Length: 2\r\n\r\nhi")]
    public async Task Idempotent_ItsEnclaveFallsSilent_MovesToAnother(string method, string rest)
    {
        await using var silent = FaultyEnclave.Waiting(Task.Delay(Timeout.Infinite));
        await using var good = FaultyEnclave.Good();
        await using var proxy = await StartAsync(silent, good);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync($"{method} / HTTP/1.1\r\nHost: x\r\n{rest}");
        await Eventually.TrueAsync(() => silent.Requests.Count == 1);
        silent.IsSilent = true;

        Assert.Equal(200, (await client.ReadMessageAsync()).Status);
        Assert.Single(good.Requests);
        Assert.Equal(1, await proxy.RetriesAsync("moved"));
        await Eventually.TrueAsync(async () => (await proxy.EnclaveAsync("0")).GetProperty("inFlight").GetInt32() == 0);
    }

    [Fact]
    public async Task Post_ItsEnclaveFallsSilentAndAnswersLate_StaysWithIt()
    {
        var late = new TaskCompletionSource();
        await using var silent = FaultyEnclave.Waiting(late.Task);
        await using var good = FaultyEnclave.Good();
        await using var proxy = await StartAsync(silent, good);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
        await Eventually.TrueAsync(() => silent.Requests.Count == 1);
        silent.IsSilent = true;
        await proxy.WaitForStateAsync("0", "unhealthy");
        Assert.Equal(HttpStatusCode.OK, (await proxy.Http.GetAsync("/")).StatusCode);
        late.SetResult();

        Assert.Equal(200, (await client.ReadMessageAsync()).Status);
        Assert.Equal((1, 1), (silent.Requests.Count, good.Requests.Count));
    }

    [Fact]
    public async Task Post_QueuesAtAnEnclaveThatFallsSilent_GoesToAnotherAndIsSentOnce()
    {
        var late = new TaskCompletionSource();
        await using var silent = FaultyEnclave.Waiting(late.Task);
        await using var good = FaultyEnclave.Waiting(late.Task);
        await using var proxy = await StartAsync(
            silent,
            good,
            "Routing:MaxConnectionsPerEnclave=1",
            "Routing:QueueTimeout=00:01:00",
            "Retry:WaitForEnclave=00:00:01",
            "Timeouts:Connect=00:00:01");
        await using var first = await proxy.ConnectAsync();
        await using var second = await proxy.ConnectAsync();
        await using var third = await proxy.ConnectAsync();
        const string Post = " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi";

        await first.SendAsync("POST /1" + Post);
        await Eventually.TrueAsync(() => silent.Requests.Count == 1);
        await second.SendAsync("POST /2" + Post);
        await Eventually.TrueAsync(() => good.Requests.Count == 1);
        await third.SendAsync("POST /3" + Post);
        await Eventually.TrueAsync(() => proxy.Server.Registry.Find("0")!.InFlight == 2);
        silent.IsSilent = true;
        await proxy.WaitForStateAsync("0", "unhealthy");
        await Eventually.TrueAsync(() => proxy.Server.Registry.Find("1")!.InFlight == 2);
        late.SetResult();

        foreach (var connection in (WireConnection[])[first, second, third])
            Assert.Equal(200, (await connection.ReadMessageAsync()).Status);
        Assert.Equal((1, 2), (silent.Requests.Count, good.Requests.Count));
    }

    [Fact]
    public async Task Get_NoOtherEnclaveIsUsable_StaysUntilOneIs()
    {
        await using var silent = FaultyEnclave.Waiting(Task.Delay(Timeout.Infinite));
        await using var good = FaultyEnclave.Good();
        good.IsSilent = true;
        await using var proxy = await StartAsync(silent, good);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await Eventually.TrueAsync(() => silent.Requests.Count == 1);
        silent.IsSilent = true;
        await proxy.WaitForStateAsync("0", "unhealthy");
        Assert.Equal(0, await proxy.RetriesAsync("moved"));
        good.IsSilent = false;

        Assert.Equal(200, (await client.ReadMessageAsync()).Status);
    }

    [Fact]
    public async Task Removed_DrainIsOver_IdempotentMovesAndTheRestIs502()
    {
        await using var leaving = FaultyEnclave.Waiting(Task.Delay(Timeout.Infinite));
        await using var good = FaultyEnclave.Good();
        await using var proxy = await StartAsync(leaving, good, "Timeouts:Drain=00:00:00.300");
        await using var get = await proxy.ConnectAsync();
        await using var post = await proxy.ConnectAsync();

        await get.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await post.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
        await Eventually.TrueAsync(() => leaving.Requests.Count == 2);
        proxy.ApplyWithout("Enclaves:0:");

        Assert.Equal(200, (await get.ReadMessageAsync()).Status);
        var answer = await post.ReadMessageAsync();
        Assert.Equal(502, answer.Status);
        Assert.Contains("connection_terminated", answer.Field("Proxy-Status"), StringComparison.Ordinal);
        Assert.Single(good.Requests);
    }

    [Fact]
    public async Task Removed_RequestsThatFinishWithinDrain_DoNotNotice()
    {
        var late = new TaskCompletionSource();
        await using var leaving = FaultyEnclave.Waiting(late.Task);
        await using var good = FaultyEnclave.Good();
        await using var proxy = await StartAsync(leaving, good, "Timeouts:Drain=00:00:20");
        await using var get = await proxy.ConnectAsync();

        await get.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await Eventually.TrueAsync(() => leaving.Requests.Count == 1);
        proxy.ApplyWithout("Enclaves:0:");
        Assert.Equal(HttpStatusCode.OK, (await proxy.Http.GetAsync("/")).StatusCode);
        late.SetResult();

        Assert.Equal(200, (await get.ReadMessageAsync()).Status);
        Assert.Equal((1, 1), (leaving.Requests.Count, good.Requests.Count));
    }

    private static async Task<TestProxy> StartAsync(FaultyEnclave one, FaultyEnclave two, params string[] settings)
    {
        var proxy = await TestProxy.StartAsync(
            [.. TestProxy.Enclave(0, one.EndPoint), .. TestProxy.Enclave(1, two.EndPoint), .. Settings, .. settings]);
        // A first probe that takes too long on a busy machine sends requests to the other one.
        await proxy.WaitForStateAsync("0", "healthy");
        return proxy;
    }
}
