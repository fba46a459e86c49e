using System.Net;
using System.Net.Sockets;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Pipeline;

public sealed class ForwardedFieldsTests
{
    private const string Untrusted = "ForwardedHeaders:TrustedProxies:0=203.0.113.0/24";

    private const string Given =
        "X-Forwarded-For: 198.51.100.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: proofs.example\r\nX-Forwarded-Port: 443\r\n"
            + "Forwarded: for=198.51.100.7\r\nX-Forwarded-Prefix: /p\r\n";

    [Fact]
    public async Task Fields_FromATrustedPeer_StayAndTheAddressIsAppended()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);

        var echo = await proxy.EchoAsync(Given);

        Assert.Equal("198.51.100.7, 127.0.0.1", echo.Field("X-Forwarded-For"));
        Assert.Equal("https", echo.Field("X-Forwarded-Proto"));
        Assert.Equal("proofs.example", echo.Field("X-Forwarded-Host"));
        Assert.Equal("443", echo.Field("X-Forwarded-Port"));
        Assert.Equal("for=198.51.100.7", echo.Field("Forwarded"));
        Assert.Equal("/p", echo.Field("X-Forwarded-Prefix"));
    }

    [Fact]
    public async Task Fields_FromAnyoneElse_AreDroppedAndSetAfresh()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, Untrusted);

        AssertAfresh(proxy, await proxy.EchoAsync(Given));
    }

    [Theory]
    [InlineData("")]
    [InlineData(Untrusted)]
    public async Task Fields_NotSent_AreSet(string setting)
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, setting.Length == 0 ? [] : [setting]);

        AssertAfresh(proxy, await proxy.EchoAsync());
    }

    [Fact]
    public async Task Lists_FromATrustedPeer_AreReducedToWhatThatPeerWrote()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);

        var echo = await proxy.EchoAsync(
            "X-Forwarded-Proto: http, https\r\nX-Forwarded-Host: forged.example\r\nX-Forwarded-Host: proofs.example\r\n"
                + "X-Forwarded-Port: 80,443\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2, 192.0.2.3\r\n");

        Assert.Equal("https", echo.Field("X-Forwarded-Proto"));
        Assert.Equal("proofs.example", echo.Field("X-Forwarded-Host"));
        Assert.Equal("443", echo.Field("X-Forwarded-Port"));
        Assert.Equal("192.0.2.1, 192.0.2.2, 192.0.2.3, 127.0.0.1", echo.Field("X-Forwarded-For"));
    }

    [Theory]
    [InlineData("127.0.0.0/8", "198.51.100.7, 127.0.0.1")]
    [InlineData("203.0.113.0/24", "127.0.0.1")]
    public async Task Peer_MappedIntoIPv6_CountsAndIsWrittenAsIPv4(string trusted, string expected)
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave.Simulated, "Kestrel:Endpoints:Http:Url=http://[::]:0", $"ForwardedHeaders:TrustedProxies:0={trusted}");

        var echo = await proxy.EchoAsync("X-Forwarded-For: 198.51.100.7\r\n");

        Assert.Equal(expected, echo.Field("X-Forwarded-For"));
    }

    [Fact]
    public async Task Peer_OnIPv6_IsWrittenWithoutBrackets()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, "Kestrel:Endpoints:Http:Url=http://[::1]:0");
        using var http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(
                    new IPEndPoint(IPAddress.IPv6Loopback, new Uri(proxy.Server.Ingress.EndPoints[0]).Port), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });

        var echo = Echo.Parse(await http.GetStringAsync("http://example.test/echo"));

        Assert.Equal("::1", echo.Field("X-Forwarded-For"));
    }

    [Fact]
    public async Task TrustedProxies_ChangedByReload_AreObeyed()
    {
        await using var enclave = await TestEnclave.StartAsync();
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);

        proxy.Apply(Untrusted);

        Assert.Equal("127.0.0.1", (await proxy.EchoAsync(Given)).Field("X-Forwarded-For"));
    }

    private static void AssertAfresh(TestProxy proxy, Echo echo)
    {
        Assert.Equal("127.0.0.1", echo.Field("X-Forwarded-For"));
        Assert.Equal("http", echo.Field("X-Forwarded-Proto"));
        Assert.Equal("example.test", echo.Field("X-Forwarded-Host"));
        Assert.Equal(proxy.Uri.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), echo.Field("X-Forwarded-Port"));
        Assert.Null(echo.Field("Forwarded"));
        Assert.Null(echo.Field("X-Forwarded-Prefix"));
    }
}
