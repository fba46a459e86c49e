using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

public sealed class LimitTests
{
    [Theory]
    [InlineData(16 * 1024, true)]
    [InlineData(16 * 1024 + 1, false)]
    public async Task RequestLine_AtAndAboveTheLimit_IsTakenOrRefused(int bytes, bool taken)
    {
        // With the end of the line.
        var line = $"GET /{new string('a', bytes - "GET / HTTP/1.1\r\n".Length)} HTTP/1.1\r\n";

        await AssertAsync($"{line}Host: x\r\n\r\n", taken);
    }

    [Theory]
    [InlineData(64 * 1024, true)]
    [InlineData(64 * 1024 + 100, false)]
    public async Task Fields_AtAndAboveTheLimitOfBytes_AreTakenOrRefused(int bytes, bool taken)
    {
        var fields = new StringBuilder("Host: x\r\n");
        for (var i = 0; fields.Length < bytes - 1000; i++)
            fields.Append(System.Globalization.CultureInfo.InvariantCulture, $"X-{i}: {new string('v', 900)}\r\n");
        var last = new string('v', bytes - fields.Length - "X-Last: \r\n".Length);
        fields.Append("X-Last: ").Append(last).Append("\r\n");
        Assert.Equal(bytes, fields.Length);

        await AssertAsync($"GET / HTTP/1.1\r\n{fields}\r\n", taken);
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(201, false)]
    public async Task Fields_AtAndAboveTheLimitOfNumber_AreTakenOrRefused(int count, bool taken)
    {
        var fields = string.Concat(Enumerable.Range(1, count - 1).Select(i => $"X-{i}: v\r\n"));

        await AssertAsync($"GET / HTTP/1.1\r\nHost: x\r\n{fields}\r\n", taken);
    }

    [Fact]
    public async Task Field_OfNearly64KiB_IsTakenOverHttp2()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave.Simulated, "Kestrel:Endpoints:Http:Url=http://127.0.0.1:0", "Kestrel:Endpoints:Http:Protocols=Http2");
        using var http = TestProxy.Client(proxy.Uri, HttpVersion.Version20);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/echo")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var value = new string('v', 60 * 1024);
        request.Headers.Add("X-Long", value);

        using var response = await http.SendAsync(request);

        Assert.Equal(value, Echo.Parse(await response.Content.ReadAsStringAsync()).Field("X-Long"));
    }

    [Theory]
    [InlineData("Limits:MaxRequestBodyBytes=10", "Content-Length: 10\r\n\r\n0123456789", 204)]
    // Kestrel counts the framing of the chunks as well.
    [InlineData("Limits:MaxRequestBodyBytes=20", "Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n", 204)]
    [InlineData("Limits:MaxRequestBodyBytes=10", "Content-Length: 11\r\n\r\n0123456789a", 413)]
    [InlineData("Limits:MaxRequestBodyBytes=10", "Transfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n0\r\n\r\n", 413)]
    [InlineData("Kestrel:Limits:MaxRequestBodySize=10", "Content-Length: 10\r\n\r\n0123456789", 204)]
    [InlineData("Kestrel:Limits:MaxRequestBodySize=10", "Content-Length: 11\r\n\r\n0123456789a", 413)]
    [InlineData("Kestrel:Limits:MaxRequestBodySize=10", "Transfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n0\r\n\r\n", 413)]
    public async Task Body_AtAndAboveTheLimit_IsTakenOrRefused(string setting, string rest, int status)
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, setting);

        var answer = await proxy.ExchangeAsync($"POST / HTTP/1.1\r\nHost: x\r\n{rest}");

        Assert.Equal(status, answer.Status);
        Assert.Equal(status == 204 ? 1 : 0, enclave.Requests.Count);
        if (status == 413)
            Assert.Equal("application/problem+json", answer.Field("Content-Type"));
    }

    [Fact]
    public async Task Body_LimitChangedByReload_Counts()
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        Assert.Equal(204, (await proxy.ExchangeAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n0123456789a")).Status);
        proxy.Apply("Limits:MaxRequestBodyBytes=10");
        Assert.Equal(413, (await proxy.ExchangeAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n0123456789a")).Status);
    }

    [Fact]
    public async Task Connections_AboveTheLimit_AreClosedAtOnceAndThereIsRoomAgainLater()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, "Limits:MaxConnections=2");
        var one = await proxy.ConnectAsync();
        await using var two = await proxy.ConnectAsync();
        foreach (var connection in (WireConnection[])[one, two])
        {
            await connection.SendAsync("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
            Assert.Equal(200, (await connection.ReadMessageAsync()).Status);
        }

        await using (var three = await proxy.ConnectAsync())
            Assert.Empty((await three.ReadToEndAsync()).Received);
        await proxy.Log.WaitForAsync(e => e.Message.Contains("Limits:MaxConnections", StringComparison.Ordinal));

        // A client that would be turned away must not be sent here.
        using (var ready = await proxy.Admin.GetAsync("/health/ready"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            Assert.Contains("Limits:MaxConnections", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using (var health = await proxy.Admin.GetAsync("/health"))
            Assert.Contains("\"accepting\": false", await health.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        await one.DisposeAsync();
        await Eventually.TrueAsync(async () =>
        {
            await using var again = await proxy.ConnectAsync();
            try
            {
                await again.SendAsync("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
                return await again.ReadHeadAsync() is { Status: 200 };
            }
            catch (IOException)
            {
                return false;
            }
        });
        await proxy.Log.WaitForAsync(e => e.Message.Contains("are accepted again", StringComparison.Ordinal));
        Assert.Equal("ready", (await proxy.Admin.GetFromJsonAsync<JsonElement>("/health/ready")).GetProperty("status").GetString());
    }

    private static async Task AssertAsync(string request, bool taken)
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        var answer = await proxy.ExchangeAsync(request);

        if (taken)
            Assert.Equal(204, answer.Status);
        else
            Assert.InRange(answer.Status, 400, 499);
        Assert.Equal(taken ? 1 : 0, enclave.Accepted);
    }
}
