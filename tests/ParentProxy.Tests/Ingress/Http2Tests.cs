using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

/// <summary>HTTP/2 in front, without and with TLS, and towards the enclave.</summary>
public sealed class Http2Tests
{
    private static readonly string[] H2c = ["Kestrel:Endpoints:Http:Url=http://127.0.0.1:0", "Kestrel:Endpoints:Http:Protocols=Http2"];

    [Theory]
    [InlineData("1.1", "HTTP/1.1")]
    [InlineData("2", "HTTP/2")]
    public async Task H2cFront_ToEither_Works(string version, string protocol)
    {
        await using var enclave = await TestEnclave.StartAsync(http2: version == "2");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, [.. H2c, $"Routing:HttpVersion={version}"]);
        using var http = TestProxy.Client(proxy.Uri, HttpVersion.Version20);

        using var request = Request(HttpMethod.Post, "/echo?a=%2F");
        request.Headers.Host = "Proof.example.test:1";
        request.Content = new StringContent("hello");
        using var response = await http.SendAsync(request);
        var echo = Echo.Parse(await response.Content.ReadAsStringAsync());

        Assert.Equal(HttpVersion.Version20, response.Version);
        Assert.Equal(protocol, echo.Protocol);
        Assert.Equal("/echo?a=%2F", echo.RawTarget);
        Assert.Equal("hello", echo.Body);
        Assert.Equal("Proof.example.test:1", echo.Field("Host"));
        Assert.NotEmpty(response.Headers.GetValues("X-Request-Id").Single());
    }

    [Fact]
    public async Task WebSocketOverHttp2_AcceptedWithAnothersKey_Is502AndCountedAsThat()
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
            await connection.ReadToEndAsync();
        });
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, H2c);
        using var client = TestProxy.Client(proxy.Uri, HttpVersion.Version20);
        using var request = new HttpRequestMessage(HttpMethod.Connect, "/")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Protocol = "websocket";
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");

        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal([("CONNECT", 502, 1L)], proxy.Server.Registry.Meter.Of("0").Requests.Read());
    }

    [Fact]
    public async Task Http1Front_ToHttp2_KeepsTargetAndFields()
    {
        await using var enclave = await TestEnclave.StartAsync(http2: true);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, "Routing:HttpVersion=2");

        var echo = await proxy.EchoAsync("X-Custom: a, b\r\nConnection: X-Hop\r\nX-Hop: 1\r\n", target: "/echo?x=%41%2f&&");

        Assert.Equal("HTTP/2", echo.Protocol);
        Assert.Equal("/echo?x=%41%2f&&", echo.RawTarget);
        Assert.Equal("example.test", echo.Field("Host"));
        Assert.Equal("a, b", echo.Field("X-Custom"));
        Assert.Null(echo.Field("X-Hop"));
    }

    [Theory]
    [InlineData("/reset", 502)]
    [InlineData("/garbage", 502)]
    [InlineData("/hang", 504)]
    public async Task Http2Enclave_Fails_AsOverHttp1(string path, int status)
    {
        await using var enclave = await TestEnclave.StartAsync(http2: true);
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave.Simulated, "Routing:HttpVersion=2", "Timeouts:ResponseHead=00:00:01");

        var answer = await proxy.ExchangeAsync($"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal(status, answer.Status);
        Assert.Equal("application/problem+json", answer.Field("Content-Type"));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Answer_Cut_IsAResetStream(string version)
    {
        await using var enclave = await TestEnclave.StartAsync(http2: version == "2");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, [.. H2c, $"Routing:HttpVersion={version}"]);
        using var http = TestProxy.Client(proxy.Uri, HttpVersion.Version20);

        using var request = Request(HttpMethod.Get, "/cut?after=100000&chunked=true");
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task GrpcShaped_CallInBothDirections_PiecesAndTrailersPass()
    {
        using var deadline = new CancellationTokenSource(TestDeadline.Value);
        await using var enclave = await TestEnclave.StartAsync(http2: true);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, [.. H2c, "Routing:HttpVersion=2"]);
        using var http = TestProxy.Client(proxy.Uri, HttpVersion.Version20);
        using var request = Request(HttpMethod.Post, "/echo/body");
        var upload = new PipedContent();
        request.Content = upload;
        request.Headers.TE.ParseAdd("trailers");

        var sending = http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
        await upload.WriteAsync("one");
        using var response = await sending;
        await using var body = await response.Content.ReadAsStreamAsync(deadline.Token);
        Assert.Equal("application/grpc", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("one", await ReadAsync(body, deadline.Token));
        await upload.WriteAsync("two");
        Assert.Equal("two", await ReadAsync(body, deadline.Token));
        upload.Complete();
        Assert.Equal("", await ReadAsync(body, deadline.Token));
    }

    [Fact]
    public async Task Trailers_OfAnHttp2Answer_Pass()
    {
        await using var enclave = await TestEnclave.StartAsync(http2: true);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, [.. H2c, "Routing:HttpVersion=2"]);
        using var http = TestProxy.Client(proxy.Uri, HttpVersion.Version20);

        using var request = Request(HttpMethod.Get, "/trailers");
        using var response = await http.SendAsync(request);

        Assert.Equal("body", await response.Content.ReadAsStringAsync());
        Assert.Equal("sent after the body", response.TrailingHeaders.GetValues("X-Trailer").Single());
    }

    [Theory]
    [InlineData("2.0")]
    [InlineData("1.1")]
    public async Task TlsFront_OffersBothVersions(string version)
    {
        using var directory = new TemporaryDirectory();
        using var certificate = WriteCertificate(directory);
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave.Simulated,
            "Kestrel:Endpoints:Https:Url=https://127.0.0.1:0",
            $"Kestrel:Endpoints:Https:Certificate:Path={directory.File("c.pem")}",
            $"Kestrel:Endpoints:Https:Certificate:KeyPath={directory.File("k.pem")}");
        using var http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions =
            {
                RemoteCertificateValidationCallback = (_, presented, _, _) =>
                    presented!.GetCertHashString() == certificate.GetCertHashString(),
            },
        });
        using var request = Request(HttpMethod.Get, new Uri(proxy.Uri, "/echo").ToString());
        request.Version = Version.Parse(version);

        using var response = await http.SendAsync(request);
        var echo = Echo.Parse(await response.Content.ReadAsStringAsync());

        Assert.Equal(Version.Parse(version), response.Version);
        Assert.Equal("https", echo.Field("X-Forwarded-Proto"));
        Assert.Equal(proxy.Uri.Authority, echo.Field("Host"));
    }

    private static HttpRequestMessage Request(HttpMethod method, string target) =>
        new(method, target) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

    private static async Task<string> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[100];
        return Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer, cancellationToken));
    }

    private static X509Certificate2 WriteCertificate(TemporaryDirectory directory)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        File.WriteAllText(directory.File("c.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(directory.File("k.pem"), key.ExportPkcs8PrivateKeyPem());
        return certificate;
    }

    /// <summary>A body that a test sends piece by piece.</summary>
    private sealed class PipedContent : HttpContent
    {
        private readonly System.IO.Pipelines.Pipe _pipe = new();

        public PipedContent() => Headers.ContentType = new("application/grpc");

        public async Task WriteAsync(string piece) => await _pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(piece));

        public void Complete() => _pipe.Writer.Complete();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            while (true)
            {
                var read = await _pipe.Reader.ReadAsync();
                foreach (var segment in read.Buffer)
                    await stream.WriteAsync(segment);
                await stream.FlushAsync();
                _pipe.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    return;
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
