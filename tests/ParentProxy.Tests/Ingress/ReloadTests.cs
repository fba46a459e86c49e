using System.Net;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

/// <summary>A reload changes what comes after it and nothing that is under way.</summary>
public sealed class ReloadTests
{
    [Fact]
    public async Task Apply_UnderLoad_FailsNoRequest()
    {
        await using var one = await TestEnclave.StartAsync("unix", name: "one");
        await using var two = await TestEnclave.StartAsync("tcp", name: "two");
        await using var three = await TestEnclave.StartAsync("hybrid", name: "three");
        await using var proxy = await TestProxy.InFrontOfAsync(one.Simulated, "Health:Probe:Interval=00:00:01");
        var ended = false;
        var answered = 0;
        var load = Enumerable.Range(0, 8).Select(async i =>
        {
            while (!Volatile.Read(ref ended))
            {
                using var response = i % 2 == 0
                    ? await proxy.Http.GetAsync("/slow?ms=10")
                    : await proxy.Http.PostAsync("/echo/body", new StringContent("body"));
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                Interlocked.Increment(ref answered);
            }
        }).ToList();

        var endPoints = new[] { one.EndPoint, two.EndPoint, three.EndPoint };
        var at = 0;
        for (var i = 0; i < 12; i++)
        {
            var before = Volatile.Read(ref answered);
            switch (i % 4)
            {
                case 0:
                    proxy.Apply(TestProxy.Enclave(1, endPoints[(at + 1) % 3]));
                    break;
                case 1:
                    proxy.Apply("Routing:MaxConnectionsPerEnclave=64", "Timeouts:Connect=00:00:03");
                    break;
                case 2:
                    proxy.ApplyWithout("Enclaves:1:", "Timeouts:Connect=00:00:02");
                    break;
                default:
                    // The one enclave that is left moves.
                    at = (at + 1) % 3;
                    proxy.ApplyWithout("Enclaves:0:", TestProxy.Enclave(0, endPoints[at]));
                    break;
            }

            await Eventually.TrueAsync(() => Volatile.Read(ref answered) > before + 20 || load.Exists(t => t.IsFaulted));
        }

        Volatile.Write(ref ended, true);
        await Task.WhenAll(load);
        Assert.Empty(proxy.Log.AtLeast(Microsoft.Extensions.Logging.LogLevel.Warning));
    }

    [Fact]
    public async Task Apply_EnclaveMoved_RequestInFlightFinishesAtTheOldOne()
    {
        await using var old = await TestEnclave.StartAsync(name: "old");
        await using var other = await TestEnclave.StartAsync(name: "other");
        await using var proxy = await TestProxy.InFrontOfAsync(old.Simulated);

        var before = old.Simulated.Requests;
        var inFlight = proxy.Http.GetAsync("/slow?ms=1500");
        await Eventually.TrueAsync(() => old.Simulated.Requests > before);
        proxy.Apply(TestProxy.Enclave(0, other.EndPoint));
        using var next = await proxy.Http.GetAsync("/echo");
        using var first = await inFlight;

        Assert.Equal((HttpStatusCode.OK, "other"), (next.StatusCode, next.Headers.GetValues("X-Enclave").Single()));
        Assert.Equal((HttpStatusCode.OK, "old"), (first.StatusCode, first.Headers.GetValues("X-Enclave").Single()));
    }

    [Fact]
    public async Task Apply_EnclaveRemoved_IsGoneFromTheAdminPages()
    {
        await using var one = await TestEnclave.StartAsync();
        await using var two = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(one.Simulated, TestProxy.Enclave(1, two.EndPoint));

        proxy.ApplyWithout("Enclaves:1:");

        Assert.DoesNotContain("\"1\"", await proxy.Admin.GetStringAsync("/enclaves"), StringComparison.Ordinal);
        Assert.Equal("{\"status\":\"healthy\",\"healthy\":1,\"total\":1}", await proxy.Http.GetStringAsync("/health"));
    }

    [Fact]
    public async Task Apply_RoutesChange_TheNextRequestFollowsThem()
    {
        await using var one = await TestEnclave.StartAsync(name: "one");
        await using var two = await TestEnclave.StartAsync(name: "two");
        await using var proxy = await TestProxy.InFrontOfAsync(one.Simulated);
        Assert.Equal("one", await WhoAsync(proxy, "/special"));

        proxy.Apply(
            "ReverseProxy:Clusters:c:Destinations:d:Address=" + two.EndPoint,
            "ReverseProxy:Routes:r:ClusterId=c",
            "ReverseProxy:Routes:r:Match:Path=/special/{**rest}");

        await Eventually.TrueAsync(async () => await WhoAsync(proxy, "/special/x") == "two");
        Assert.Equal("one", await WhoAsync(proxy, "/other"));
    }

    private static async Task<string> WhoAsync(TestProxy proxy, string path)
    {
        using var response = await proxy.Http.GetAsync(path);
        return response.Headers.GetValues("X-Enclave").Single();
    }
}
