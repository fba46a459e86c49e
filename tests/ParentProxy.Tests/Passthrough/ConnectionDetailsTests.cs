using System.Net;
using ParentProxy.Passthrough;
using ParentProxy.ProxyProtocol;
using ParentProxy.Tests.ProxyProtocol;
using ParentProxy.Tls;

namespace ParentProxy.Tests.Passthrough;

public sealed class ConnectionDetailsTests
{
    private static readonly IPEndPoint Peer = IPEndPoint.Parse("10.0.0.1:5");

    [Fact]
    public void Describe_Hello_NamesServerProtocolsAndEncryption()
    {
        Assert.Equal(
            "server name a.example, ALPN h2,http/1.1, encrypted ClientHello or GREASE",
            Describe(null, new ClientHello("a.example", ["h2", "http/1.1"], true)));
        Assert.Equal("no server name in the ClientHello", Describe(null, new ClientHello(null, [], false)));
        Assert.Equal("no TLS, and so no server name", Describe(null, null));
    }

    [Fact]
    public void Describe_Header_NamesWhoTold()
    {
        var endpoint = Convert.ToHexStringLower(HeaderBytes.Text("vpce-1"));

        Assert.Equal(
            "told by 10.0.0.1:5, VPC endpoint vpce-1",
            Describe(HeaderBytes.Of("192.0.2.1:1", "192.0.2.2:2", $"ea000701{endpoint}"), null, readsServerName: false));
        Assert.Equal(
            "PROXY header of 10.0.0.1:5 without a client", Describe(new ProxyHeader(null, null, default), null, readsServerName: false));
        Assert.Equal(
            "server name a.example, told by 10.0.0.1:5",
            Describe(HeaderBytes.Of("192.0.2.1:1", "192.0.2.2:2"), new ClientHello("a.example", [], false)));
    }

    private static string Describe(ProxyHeader? header, ClientHello? hello, bool readsServerName = true) =>
        ConnectionDetails.Describe(new Preread(header, hello, []), readsServerName, Peer);
}
