using System.Text.Json;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Routing;

/// <summary>Who gets how many requests.</summary>
public sealed class BalancingTests
{
    [Fact]
    public async Task LeastRequests_OneAtATime_FollowsTheWeights()
    {
        await using var one = await TestEnclave.StartAsync(name: "one");
        await using var two = await TestEnclave.StartAsync(name: "two");
        await using var proxy = await StartAsync(one, two, "Routing:LoadBalancing=LeastRequests", "Enclaves:0:Weight=3");

        Assert.Equal((30, 10), await AskAsync(proxy, 40));

        proxy.Apply("Enclaves:0:Weight=1", "Enclaves:1:Weight=4");
        Assert.Equal((8, 32), await AskAsync(proxy, 40));
    }

    [Fact]
    public async Task LeastRequests_Concurrent_FollowsTheWeights()
    {
        await using var one = await TestEnclave.StartAsync(name: "one");
        await using var two = await TestEnclave.StartAsync(name: "two");
        await using var proxy = await StartAsync(one, two, "Routing:LoadBalancing=LeastRequests", "Enclaves:0:Weight=3");

        // One after the other: two that are decided at once see the same counts.
        var waiting = new List<Task<HttpResponseMessage>>();
        for (var n = 1; n <= 40; n++)
        {
            waiting.Add(proxy.Http.GetAsync("/hang"));
            await Eventually.TrueAsync(() => proxy.Server.Registry.All.Sum(e => e.InFlight) == n);
        }

        Assert.Equal((30, 10), (proxy.Server.Registry.All[0].InFlight, proxy.Server.Registry.All[1].InFlight));
        proxy.Http.CancelPendingRequests();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(waiting));
    }

    [Theory]
    [InlineData("RoundRobin")]
    [InlineData("Random")]
    [InlineData("PowerOfTwoChoices")]
    [InlineData("LeastRequests")]
    public async Task SlowStart_EnclaveReturns_GetsLessThanItsShareAtFirst(string policy)
    {
        await using var one = await TestEnclave.StartAsync(name: "one");
        await using var two = await TestEnclave.StartAsync(name: "two");
        await using var proxy = await StartAsync(
            one, two, $"Routing:LoadBalancing={policy}", "Routing:SlowStart=01:00:00", "Health:Probe:Interval=00:00:00.100");

        await two.KillAsync();
        await proxy.WaitForStateAsync("1", "unhealthy");
        await two.RestartAsync();
        await proxy.WaitForStateAsync("1", "healthy");
        var (_, returned) = await AskAsync(proxy, 300);

        // A tenth of the time it takes part, half of its turns are its own then.
        Assert.InRange(returned, 1, 75);
        proxy.Apply("Routing:SlowStart=00:00:00");
        Assert.InRange((await AskAsync(proxy, 100)).Two, 25, 75);
    }

    [Fact]
    public async Task SlowStart_AtTheStartOfTheProgram_AllGetTheirShare()
    {
        await using var one = await TestEnclave.StartAsync(name: "one");
        await using var two = await TestEnclave.StartAsync(name: "two");
        await using var proxy = await StartAsync(one, two, "Routing:LoadBalancing=RoundRobin", "Routing:SlowStart=01:00:00");

        Assert.Equal((20, 20), await AskAsync(proxy, 40));
    }

    [Fact]
    public async Task SlowStart_OnlyEnclaveReturns_GetsEverything()
    {
        await using var one = await TestEnclave.StartAsync(name: "one");
        await using var proxy = await TestProxy.InFrontOfAsync(
            one.Simulated, "Routing:SlowStart=01:00:00", "Health:Probe:Interval=00:00:00.100");

        await one.KillAsync();
        await proxy.WaitForStateAsync("0", "unhealthy");
        await one.RestartAsync();

        Assert.Equal((20, 0), await AskAsync(proxy, 20));
    }

    [Theory]
    [InlineData("RoundRobin")]
    [InlineData("Random")]
    [InlineData("PowerOfTwoChoices")]
    [InlineData("LeastRequests")]
    [InlineData("FirstAlphabetical")]
    public async Task WeightZero_AnyPolicy_GetsNothing(string policy)
    {
        await using var one = await TestEnclave.StartAsync(name: "one");
        await using var two = await TestEnclave.StartAsync(name: "two");
        await using var proxy = await StartAsync(one, two, $"Routing:LoadBalancing={policy}");
        proxy.Apply("Enclaves:0:Weight=0");

        Assert.Equal((0, 20), await AskAsync(proxy, 20));

        proxy.Apply("Enclaves:0:Weight=1");
        Assert.NotEqual(0, (await AskAsync(proxy, 20)).One);
    }

    private static Task<TestProxy> StartAsync(TestEnclave one, TestEnclave two, params string[] settings) =>
        TestProxy.StartAsync([.. TestProxy.Enclave(0, one.EndPoint), .. TestProxy.Enclave(1, two.EndPoint), .. settings]);

    private static async Task<(int One, int Two)> AskAsync(TestProxy proxy, int count)
    {
        int one = 0, two = 0;
        for (var i = 0; i < count; i++)
        {
            using var json = JsonDocument.Parse(await proxy.Http.GetStringAsync("/echo"));
            var name = json.RootElement.GetProperty("enclave").GetString();
            one += name == "one" ? 1 : 0;
            two += name == "two" ? 1 : 0;
        }

        Assert.Equal(count, one + two);
        return (one, two);
    }
}
