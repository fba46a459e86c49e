using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ParentProxy.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Simulator;

public sealed class OrdinaryRouteTests
{
    [Theory]
    [InlineData("/health")]
    [InlineData("/")]
    public async Task Health_WhenHealthy_AnswersOkWithTime(string path)
    {
        var time = new ManualTimeProvider();
        await using var fixture =
            await EnclaveFixture.StartAsync(new SimulatorOptions { Listen = "tcp://127.0.0.1:0", TimeProvider = time });

        var answer = await fixture.Http.GetFromJsonAsync<JsonElement>(path);

        Assert.Equal("ok", answer.GetProperty("status").GetString());
        Assert.Equal(time.GetUtcNow(), answer.GetProperty("timestamp").GetDateTimeOffset());
    }

    [Fact]
    public async Task Health_WhenNotHealthy_Answers503()
    {
        await using var fixture = await EnclaveFixture.StartAsync();
        fixture.Enclave.Healthy = false;

        using var response = await fixture.Http.GetAsync("/health");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("""{"status":"unavailable"}""", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task EveryResponse_CarriesTheName_AndNoServer()
    {
        await using var fixture = await EnclaveFixture.StartAsync(new SimulatorOptions { Listen = "tcp://127.0.0.1:0", Name = "blue" });

        foreach (var path in new[] { "/health", "/echo", "/status/500", "/nothing-here", "/trailers" })
        {
            using var response = await fixture.Http.GetAsync(path);
            Assert.Equal("blue", response.Headers.GetValues("X-Enclave").Single());
            Assert.Empty(response.Headers.Server);
        }
    }

    [Fact]
    public async Task Counters_HealthAndControl_AreNotOrdinary()
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        foreach (var path in new[] { "/health", "/health", "/control", "/", "/echo", "/nothing-here" })
            (await fixture.Http.GetAsync(path)).Dispose();

        Assert.Equal(3, fixture.Enclave.Requests);
        Assert.Equal(2, fixture.Enclave.HealthRequests);
    }

    [Fact]
    public async Task Attestation_OutsideAnEnclave_Is200WithAnErrorAndNoDocument()
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        using var response = await fixture.Http.GetAsync("/attestation?nonce=n%20once");
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("Development/Unknown", answer.GetProperty("platform").GetString());
        Assert.Equal("n once", answer.GetProperty("nonce").GetString());
        Assert.NotEmpty(answer.GetProperty("error").GetString()!);
        Assert.False(answer.TryGetProperty("attestation", out _));
    }

    [Fact]
    public async Task Attestation_NonceTooLong_Is500()
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        using var response = await fixture.Http.GetAsync("/attestation?nonce=" + new string('n', 513));

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal("Error", (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("format").GetString());
    }

    [Theory]
    [InlineData(false, "HTTP/1.1")]
    [InlineData(true, "HTTP/2")]
    public async Task Echo_TellsWhatArrived(bool http2, string protocol)
    {
        await using var fixture = await EnclaveFixture.StartAsync(http2);
        using var request = new HttpRequestMessage(HttpMethod.Patch, "/echo?a=%2F&a=b");
        request.Headers.Add("X-Twice", ["one", "two"]);
        request.Version = http2 ? HttpVersion.Version20 : HttpVersion.Version11;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        request.Content = new StringContent("hällo");

        using var response = await fixture.Http.SendAsync(request);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal("PATCH", answer.GetProperty("method").GetString());
        Assert.Equal("/echo?a=%2F&a=b", answer.GetProperty("rawTarget").GetString());
        Assert.Equal(protocol, answer.GetProperty("protocol").GetString());
        Assert.Equal("one, two", string.Join(
            ", ", answer.GetProperty("headers").GetProperty(http2 ? "x-twice" : "X-Twice").EnumerateArray().Select(v => v.GetString())));
        Assert.Equal(6, answer.GetProperty("bodyLength").GetInt64());
        Assert.Equal("hällo", answer.GetProperty("body").GetString());
        Assert.Equal("simulated-enclave", answer.GetProperty("enclave").GetString());
    }

    [Fact]
    public async Task Echo_LargeBody_IsCountedWholeAndShownInPart()
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        using var response = await fixture.Http.PostAsync("/echo", new ByteArrayContent([.. Enumerable.Repeat((byte)'x', 200_000)]));
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(200_000, answer.GetProperty("bodyLength").GetInt64());
        Assert.Equal(64 * 1024, answer.GetProperty("body").GetString()!.Length);
    }

    [Fact]
    public async Task Echo_HeaderThatIsNoUtf8_IsShownAsLatin1()
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        var (received, _) = await EnclaveClient.ExchangeAsync(
            fixture.Enclave.EndPoint, "GET /echo HTTP/1.1\r\nHost: e\r\nX-Raw: caf\u00e9\r\nConnection: close\r\n\r\n");

        Assert.Contains("café", Encoding.UTF8.GetString(received), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EchoBody_SendsBackWhileTheBodyIsStillComing()
    {
        await using var fixture = await EnclaveFixture.StartAsync();
        using var deadline = new CancellationTokenSource(TestDeadline.Value);
        await using var stream = await EnclaveClient.ConnectAsync(fixture.Enclave.EndPoint, deadline.Token);
        using var reader = new StreamReader(stream, Encoding.Latin1);

        await stream.WriteAsync("POST /echo/body HTTP/1.1\r\nHost: e\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray(), deadline.Token);
        // The head comes before the first byte of the body was sent.
        Assert.Equal("HTTP/1.1 200 OK", await reader.ReadLineAsync(deadline.Token));
        while (await reader.ReadLineAsync(deadline.Token) is { Length: > 0 })
        {
        }

        foreach (var part in new[] { "one", "two" })
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"3\r\n{part}\r\n"), deadline.Token);
            Assert.Equal("3", await reader.ReadLineAsync(deadline.Token));
            Assert.Equal(part, await reader.ReadLineAsync(deadline.Token));
        }

        await stream.WriteAsync("0\r\n\r\n"u8.ToArray(), deadline.Token);
        Assert.Equal("0", await reader.ReadLineAsync(deadline.Token));
    }

    [Fact]
    public async Task EchoBody_ExpectContinue_GetsTheContinue()
    {
        await using var fixture = await EnclaveFixture.StartAsync();
        using var deadline = new CancellationTokenSource(TestDeadline.Value);
        await using var stream = await EnclaveClient.ConnectAsync(fixture.Enclave.EndPoint, deadline.Token);
        using var reader = new StreamReader(stream, Encoding.Latin1);

        await stream.WriteAsync(
            "POST /echo/body HTTP/1.1\r\nHost: e\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"u8.ToArray(),
            deadline.Token);
        Assert.Equal("HTTP/1.1 100 Continue", await reader.ReadLineAsync(deadline.Token));
        await stream.WriteAsync("ok"u8.ToArray(), deadline.Token);

        Assert.Contains("\r\nok\r\n", await reader.ReadToEndAsync(deadline.Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Sha256_DigestsTheWholeBody(bool http2)
    {
        await using var fixture = await EnclaveFixture.StartAsync(http2);
        var body = RandomNumberGenerator.GetBytes(3_000_001);

        using var response = await fixture.Http.PutAsync("/sha256", new ByteArrayContent(body));
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(body)), answer.GetProperty("sha256").GetString());
        Assert.Equal(body.Length, answer.GetProperty("length").GetInt64());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1_000_003)]
    public async Task Bytes_HasItsLengthAndThePattern(int count)
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        using var response = await fixture.Http.GetAsync($"/bytes/{count}");
        var body = await response.Content.ReadAsByteArrayAsync();

        Assert.Equal(count, response.Content.Headers.ContentLength);
        Assert.Equal(Pattern(count), body);
    }

    [Fact]
    public async Task Bytes_Chunked_HasNoLength()
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        using var response = await fixture.Http.GetAsync("/bytes/70000?chunked=true", HttpCompletionOption.ResponseHeadersRead);

        Assert.True(response.Headers.TransferEncodingChunked);
        Assert.Null(response.Content.Headers.ContentLength);
        Assert.Equal(Pattern(70_000), await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Bytes_Head_TellsTheLengthOnly()
    {
        await using var fixture = await EnclaveFixture.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Head, "/bytes/9000000000000");

        using var response = await fixture.Http.SendAsync(request);

        Assert.Equal(9_000_000_000_000, response.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(204)]
    [InlineData(304)]
    [InlineData(418)]
    [InlineData(503)]
    public async Task Status_AnswersIt(int code)
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        using var response = await fixture.Http.GetAsync($"/status/{code}");

        Assert.Equal(code, (int)response.StatusCode);
    }

    [Fact]
    public async Task Headers_AreSetAsAsked()
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        using var response = await fixture.Http.GetAsync("/headers?X-Twice=one&X-Twice=two&Set-Cookie=a%3Db");

        Assert.Equal(["one", "two"], response.Headers.GetValues("X-Twice"));
        Assert.Equal("a=b", response.Headers.GetValues("Set-Cookie").Single());
    }

    [Theory]
    [InlineData("/headers?X=a%0d%0ab")]
    [InlineData("/headers?Content-Length=1")]
    [InlineData("/bytes/-1")]
    [InlineData("/bytes/1?chunked=yes")]
    [InlineData("/status/100")]
    [InlineData("/slow?ms=soon")]
    [InlineData("/control/failure-rate?value=2")]
    [InlineData("/control/failure-rate?value=NaN")]
    [InlineData("/control/healthy")]
    [InlineData("/ws")]
    public async Task WrongUse_Is400WithAReason(string path)
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        using var response = await fixture.Http.GetAsync(path);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.NotEmpty((await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetString()!);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Trailers_FollowTheBody(bool http2)
    {
        await using var fixture = await EnclaveFixture.StartAsync(http2);

        using var response = await fixture.Http.GetAsync("/trailers");

        Assert.Equal("body", await response.Content.ReadAsStringAsync());
        Assert.Equal("sent after the body", response.TrailingHeaders.GetValues("X-Trailer").Single());
    }

    private static byte[] Pattern(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(i % 251))];
}
