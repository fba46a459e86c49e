using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Health;

public sealed class PublicHealthTests
{
    private static readonly string[] Fast = ["Health:Probe:Interval=00:00:00.100", "Health:Probe:UnhealthyAfter=1"];

    [Fact]
    public async Task Health_AsEnclavesComeAndGo_TellsHowManyAndNothingElse()
    {
        await using var one = await TestEnclave.StartAsync();
        await using var two = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(one.Simulated, [.. TestProxy.Enclave(1, two.EndPoint), .. Fast]);

        await AssertAsync(proxy, 200, "{\"status\":\"healthy\",\"healthy\":2,\"total\":2}");
        one.Simulated.Healthy = false;
        await proxy.WaitForStateAsync("0", "unhealthy");
        await AssertAsync(proxy, 200, "{\"status\":\"degraded\",\"healthy\":1,\"total\":2}");
        two.Simulated.Healthy = false;
        await proxy.WaitForStateAsync("1", "unhealthy");
        await AssertAsync(proxy, 503, "{\"status\":\"unhealthy\",\"healthy\":0,\"total\":2}");
        one.Simulated.Healthy = true;
        await proxy.WaitForStateAsync("0", "healthy");
        await AssertAsync(proxy, 200, "{\"status\":\"degraded\",\"healthy\":1,\"total\":2}");
    }

    [Fact]
    public async Task Health_FewerThanMinHealthy_IsUnhealthy()
    {
        await using var one = await TestEnclave.StartAsync();
        await using var two = await TestEnclave.StartAsync();
        two.Simulated.Healthy = false;
        await using var proxy = await TestProxy.InFrontOfAsync(
            one.Simulated, [.. TestProxy.Enclave(1, two.EndPoint), .. Fast, "Health:MinHealthy=2"]);

        await AssertAsync(proxy, 503, "{\"status\":\"unhealthy\",\"healthy\":1,\"total\":2}");
    }

    [Theory]
    [InlineData("GET", "/health")]
    [InlineData("GET", "/health?x")]
    [InlineData("GET", "/health?")]
    [InlineData("GET", "http://example.test/health?a=b")]
    public async Task Target_EqualToThePath_IsAnsweredByTheProxy(string method, string target) =>
        Assert.Equal("{\"status\":\"healthy\",\"healthy\":1,\"total\":1}", await AnsweredByAsync(method, target));

    [Theory]
    [InlineData("GET", "//health")]
    [InlineData("GET", "/%68ealth")]
    [InlineData("GET", "/health/")]
    [InlineData("GET", "/health/live")]
    [InlineData("GET", "/health/ready")]
    [InlineData("GET", "/Health")]
    [InlineData("GET", "/x/../health")]
    [InlineData("GET", "/./health")]
    [InlineData("GET", "/health%3Fx")]
    [InlineData("GET", "/health;a")]
    [InlineData("GET", "/enclaves")]
    [InlineData("GET", "/metrics")]
    [InlineData("get", "/health")]
    [InlineData("Head", "/health")]
    [InlineData("POST", "/health")]
    [InlineData("OPTIONS", "/health")]
    public async Task Target_AnythingElse_GoesToTheEnclave(string method, string target) =>
        Assert.Equal("the enclave", await AnsweredByAsync(method, target));

    [Fact]
    public async Task Head_OfThePath_HasTheLengthAndNoBody()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);
        await using var connection = await proxy.ConnectAsync();

        await connection.SendAsync("HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n");
        var head = await connection.ReadMessageAsync(bodiless: true);
        await connection.SendAsync("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        var get = await connection.ReadMessageAsync();

        Assert.Equal((200, get.Field("Content-Length")), (head.Status, head.Field("Content-Length")));
        Assert.Equal("application/json", get.Field("Content-Type"));
        Assert.Null(get.Field("Server"));
    }

    [Fact]
    public async Task Public_False_ForwardsThePath()
    {
        await using var enclave = await TestEnclave.StartAsync(name: "blue");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, "Health:Public=false");

        var answer = await proxy.ExchangeAsync("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal("blue", answer.Field("X-Enclave"));
        Assert.Contains("\"ok\"", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Path_OfTheConfiguration_IsTheOneAnswered()
    {
        await using var enclave = await TestEnclave.StartAsync(name: "blue");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, "Health:Path=/lb/up");

        Assert.Equal("{\"status\":\"healthy\",\"healthy\":1,\"total\":1}", await proxy.Http.GetStringAsync("/lb/up"));
        Assert.Equal("blue", (await proxy.ExchangeAsync("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")).Field("X-Enclave"));
    }

    private static async Task<string> AnsweredByAsync(string method, string target)
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nthe enclave");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);
        var answer = await proxy.ExchangeAsync($"{method} {target} HTTP/1.1\r\nHost: example.test\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(200, answer.Status);
        return answer.Text;
    }

    private static async Task AssertAsync(TestProxy proxy, int status, string body)
    {
        var answer = await proxy.ExchangeAsync("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Equal((status, body), (answer.Status, answer.Text));
    }
}
