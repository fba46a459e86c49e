using System.Text.Json;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

/// <summary>
/// What is cut off at the end of <c>Timeouts:Drain</c> was cut off by us: the log says so wherever the request had come to, and does
/// not blame the client.
/// </summary>
public sealed class StopCutTests : IDisposable
{
    private readonly AccessLines _lines = new();

    public void Dispose() => _lines.Dispose();

    [Theory]
    [InlineData("GET /hang HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("POST /hang HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")]
    public async Task BeforeTheHead_IsStopped(string request)
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.ReadToEndAsync();
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Settings());
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(request);
        await Eventually.TrueAsync(() => enclave.Accepted == 1);

        await AssertCutAsync(proxy, client, 503, "0");
    }

    [Fact]
    public async Task AfterTheHead_IsStopped()
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
            await connection.ReadToEndAsync();
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Settings());
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await client.ReadHeadAsync();
        await client.ReadExactlyAsync(3);

        await AssertCutAsync(proxy, client, 200, "0");
    }

    [Theory]
    [InlineData("/hang", 503)]
    [InlineData("/stream?count=2&ms=600000", 200)]
    public async Task OverHttp2_IsStopped(string target, int status)
    {
        await using var enclave = await TestEnclave.StartAsync(http2: true);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, Settings("Routing:HttpVersion=2"));
        var before = enclave.Simulated.Requests;
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync($"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
        if (status == 200)
            await client.ReadHeadAsync();
        await Eventually.TrueAsync(() => enclave.Simulated.Requests > before);

        // Over HTTP/2 it is not known before the head whether an enclave had it.
        await AssertCutAsync(proxy, client, status, enclave: null);
    }

    [Fact]
    public async Task WaitingForAConnection_IsStopped()
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.ReadToEndAsync();
        });
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave, Settings("Routing:MaxConnectionsPerEnclave=1", "Routing:QueueTimeout=00:10:00"));
        await using var first = await proxy.ConnectAsync();
        await first.SendAsync("GET /first HTTP/1.1\r\nHost: x\r\n\r\n");
        await Eventually.TrueAsync(() => enclave.Accepted == 1);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("GET /second HTTP/1.1\r\nHost: x\r\n\r\n");
        await Eventually.TrueAsync(() => proxy.Server.Registry.All[0].Queued == 1);

        await AssertCutAsync(proxy, client, 503, enclave: null, of: "/second", among: 2);
    }

    [Fact]
    public async Task WaitingForAnEnclave_IsStopped()
    {
        using var closed = new ClosedPort();
        await using var proxy = await TestProxy.StartAsync(
            [.. TestProxy.Enclave(0, closed.EndPoint), .. Settings("Retry:WaitForEnclave=00:10:00")]);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await Eventually.TrueAsync(() => proxy.Server.Registry.All[0].Waiting == 1);

        await AssertCutAsync(proxy, client, 503, enclave: null);
    }

    [Fact]
    public async Task ClientGoneWhileItWaitsForAnEnclave_IsCanceled()
    {
        using var closed = new ClosedPort();
        await using var proxy = await TestProxy.StartAsync(
            [.. TestProxy.Enclave(0, closed.EndPoint), .. _lines.Settings("all"), "Retry:WaitForEnclave=00:10:00"]);
        await using (var client = await proxy.ConnectAsync())
        {
            await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
            await Eventually.TrueAsync(() => proxy.Server.Registry.All[0].Waiting == 1);
        }

        var line = Assert.Single(await _lines.ReadAsync());
        Assert.Equal((499, "canceled"), (line.GetProperty("status").GetInt32(), line.GetProperty("failure").GetString()));
    }

    private string[] Settings(params string[] more) => [.. _lines.Settings(), "Timeouts:Drain=00:00:00.100", .. more];

    private async Task AssertCutAsync(
        TestProxy proxy, WireConnection client, int status, string? enclave, string? of = null, int among = 1)
    {
        var stopping = proxy.StopAsync();
        await client.ReadToEndAsync();

        Assert.False(await stopping);
        var lines = await _lines.ReadAsync(among);
        Assert.Equal(among, lines.Count);
        var line = lines.Single(line => of is null || line.GetProperty("path").GetString() == of);
        Assert.Equal((status, "stopped"), (line.GetProperty("status").GetInt32(), Text(line, "failure")));
        if (enclave is not null)
            Assert.Equal(enclave, Text(line, "enclave"));
        Assert.Contains(
            $"code=\"{status}\"", await proxy.Admin.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    private static string? Text(JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.GetString() : null;
}
