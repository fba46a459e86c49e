using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

/// <summary>An ordinary YARP section in front of enclaves.</summary>
public sealed class ReverseProxySectionTests
{
    [Fact]
    public async Task Destinations_ByUri_AreServedShownAndNotCounted()
    {
        await using var enclave = await TestEnclave.StartAsync(name: "direct");
        await using var proxy = await TestProxy.StartAsync(
            "ReverseProxy:Clusters:c:Destinations:d:Address=" + enclave.EndPoint,
            "ReverseProxy:Routes:r:ClusterId=c",
            "ReverseProxy:Routes:r:Match:Path=/{**rest}");
        await proxy.WaitForStateAsync("c/d", "healthy");

        using var response = await proxy.Http.GetAsync("/echo");

        Assert.Equal("direct", response.Headers.GetValues("X-Enclave").Single());
        Assert.Equal("{\"status\":\"healthy\",\"healthy\":0,\"total\":0}", await proxy.Http.GetStringAsync("/health"));
    }

    [Fact]
    public async Task Destinations_ByPattern_AreThoseEnclaves()
    {
        await using var proof = await TestEnclave.StartAsync(name: "proof");
        await using var other = await TestEnclave.StartAsync(name: "other");
        await using var proxy = await TestProxy.StartAsync(
            [
                .. TestProxy.Enclave(0, proof.EndPoint),
                "Enclaves:0:Name=proof-a",
                .. TestProxy.Enclave(1, other.EndPoint),
                "Enclaves:1:Name=other-a",
                "ReverseProxy:Clusters:c:Destinations:d:Address=enclave://proof-*",
                "ReverseProxy:Routes:r:ClusterId=c",
                "ReverseProxy:Routes:r:Match:Path=/{**rest}",
                "ReverseProxy:Routes:r:Match:Headers:0:Name=X-Service",
                "ReverseProxy:Routes:r:Match:Headers:0:Values:0=proof"]);

        for (var i = 0; i < 20; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/echo");
            request.Headers.Add("X-Service", "proof");
            using var response = await proxy.Http.SendAsync(request);
            Assert.Equal("proof", response.Headers.GetValues("X-Enclave").Single());
        }

        // What no route takes goes to all enclaves.
        var seen = new HashSet<string>();
        await Eventually.TrueAsync(async () =>
        {
            using var response = await proxy.Http.GetAsync("/echo");
            seen.Add(response.Headers.GetValues("X-Enclave").Single());
            return seen.Count == 2;
        });
    }

    [Fact]
    public async Task Route_RemovesAPrefix()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await StartAsync(
            enclave, "ReverseProxy:Routes:r:Match:Path=/api/{**rest}", "ReverseProxy:Routes:r:Transforms:0:PathRemovePrefix=/api");

        var echo = await proxy.EchoAsync(target: "/api/echo?a=%2F");

        Assert.Equal("/echo?a=%2F", echo.RawTarget);
        Assert.Equal("example.test", echo.Field("Host"));
    }

    [Fact]
    public async Task Route_ChangesAFieldOnly_TheTargetStaysByteForByte()
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.StartAsync(
            "Health:Probe:Enabled=false",
            "ReverseProxy:Clusters:c:Destinations:d:Address=" + enclave.EndPoint,
            "ReverseProxy:Routes:r:ClusterId=c",
            "ReverseProxy:Routes:r:Match:Path=/{**rest}",
            "ReverseProxy:Routes:r:Transforms:0:RequestHeader=X-Added",
            "ReverseProxy:Routes:r:Transforms:0:Set=yes");

        await proxy.ExchangeAsync("GET /a%2Fb/%41//x?a=%41& HTTP/1.1\r\nHost: x\r\n\r\n");

        var request = Assert.Single(enclave.Requests);
        Assert.Equal("GET /a%2Fb/%41//x?a=%41& HTTP/1.1", request.StartLine);
        Assert.Equal("yes", request.Field("X-Added"));
    }

    [Theory]
    [InlineData("Cookie")]
    [InlineData("ArrCookie")]
    [InlineData("HashCookie")]
    [InlineData(null)]
    public async Task Affinity_ByCookie_StaysWithOneEnclaveUntilItDies(string? policy)
    {
        await using var one = await TestEnclave.StartAsync(name: "one");
        await using var two = await TestEnclave.StartAsync(name: "two");
        await using var proxy = await TestProxy.StartAsync(
            [
                .. TestProxy.Enclave(0, one.EndPoint),
                .. TestProxy.Enclave(1, two.EndPoint),
                "Health:Probe:Interval=00:00:00.200",
                "Health:Probe:UnhealthyAfter=1",
                .. Affinity("Redistribute", policy)]);

        var first = await proxy.ExchangeAsync("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
        var cookie = first.Field("Set-Cookie")!.Split(';')[0];
        var who = first.Field("X-Enclave")!;
        for (var i = 0; i < 20; i++)
            Assert.Equal(who, (await proxy.ExchangeAsync($"GET /echo HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n")).Field("X-Enclave"));

        await (who == "one" ? one : two).KillAsync();
        await proxy.WaitForStateAsync(who == "one" ? "0" : "1", "unhealthy");
        var after = await proxy.ExchangeAsync($"GET /echo HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n");
        Assert.Equal(who == "one" ? "two" : "one", after.Field("X-Enclave"));
    }

    /// <summary>Without a policy it is HashCookie, and that cookie means the same enclave to every proxy, after a restart, too.</summary>
    [Fact]
    public async Task Affinity_ByHashOrWithoutAPolicy_IsKnownToAnotherProxy()
    {
        await using var one = await TestEnclave.StartAsync(name: "one");
        await using var two = await TestEnclave.StartAsync(name: "two");
        string[] enclaves = [.. TestProxy.Enclave(0, one.EndPoint), .. TestProxy.Enclave(1, two.EndPoint)];
        await using var proxy = await TestProxy.StartAsync([.. enclaves, .. Affinity("Return503Error", policy: null)]);
        await using var next = await TestProxy.StartAsync([.. enclaves, .. Affinity("Return503Error", "HashCookie")]);
        var first = await proxy.ExchangeAsync("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
        var cookie = first.Field("Set-Cookie")!.Split(';')[0];
        var who = first.Field("X-Enclave")!;

        for (var i = 0; i < 20; i++)
            Assert.Equal(who, (await next.ExchangeAsync($"GET /echo HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n")).Field("X-Enclave"));
    }

    [Fact]
    public async Task Affinity_EnclaveGoneAndNoOtherAllowed_Is503()
    {
        await using var one = await TestEnclave.StartAsync(name: "one");
        await using var two = await TestEnclave.StartAsync(name: "two");
        await using var proxy = await TestProxy.StartAsync(
            [
                .. TestProxy.Enclave(0, one.EndPoint),
                .. TestProxy.Enclave(1, two.EndPoint),
                "Health:Probe:Interval=00:00:00.200",
                "Health:Probe:UnhealthyAfter=1",
                .. Affinity("Return503Error", "Cookie")]);
        var first = await proxy.ExchangeAsync("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
        var cookie = first.Field("Set-Cookie")!.Split(';')[0];
        var who = first.Field("X-Enclave")!;
        await (who == "one" ? one : two).KillAsync();
        await proxy.WaitForStateAsync(who == "one" ? "0" : "1", "unhealthy");

        var answer = await proxy.ExchangeAsync($"GET /echo HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n");

        Assert.Equal(503, answer.Status);
        Assert.Equal("application/problem+json", answer.Field("Content-Type"));
    }

    [Fact]
    public async Task NoRoute_Matches_Is404()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await StartAsync(enclave, "ReverseProxy:Routes:r:Match:Path=/api/{**rest}");

        var answer = await proxy.ExchangeAsync("GET /other HTTP/1.1\r\nHost: x\r\nX-Request-Id: i\r\n\r\n");

        Assert.Equal(404, answer.Status);
        Assert.Equal("i", answer.Json().GetProperty("requestId").GetString());
    }

    private static Task<TestProxy> StartAsync(TestEnclave enclave, params string[] settings) => TestProxy.StartAsync(
        ["ReverseProxy:Clusters:c:Destinations:d:Address=" + enclave.EndPoint, "ReverseProxy:Routes:r:ClusterId=c", .. settings]);

    private static string[] Affinity(string failurePolicy, string? policy) =>
    [
        "ReverseProxy:Clusters:c:Destinations:d:Address=enclave://*",
        "ReverseProxy:Clusters:c:SessionAffinity:Enabled=true",
        .. policy is null ? Array.Empty<string>() : [$"ReverseProxy:Clusters:c:SessionAffinity:Policy={policy}"],
        $"ReverseProxy:Clusters:c:SessionAffinity:FailurePolicy={failurePolicy}",
        "ReverseProxy:Clusters:c:SessionAffinity:AffinityKeyName=pp",
        "ReverseProxy:Routes:r:ClusterId=c",
        "ReverseProxy:Routes:r:Match:Path=/{**rest}",
    ];
}
