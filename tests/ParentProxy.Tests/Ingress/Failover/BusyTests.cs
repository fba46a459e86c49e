using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Failover;

/// <summary>Enclaves whose connections are all busy.</summary>
public sealed class BusyTests
{
    private static readonly string[] Settings =
        ["Routing:LoadBalancing=FirstAlphabetical", "Health:Probe:Enabled=false", "Routing:MaxConnectionsPerEnclave=1"];

    [Fact]
    public async Task ConnectionsBusy_GoesWhereOneIsFreeAndQueuesWhereNoneIs()
    {
        var late = new TaskCompletionSource();
        await using var one = FaultyEnclave.Waiting(late.Task);
        await using var two = FaultyEnclave.Waiting(late.Task);
        await using var proxy = await StartAsync(one, two);

        var first = proxy.Http.GetAsync("/1");
        await Eventually.TrueAsync(() => one.Requests.Count == 1);
        var second = proxy.Http.GetAsync("/2");
        await Eventually.TrueAsync(() => two.Requests.Count == 1);
        var third = proxy.Http.GetAsync("/3");
        await Eventually.TrueAsync(() => proxy.Server.Registry.All.Sum(e => e.InFlight) == 3);
        Assert.False(third.IsCompleted);
        late.SetResult();

        foreach (var answer in await Task.WhenAll(first, second, third))
            Assert.True(answer.IsSuccessStatusCode);
        Assert.Equal(3, one.Requests.Count + two.Requests.Count);
    }

    [Fact]
    public async Task QueuesFull_Is503WithRetryAfter()
    {
        var late = new TaskCompletionSource();
        await using var one = FaultyEnclave.Waiting(late.Task);
        await using var two = FaultyEnclave.Waiting(late.Task);
        await using var proxy = await StartAsync(one, two, "Routing:MaxQueuedPerEnclave=1", "Routing:QueueTimeout=00:01:00");

        // Two that are served and two that queue; a request that waits for its dial queues as well.
        var posts = new List<Task<HttpResponseMessage>>();
        for (var n = 0; n < 4; n++)
        {
            posts.Add(proxy.Http.PostAsync($"/{n}", new StringContent("hi")));
            await Eventually.TrueAsync(() => one.Requests.Count + two.Requests.Count == Math.Min(n + 1, 2)
                && proxy.Server.Registry.All.Sum(e => e.InFlight) == n + 1
                && proxy.Server.Registry.All.Sum(e => e.Queued) == Math.Max(0, n - 1));
        }

        var refused = await proxy.ExchangeAsync("GET /5 HTTP/1.1\r\nHost: x\r\n\r\n");
        late.SetResult();

        Assert.Equal(503, refused.Status);
        Assert.Equal(1, await proxy.RejectedAsync("connections"));
        Assert.Equal("1", refused.Field("Retry-After"));
        Assert.Contains("connection_limit_reached", refused.Field("Proxy-Status"), StringComparison.Ordinal);
        foreach (var answer in await Task.WhenAll(posts))
            Assert.True(answer.IsSuccessStatusCode);
    }

    [Fact]
    public async Task QueuedForTooLong_Is503AndQueuesNowhereElse()
    {
        var late = new TaskCompletionSource();
        await using var one = FaultyEnclave.Waiting(late.Task);
        await using var two = FaultyEnclave.Waiting(late.Task);
        await using var proxy = await StartAsync(one, two, "Routing:QueueTimeout=00:00:02");

        var first = proxy.Http.GetAsync("/1");
        await Eventually.TrueAsync(() => one.Requests.Count == 1);
        var second = proxy.Http.GetAsync("/2");
        await Eventually.TrueAsync(() => two.Requests.Count == 1);
        var refused = await proxy.ExchangeAsync("GET /3 HTTP/1.1\r\nHost: x\r\n\r\n");
        late.SetResult();

        Assert.Equal(503, refused.Status);
        Assert.Equal(0, await proxy.RetriesAsync("busy"));
        Assert.True((await first).IsSuccessStatusCode && (await second).IsSuccessStatusCode);
    }

    private static Task<TestProxy> StartAsync(FaultyEnclave one, FaultyEnclave two, params string[] settings) =>
        TestProxy.StartAsync([.. TestProxy.Enclave(0, one.EndPoint), .. TestProxy.Enclave(1, two.EndPoint), .. Settings, .. settings]);
}
