using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Ingress.Limiting;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Limiting;

/// <summary>Windows of a day: nothing comes back while a test runs, however long that takes.</summary>
public sealed class RateLimitsTests
{
    private const string Path = "Limits:RateLimits:0:Path=/attestation";
    private const string Window = "Limits:RateLimits:0:Window=1.00:00:00";
    private const string OnePerClient = "Limits:RateLimits:0:PerClient=1";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private const string Request = "GET /attestation?nonce=1 HTTP/1.1\r\nHost: x\r\n\r\n";

    [Fact]
    public async Task Request_OverTheLimit_Is429AndReachesNoEnclave()
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Path, Window, "Limits:RateLimits:0:PerClient=2");
        await using var client = await proxy.ConnectAsync();

        Assert.Equal(200, (await SendAsync(client, Request)).Status);
        Assert.Equal(200, (await SendAsync(client, Request)).Status);
        var refused = await SendAsync(client, "GET /attestation?nonce=2 HTTP/1.1\r\nHost: x\r\nX-Request-Id: the-id\r\n\r\n");

        Assert.Equal("HTTP/1.1 429 Too Many Requests", refused.StartLine);
        Assert.Equal("application/problem+json", refused.Field("Content-Type"));
        Assert.Equal("parent-proxy; error=http_request_denied", refused.Field("Proxy-Status"));
        Assert.Equal("no-store", refused.Field("Cache-Control"));
        Assert.Equal("the-id", refused.Field("X-Request-Id"));
        Assert.Equal("43200", refused.Field("Retry-After"));
        var problem = JsonDocument.Parse(refused.Body).RootElement;
        Assert.Equal("urn:parent-proxy:http_request_denied", problem.GetProperty("type").GetString());
        Assert.Equal("Too Many Requests", problem.GetProperty("title").GetString());
        Assert.Equal(429, problem.GetProperty("status").GetInt32());
        Assert.Equal("the-id", problem.GetProperty("requestId").GetString());
        Assert.Equal(2, enclave.Requests.Count);

        // What is on the connection next is served.
        Assert.Equal(200, (await SendAsync(client, "GET /other HTTP/1.1\r\nHost: x\r\n\r\n")).Status);
    }

    [Fact]
    public async Task Request_OverTheLimit_IsToldOnceAndCounted()
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        using var lines = new AccessLines();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, [Path, Window, OnePerClient, .. lines.Settings()]);
        for (var i = 0; i < 3; i++)
            await proxy.ExchangeAsync(Request);

        var metrics = await proxy.Admin.GetStringAsync("/metrics");
        var line = Assert.Single(
            metrics.Split('\n'),
            line => line.StartsWith("parentproxy_rate_limited_requests_total{", StringComparison.Ordinal)
                && line.Contains("scope=\"client\"", StringComparison.Ordinal));
        Assert.Contains("path=\"/attestation\"", line, StringComparison.Ordinal);
        Assert.Equal("2", line[(line.IndexOf('}', StringComparison.Ordinal) + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]);
        var warning = Assert.Single(proxy.Log.AtLeast(LogLevel.Warning));
        Assert.Contains("/attestation", warning.Message, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", warning.Message, StringComparison.Ordinal);
        Assert.Contains("Limits:RateLimits", warning.Message, StringComparison.Ordinal);
        foreach (var entry in await lines.ReadAsync(2))
        {
            Assert.Equal(429, entry.GetProperty("status").GetInt32());
            Assert.Equal("rate_limited", entry.GetProperty("failure").GetString());
            Assert.Equal("over PerClient 1 in 1.00:00:00 for /attestation", entry.GetProperty("detail").GetString());
            Assert.Equal("none", entry.GetProperty("enclave").GetString());
        }
    }

    [Theory]
    [InlineData("Content-Length: 5\r\n\r\nabcde")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n")]
    public async Task Post_OverTheLimit_LeavesTheConnectionUsable(string rest)
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Path, Window, OnePerClient);
        await using var client = await proxy.ConnectAsync();
        await SendAsync(client, Request);

        Assert.Equal(429, (await SendAsync(client, $"POST /attestation HTTP/1.1\r\nHost: x\r\n{rest}")).Status);
        Assert.Equal(200, (await SendAsync(client, "GET /other HTTP/1.1\r\nHost: x\r\n\r\n")).Status);
    }

    [Fact]
    public async Task Head_OverTheLimit_HasNoBody()
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Path, Window, OnePerClient);
        await using var client = await proxy.ConnectAsync();
        await SendAsync(client, Request);

        await client.SendAsync("HEAD /attestation HTTP/1.1\r\nHost: x\r\n\r\n");
        var refused = await client.ReadMessageAsync(bodiless: true);

        Assert.Equal(429, refused.Status);
        Assert.Equal(200, (await SendAsync(client, "GET /other HTTP/1.1\r\nHost: x\r\n\r\n")).Status);
    }

    [Fact]
    public async Task Upgrade_OverTheLimit_Is429()
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Path, Window, OnePerClient);
        await proxy.ExchangeAsync(Request);

        var refused = await proxy.ExchangeAsync(
            "GET /attestation HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

        Assert.Equal(429, refused.Status);
        Assert.Single(enclave.Requests);
    }

    [Fact]
    public async Task Http2_OverTheLimit_Is429()
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave, Path, Window, OnePerClient, "Kestrel:Endpoints:Http:Url=http://127.0.0.1:0", "Kestrel:Endpoints:Http:Protocols=Http2");
        using var http = TestProxy.Client(proxy.Uri, HttpVersion.Version20);

        using var first = await http.GetAsync("/attestation?nonce=1");
        using var second = await http.GetAsync("/attestation?nonce=1");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.TooManyRequests), (first.StatusCode, second.StatusCode));
    }

    [Theory]
    // Whoever a trusted peer names, of several the last.
    [InlineData("127.0.0.0/8", "203.0.113.1", "203.0.113.2", 200)]
    [InlineData("127.0.0.0/8", "203.0.113.1", "203.0.113.1", 429)]
    [InlineData("127.0.0.0/8", "203.0.113.1", "198.51.100.9, 203.0.113.1", 429)]
    [InlineData("127.0.0.0/8", "203.0.113.1", "203.0.113.1, 198.51.100.9", 200)]
    [InlineData("127.0.0.0/8", "203.0.113.1:1000", "203.0.113.1:1001", 429)]
    [InlineData("127.0.0.0/8", "2001:db8:0:1::1", "2001:db8:0:1:ffff::2", 429)]
    [InlineData("127.0.0.0/8", "2001:db8:0:1::1", "2001:db8:0:2::1", 200)]
    [InlineData("127.0.0.0/8", "unknown", "hidden", 429)]
    // Nobody else is believed.
    [InlineData("10.0.0.0/8", "203.0.113.1", "203.0.113.2", 429)]
    public async Task Clients_AreToldApartByTheirAddress(string trusted, string first, string second, int status)
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave, Path, Window, OnePerClient, $"ForwardedHeaders:TrustedProxies:0={trusted}");

        Assert.Equal(200, await OfAsync(first));
        Assert.Equal(status, await OfAsync(second));

        async Task<int> OfAsync(string client) =>
            (await proxy.ExchangeAsync($"GET /attestation HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {client}\r\n\r\n")).Status;
    }

    [Fact]
    public async Task Total_OverIt_IsRefusedToAll()
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave, Path, Window, OnePerClient, "Limits:RateLimits:0:Total=1", "Limits:RateLimits:0:TotalBurst=2");

        // The second request of the first client takes nothing of what there is for all.
        List<int> statuses = [await OfAsync(1), await OfAsync(1), await OfAsync(2), await OfAsync(3)];
        Assert.Equal([200, 429, 200, 429], statuses);
        var counts = Assert.Single(proxy.Server.Ingress.RateLimits.Rules).Counts;
        Assert.Equal((1, 1), (counts.Of(RateLimitScope.Client), counts.Of(RateLimitScope.Total)));

        async Task<int> OfAsync(int client) => (await proxy.ExchangeAsync(
            $"GET /attestation HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.{client}\r\n\r\n")).Status;
    }

    [Theory]
    [InlineData("/attestation")]
    [InlineData("/attestation?x")]
    [InlineData("//attestation")]
    [InlineData("/attestation/")]
    [InlineData("/%61ttestation")]
    [InlineData("/Attestation")]
    [InlineData("/./attestation")]
    [InlineData("/x/../attestation")]
    [InlineData("/attestation;v=1")]
    [InlineData("http://x/attestation")]
    [InlineData("/attestation//..")]
    [InlineData("/attestation/;/..")]
    [InlineData("/attestation/.;/..")]
    [InlineData("/attestation/..;/../")]
    [InlineData("/attestation/x%2Fy/..")]
    [InlineData("/attestation/x/%2e%2e")]
    [InlineData("/x/../attestation//..")]
    [InlineData("/x%23/../attestation")]
    public async Task Spelling_OfAPath_DoesNotPassBy(string target)
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Path, Window, OnePerClient);
        await proxy.ExchangeAsync(Request);

        Assert.Equal(429, (await proxy.ExchangeAsync($"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n")).Status);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/attestations")]
    [InlineData("/attestation/x")]
    [InlineData("/x?/attestation")]
    [InlineData("/x/../y")]
    [InlineData("/x%23/attestation")]
    public async Task OtherPath_IsNotLimited(string target)
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Path, Window, OnePerClient);
        await proxy.ExchangeAsync(Request);

        Assert.Equal(200, (await proxy.ExchangeAsync($"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n")).Status);
    }

    [Fact]
    public async Task Path_LimitedAsShipped_LetsABurstThroughUntouched()
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);
        var burst = Assert.Single(new LimitOptions().RateLimits).PerClientBurst!.Value;

        for (var i = 0; i < burst; i++)
            Assert.Equal(200, (await proxy.ExchangeAsync($"GET /attestation?nonce=%2b{i}%2F HTTP/1.1\r\nHost: x\r\n\r\n")).Status);

        Assert.Equal(
            Enumerable.Range(0, burst).Select(i => $"GET /attestation?nonce=%2b{i}%2F HTTP/1.1"),
            enclave.Requests.Select(request => request.StartLine));
    }

    [Fact]
    public async Task Reload_OtherRule_HoldsForNewRequests()
    {
        await using var enclave = ScriptedEnclave.Answering(Ok);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Path, Window, OnePerClient);
        Assert.Equal([200, 429], await StatusesAsync(2));

        // Something else has changed: the rule goes on as it is.
        proxy.Apply("Limits:MaxRequestBodyBytes=1000");
        Assert.Equal([429], await StatusesAsync(1));

        // It has changed itself: what its clients used of it is forgotten, what was refused is not.
        proxy.Apply("Limits:RateLimits:0:PerClient=2");
        Assert.Equal([200, 200, 429], await StatusesAsync(3));
        Assert.Equal(3, Assert.Single(proxy.Server.Ingress.RateLimits.Rules).Counts.Of(RateLimitScope.Client));

        proxy.ApplyWithout("Limits:RateLimits", "Limits:RateLimits=");
        Assert.Equal([200], await StatusesAsync(1));
        Assert.Empty(proxy.Server.Ingress.RateLimits.Rules);

        async Task<IReadOnlyList<int>> StatusesAsync(int requests)
        {
            var statuses = new List<int>();
            for (var i = 0; i < requests; i++)
                statuses.Add((await proxy.ExchangeAsync(Request)).Status);
            return statuses;
        }
    }

    [Theory]
    [InlineData("/api/prove", "/api/*")]
    [InlineData("/api/prove/1", "/api/prove/*")]
    [InlineData("/api/exact", "/api/exact")]
    [InlineData("/API/exact/", "/api/exact")]
    [InlineData("/apis", null)]
    [InlineData("/api", null)]
    [InlineData("*", null)]
    public void Find_SeveralRules_TakesTheOneThatSaysMost(string target, string? path)
    {
        using var limits = new RateLimits(Rules("/api/*", "/api/prove/*", "/api/exact"), TimeProvider.System);

        Assert.Equal(path, limits.Find(target)?.Options.Path);
    }

    [Fact]
    public void Find_LongPath_IsFoundToo()
    {
        using var limits = new RateLimits(Rules("/a*"), TimeProvider.System);

        Assert.NotNull(limits.Find("/a" + new string('b', 5000)));
        Assert.Null(limits.Find("/b" + new string('b', 5000)));
    }

    [Fact]
    public void Find_NoRuleForIt_CostsNoMemory()
    {
        using var limits = new RateLimits(Rules("/attestation", "/api/*"), TimeProvider.System);
        limits.Find("/some/%70ath?with=query");
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1000; i++)
            limits.Find("/some/%70ath?with=query");

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData("00:00:01", 5, 1)]
    [InlineData("00:01:00", 60, 1)]
    [InlineData("00:01:00", 40, 2)]
    [InlineData("00:00:00.001", 1, 1)]
    [InlineData("1.00:00:00", 1, 86400)]
    public void RetryAfter_Window_IsWhatOneRequestTakes(string window, int rate, int seconds)
    {
        var options = new RateLimitOptions { Path = "/", Window = TimeSpan.Parse(window), PerClient = rate, Total = rate };
        using var rule = new RateLimitRule(options, new RateLimitCounts(TimeProvider.System), TimeProvider.System);

        Assert.Equal((seconds, seconds), (rule.RetryAfter(RateLimitScope.Client), rule.RetryAfter(RateLimitScope.Total)));
    }

    private static LimitOptions Rules(params string[] paths) =>
        new() { RateLimits = [.. paths.Select(path => new RateLimitOptions { Path = path, Total = 1 })] };

    private static async Task<WireMessage> SendAsync(WireConnection client, string request)
    {
        await client.SendAsync(request);
        return await client.ReadMessageAsync();
    }
}
