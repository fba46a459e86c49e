using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

/// <summary>Requests of HTTP/2 as proxies in front send them, and as nobody should.</summary>
public sealed class Http2RequestTests
{
    private const string Untrusted = "ForwardedHeaders:TrustedProxies:0=203.0.113.0/24";
    private const string Trusted = "ForwardedHeaders:TrustedProxies:0=127.0.0.0/8";

    private static readonly string[] H2c = ["Kestrel:Endpoints:Http:Url=http://127.0.0.1:0", "Kestrel:Endpoints:Http:Protocols=Http2"];

    [Theory]
    [InlineData(Trusted, "http", "", "http")]
    [InlineData(Trusted, "https", "", "https")]
    [InlineData(Trusted, "HTTPS", "", "https")]
    [InlineData(Trusted, "https", "http", "http")]
    [InlineData(Trusted, "http", "https", "https")]
    [InlineData(Untrusted, "http", "", "http")]
    [InlineData(Untrusted, "https", "", "http")]
    [InlineData(Untrusted, "https", "https", "http")]
    public async Task Scheme_WithoutTls_CountsFromATrustedProxy(string trust, string scheme, string given, string forwarded)
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, [.. H2c, trust]);
        await using var client = await Http2Connection.ConnectAsync(proxy.Uri);

        Assert.Equal(
            "200",
            await client.GetAsync([(":scheme", scheme), .. given.Length == 0 ? [] : ((string, string)[])[("x-forwarded-proto", given)]]));

        Assert.Equal([forwarded], Assert.Single(enclave.Requests).All("X-Forwarded-Proto"));
    }

    [Theory]
    [InlineData(Trusted, "https", "https")]
    [InlineData(Trusted, "http", "http")]
    [InlineData(Untrusted, "https", "https")]
    [InlineData(Untrusted, "http", "https")]
    public async Task Scheme_OverTls_CountsFromATrustedProxy(string trust, string scheme, string forwarded)
    {
        using var certificate = new TestCertificate();
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave,
            "Kestrel:Endpoints:Https:Url=https://127.0.0.1:0",
            $"Kestrel:Endpoints:Https:Certificate:Path={certificate.Path}",
            $"Kestrel:Endpoints:Https:Certificate:KeyPath={certificate.KeyPath}",
            trust);
        await using var client = await Http2Connection.ConnectAsync(proxy.Uri, certificate);

        Assert.Equal("200", await client.GetAsync((":scheme", scheme)));

        Assert.Equal([forwarded], Assert.Single(enclave.Requests).All("X-Forwarded-Proto"));
    }

    [Theory]
    [InlineData(":scheme", "ftp")]
    [InlineData(":scheme", "wss")]
    [InlineData(":path", "/a\u007f")]
    [InlineData(":path", "/?\u007f")]
    [InlineData(":path", "/\u0001")]
    [InlineData(":path", "/?\t")]
    [InlineData(":path", "/a b")]
    [InlineData(":path", "/caf\u00e9")]
    [InlineData(":path", "/?\u0080")]
    [InlineData("transfer-encoding", "chunked")]
    [InlineData("transfer-encoding", "identity")]
    public async Task Head_ThatNoHttp11ClientCouldSend_Is400AndTheConnectionGoesOn(string name, string value)
    {
        foreach (var version in (string[])["1.1", "2"])
        {
            await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            await using var proxy = await TestProxy.InFrontOfAsync(enclave, [.. H2c, Trusted, $"Routing:HttpVersion={version}"]);
            await using var client = await Http2Connection.ConnectAsync(proxy.Uri);

            Assert.Equal("400", await client.GetAsync((name, value)));
            Assert.Equal("400", await client.GetAsync((name, value)));

            Assert.Equal(0, enclave.Accepted);
        }
    }

    [Theory]
    [InlineData("example.test:")]
    [InlineData("[::1]:")]
    [InlineData("127.0.0.1:")]
    public async Task Authority_WithAnEmptyPort_IsTheClientsEachTime(string host)
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, H2c);
        await using var client = await Http2Connection.ConnectAsync(proxy.Uri);

        // One stream after the other: Kestrel keeps what it has of the one for the next.
        string[] sent = [host, host, $"{host}0", host, $"{host}00", host];
        foreach (var each in sent)
            Assert.Equal("200", await client.GetAsync((":authority", each)));
        foreach (var each in sent)
            Assert.Equal("200", await client.ExchangeAsync((":method", "GET"), (":scheme", "http"), (":path", "/"), ("host", each)));
        foreach (var each in sent)
            Assert.Equal("200", await client.GetAsync((":authority", each), ("host", each)));

        Assert.Equal([.. sent, .. sent, .. sent], enclave.Requests.Select(r => r.Field("Host")));
        Assert.Equal([.. sent, .. sent, .. sent], enclave.Requests.Select(r => r.Field("X-Forwarded-Host")));
    }

    [Theory]
    [InlineData(":")]
    [InlineData("a::")]
    [InlineData("a:80:")]
    [InlineData("[::1:")]
    public async Task Authority_ThatIsNone_ReachesNoEnclave(string host)
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, H2c);
        await using var client = await Http2Connection.ConnectAsync(proxy.Uri);

        Assert.NotEqual("200", await client.GetAsync((":authority", host)));

        Assert.Equal(0, enclave.Accepted);
    }

    [Fact]
    public async Task Fields_NamedLikeKestrelsOwn_AreForwarded()
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, H2c);
        await using var client = await Http2Connection.ConnectAsync(proxy.Uri);

        Assert.Equal("200", await client.GetAsync(
            ("x-content-length", "5"), ("x-content-length", "\u00e9"), ("content-length", "0000000000000000000000000")));

        var request = Assert.Single(enclave.Requests);
        Assert.Equal(["5", "\u00e9"], request.All("X-Content-Length"));
        Assert.Equal(["0"], request.All("Content-Length"));
        Assert.Null(request.Field("Transfer-Encoding"));
    }
}
