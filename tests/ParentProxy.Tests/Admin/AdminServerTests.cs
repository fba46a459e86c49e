using System.Globalization;
using System.Text.Json;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Admin;

public sealed class AdminServerTests : IAsyncLifetime
{
    private TestEnclave _enclave = null!;
    private TestProxy _proxy = null!;

    public async ValueTask InitializeAsync()
    {
        _enclave = await TestEnclave.StartAsync(name: "blue");
        _proxy = await TestProxy.InFrontOfAsync(_enclave.Simulated, "Enclaves:0:Name=proof", "Admin:AllowedHosts:0=ops.example");
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _enclave.DisposeAsync();
    }

    [Fact]
    public async Task Health_ShowsEveryEnclave()
    {
        var answer = await AskAsync("GET /health");

        Assert.Equal(200, answer.Status);
        Assert.Equal("application/json", answer.Field("Content-Type"));
        Assert.Null(answer.Field("Server"));
        var json = answer.Json();
        Assert.Equal("healthy", json.GetProperty("status").GetString());
        Assert.Equal((1, 1), (json.GetProperty("healthy").GetInt32(), json.GetProperty("total").GetInt32()));
        Assert.Contains(
            _proxy.Uri.Port.ToString(CultureInfo.InvariantCulture), json.GetProperty("listeners").ToString(), StringComparison.Ordinal);
        AssertEnclave(json.GetProperty("enclaves").EnumerateArray().Single());
    }

    [Fact]
    public async Task Enclaves_IsTheRegistry() =>
        AssertEnclave((await AskAsync("GET /enclaves")).Json().GetProperty("enclaves").EnumerateArray().Single());

    [Theory]
    [InlineData("GET /health/live", 200)]
    [InlineData("GET /health/ready", 200)]
    [InlineData("GET /health/live?x=y", 200)]
    [InlineData("GET /unknown", 404)]
    [InlineData("GET /health/", 404)]
    [InlineData("POST /health", 405)]
    [InlineData("DELETE /enclaves", 405)]
    [InlineData("PUT /unknown", 405)]
    [InlineData("OPTIONS /health", 405)]
    public async Task Path_AndMethod_Decide(string request, int status)
    {
        var answer = await AskAsync(request);

        Assert.Equal(status, answer.Status);
        if (status == 405)
            Assert.Equal("GET, HEAD", answer.Field("Allow"));
    }

    [Fact]
    public async Task Head_HasNoBody()
    {
        await using var connection = await WireConnection.ConnectAsync(_proxy.AdminUri);

        await connection.SendAsync("HEAD /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");

        Assert.Equal(200, (await connection.ReadMessageAsync(bodiless: true)).Status);
        Assert.Equal("live", (await connection.ReadMessageAsync()).Json().GetProperty("status").GetString());
    }

    [Fact]
    public async Task Ready_NoneHealthy_Is503WhileLiveIs200()
    {
        await using var proxy = await TestProxy.InFrontOfAsync(
            _enclave.Simulated, "Health:Probe:Interval=00:00:00.100", "Health:Probe:UnhealthyAfter=1");
        _enclave.Simulated.Healthy = false;
        await proxy.WaitForStateAsync("0", "unhealthy");

        Assert.Equal(503, (int)(await proxy.Admin.GetAsync("/health/ready")).StatusCode);
        Assert.Equal(503, (int)(await proxy.Admin.GetAsync("/health")).StatusCode);
        Assert.Equal(200, (int)(await proxy.Admin.GetAsync("/health/live")).StatusCode);
        Assert.Equal(200, (int)(await proxy.Admin.GetAsync("/enclaves")).StatusCode);
    }

    [Theory]
    [InlineData("localhost", 200)]
    [InlineData("LOCALHOST:9464", 200)]
    [InlineData("127.0.0.1:1", 200)]
    [InlineData("10.1.2.3", 200)]
    [InlineData("[::1]:9464", 200)]
    [InlineData("ops.example", 200)]
    [InlineData("OPS.example:9464", 200)]
    [InlineData("evil.example", 400)]
    [InlineData("localhost.evil.example", 400)]
    [InlineData("127.0.0.1.evil.example", 400)]
    [InlineData("", 400)]
    public async Task Host_MustBeAnAddressOrAllowed(string host, int status) =>
        Assert.Equal(status, (await AskAsync("GET /health/live", host)).Status);

    [Theory]
    [InlineData("/health/live", "localhost")]
    [InlineData("/health/ready", "127.0.0.1")]
    [InlineData("/enclaves", "ADMIN")]
    [InlineData("/metrics", "ADMIN")]
    [InlineData("http://ADMIN/enclaves", "ADMIN")]
    public async Task AdminPages_OnThePublicPort_AreNotThere(string target, string host)
    {
        var admin = _proxy.AdminUri.Authority;

        var answer = await _proxy.ExchangeAsync(
            $"GET {target.Replace("ADMIN", admin, StringComparison.Ordinal)} HTTP/1.1\r\n"
                + $"Host: {host.Replace("ADMIN", admin, StringComparison.Ordinal)}\r\nX-Forwarded-Port: {_proxy.AdminUri.Port}\r\n\r\n");

        // The enclave was asked, and does not know them.
        Assert.Equal("blue", answer.Field("X-Enclave"));
        Assert.DoesNotContain("unix:", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PublicPaths_OnTheAdminPort_AreNotForwarded()
    {
        var before = _enclave.Simulated.Requests;

        Assert.Equal(404, (await AskAsync("GET /echo")).Status);
        Assert.Equal(before, _enclave.Simulated.Requests);
    }

    private void AssertEnclave(JsonElement enclave)
    {
        Assert.Equal("0", enclave.GetProperty("id").GetString());
        Assert.Equal("proof", enclave.GetProperty("name").GetString());
        Assert.Equal(_enclave.EndPoint, enclave.GetProperty("endpoint").GetString());
        Assert.Equal("unix", enclave.GetProperty("transport").GetString());
        Assert.Equal("healthy", enclave.GetProperty("state").GetString());
        Assert.True(enclave.GetProperty("since").TryGetDateTimeOffset(out _));
        Assert.NotEmpty(enclave.GetProperty("reason").GetString()!);
        Assert.Equal(0, enclave.GetProperty("inFlight").GetInt32());
        Assert.Equal(0, enclave.GetProperty("connections").GetInt32());
        var probe = enclave.GetProperty("lastProbe");
        Assert.Equal(200, probe.GetProperty("status").GetInt32());
        Assert.True(probe.GetProperty("latencyMs").GetDouble() > 0);
    }

    private async Task<WireMessage> AskAsync(string request, string host = "localhost")
    {
        await using var connection = await WireConnection.ConnectAsync(_proxy.AdminUri);
        await connection.SendAsync($"{request} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n");
        return await connection.ReadMessageAsync();
    }
}
