using System.Net;
using System.Text;

namespace ParentProxy.Tests.Simulator;

public sealed class FaultRouteTests
{
    [Fact]
    public async Task Reset_EndsTheConnectionBeforeAnyByte()
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        var (received, reset) = await EnclaveClient.ExchangeAsync(fixture.Enclave.EndPoint, Get("/reset"));

        Assert.Empty(received);
        Assert.True(reset);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(5_000_000)]
    public async Task Cut_SendsExactlyHalfThenEndOfFile(int after)
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        var (received, reset) = await EnclaveClient.ExchangeAsync(fixture.Enclave.EndPoint, Get($"/cut?after={after}"));

        var (head, body) = Split(received);
        Assert.Contains($"Content-Length: {2L * after}\r\n", head, StringComparison.Ordinal);
        Assert.Equal(after, body.Length);
        Assert.Equal((after - 1) % 251, body[^1]);
        Assert.False(reset);
    }

    [Fact]
    public async Task Cut_Chunked_LacksTheLastChunk()
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        var (received, _) = await EnclaveClient.ExchangeAsync(fixture.Enclave.EndPoint, Get("/cut?after=4&chunked=true"));

        Assert.Equal("4\r\n\0\u0001\u0002\u0003\r\n", Encoding.Latin1.GetString(Split(received).Body));
    }

    [Theory]
    [InlineData("/reset")]
    [InlineData("/cut?after=10")]
    [InlineData("/garbage")]
    public async Task Faults_OverHttp2_FailTheRequest(string path)
    {
        await using var fixture = await EnclaveFixture.StartAsync(http2: true);

        await Assert.ThrowsAsync<HttpRequestException>(() => fixture.Http.GetAsync(path));
    }

    [Theory]
    [InlineData("/garbage")]
    [InlineData("/reset")]
    public async Task Faults_LeaveTheEnclaveWorking(string path)
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        for (var i = 0; i < 20; i++)
            await Assert.ThrowsAsync<HttpRequestException>(() => fixture.Http.GetAsync(path));
        using var response = await fixture.Http.GetAsync("/echo");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Garbage_IsNoHttp()
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        var (received, _) = await EnclaveClient.ExchangeAsync(fixture.Enclave.EndPoint, Get("/garbage"));

        Assert.Equal("\0\u00ff\u0016\u0003 this is not HTTP\r\n\r\n", Encoding.Latin1.GetString(received));
    }

    [Fact]
    public async Task Early_AnswersWithoutTheBody_AndCloses()
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        // The body never comes.
        var (received, _) = await EnclaveClient.ExchangeAsync(
            fixture.Enclave.EndPoint, "POST /early?code=413 HTTP/1.1\r\nHost: e\r\nContent-Length: 1000000\r\n\r\n");

        var text = Encoding.Latin1.GetString(received);
        Assert.StartsWith("HTTP/1.1 413 ", text, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", text, StringComparison.Ordinal);
    }

    private static string Get(string target) => $"GET {target} HTTP/1.1\r\nHost: e\r\n\r\n";

    private static (string Head, byte[] Body) Split(byte[] response)
    {
        var end = response.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
        return (Encoding.Latin1.GetString(response, 0, end), response[end..]);
    }
}
