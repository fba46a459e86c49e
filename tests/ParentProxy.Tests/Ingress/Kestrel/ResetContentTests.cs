using System.Globalization;
using System.Net;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Kestrel;

/// <summary>205 with content, on every way to a client and from an enclave. HTTP/1.1 without TLS is in the wire suite.</summary>
public sealed class ResetContentTests
{
    private const string ByLength = "HTTP/1.1 205 Reset Content\r\nContent-Length: 2\r\nX-Mark: 1\r\n\r\nok";
    private const string InChunks =
        "HTTP/1.1 205 Reset Content\r\nTransfer-Encoding: chunked\r\nX-Mark: 1\r\n\r\n2\r\nok\r\n0\r\nX-After: 1\r\n\r\n";

    [Theory]
    [InlineData("1.1", true, ByLength)]
    [InlineData("1.1", true, InChunks)]
    [InlineData("2.0", true, ByLength)]
    [InlineData("2.0", true, InChunks)]
    [InlineData("2.0", false, ByLength)]
    [InlineData("2.0", false, InChunks)]
    public async Task Content_ToAnyClient_ArrivesWithItsStatus(string version, bool tls, string answer)
    {
        await using var enclave = ScriptedEnclave.Answering(answer);
        using var certificate = new TestCertificate();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Listener(tls, certificate));
        using var http = Client(proxy, certificate);

        // Also when the compressed fields of earlier responses are referred to.
        for (var i = 0; i < 3; i++)
        {
            using var response = await http.SendAsync(Request(HttpMethod.Get, "/", version));

            Assert.Equal((HttpStatusCode.ResetContent, "ok"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
            Assert.Equal("1", response.Headers.GetValues("X-Mark").Single());
        }

        Assert.Equal([("GET", 205, 3L)], proxy.Server.Registry.Meter.Of("0").Requests.Read());
    }

    [Theory]
    [InlineData("1.1", true)]
    [InlineData("2.0", true)]
    [InlineData("2.0", false)]
    public async Task Head_Answered_HasTheLengthAndNoContent(string version, bool tls)
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 205 Reset Content\r\nContent-Length: 7\r\n\r\n");
        using var certificate = new TestCertificate();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Listener(tls, certificate));
        using var http = Client(proxy, certificate);

        using var response = await http.SendAsync(Request(HttpMethod.Head, "/", version));

        Assert.Equal((HttpStatusCode.ResetContent, 7), (response.StatusCode, response.Content.Headers.ContentLength));
        Assert.Equal("", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Streams_OfOneConnection_EachHaveTheirStatus()
    {
        int[] statuses = [200, 205, 204, 205, 206, 404, 205, 500, 299];
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            while (true)
            {
                var status = int.Parse((await connection.ReadMessageAsync()).StartLine.Split('/', ' ')[2], CultureInfo.InvariantCulture);
                await connection.SendAsync(status == 204
                    ? "HTTP/1.1 204 No Content\r\n\r\n"
                    : $"HTTP/1.1 {status} x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{status}\r\n0\r\n\r\n");
            }
        });
        using var certificate = new TestCertificate();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Listener(tls: false, certificate));
        using var http = Client(proxy, certificate);

        var answers = await Task.WhenAll(Enumerable.Range(0, 90).Select(async i =>
        {
            var status = statuses[i % statuses.Length];
            using var response = await http.SendAsync(Request(HttpMethod.Get, $"/{status}", "2.0"));
            return (Asked: status, Got: (int)response.StatusCode, Text: await response.Content.ReadAsStringAsync());
        }));

        Assert.All(
            answers, answer => Assert.Equal((answer.Asked, answer.Asked == 204 ? "" : $"{answer.Asked}"), (answer.Got, answer.Text)));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Http2Enclave_Answers_ArrivesWithItsStatus(string version)
    {
        await using var enclave = await TestEnclave.StartAsync(http2: true);
        using var certificate = new TestCertificate();
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave.Simulated, [.. Listener(tls: true, certificate), "Routing:HttpVersion=2"]);
        using var http = Client(proxy, certificate);

        using var response = await http.SendAsync(Request(HttpMethod.Get, "/status/205", version));

        Assert.Equal(HttpStatusCode.ResetContent, response.StatusCode);
    }

    [Theory]
    [InlineData(605)]
    [InlineData(999)]
    public async Task Http2Enclave_StatusThatIsNone_Is502(int status)
    {
        await using var enclave = await TestEnclave.StartAsync(http2: true);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, "Routing:HttpVersion=2");

        var answer = await proxy.ExchangeAsync($"GET /status/{status} HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal(502, answer.Status);
        Assert.Equal("parent-proxy; error=http_protocol_error", answer.Field("Proxy-Status"));
    }

    [Fact]
    public async Task Content_Cut_IsAResetStream()
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 205 Reset Content\r\nContent-Length: 10\r\n\r\nhalf");
        });
        using var certificate = new TestCertificate();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Listener(tls: false, certificate));
        using var http = Client(proxy, certificate);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.SendAsync(Request(HttpMethod.Get, "/", "2.0")));
    }

    private static string[] Listener(bool tls, TestCertificate certificate) => tls
        ? [
            "Kestrel:Endpoints:Https:Url=https://127.0.0.1:0", $"Kestrel:Endpoints:Https:Certificate:Path={certificate.Path}",
            $"Kestrel:Endpoints:Https:Certificate:KeyPath={certificate.KeyPath}"]
        : ["Kestrel:Endpoints:Http:Url=http://127.0.0.1:0", "Kestrel:Endpoints:Http:Protocols=Http2"];

    private static HttpClient Client(TestProxy proxy, TestCertificate certificate) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        SslOptions = { RemoteCertificateValidationCallback = (_, presented, _, _) => presented!.GetCertHashString() == certificate.Hash },
    })
    {
        BaseAddress = proxy.Uri,
        Timeout = TestDeadline.Value,
    };

    private static HttpRequestMessage Request(HttpMethod method, string target, string version) =>
        new(method, target) { Version = Version.Parse(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
}
