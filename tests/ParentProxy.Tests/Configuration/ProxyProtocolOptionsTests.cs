using System.Net;
using System.Net.Sockets;
using ParentProxy.Configuration;

namespace ParentProxy.Tests.Configuration;

public sealed class ProxyProtocolOptionsTests
{
    private static readonly ProxyProtocolOptions Defaults = new();

    [Theory]
    [InlineData("10.1.2.3", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:10.1.2.3", true)]
    [InlineData("192.0.2.1", false)]
    [InlineData("::ffff:192.0.2.1", false)]
    [InlineData("2001:db8::1", false)]
    public void Trusts_ByDefault_PrivateNetworksAsForwardedHeadersDoes(string address, bool trusted)
    {
        Assert.Equal(trusted, Defaults.Trusts(IPAddress.Parse(address)));
        Assert.Equal(trusted, Defaults.Trusts(new IPEndPoint(IPAddress.Parse(address), 1)));
    }

    [Fact]
    public void Trusts_UnixSocket_Always()
    {
        var nobody = new ProxyProtocolOptions { TrustedSources = [] };

        Assert.True(nobody.Trusts(new UnixDomainSocketEndPoint("/run/x.sock")));
        Assert.False(nobody.Trusts(new IPEndPoint(IPAddress.Loopback, 1)));
        Assert.False(nobody.Trusts((EndPoint?)null));
    }

    [Fact]
    public void Equals_SameNetworks_AreEqual()
    {
        var one = Defaults with { TrustedSources = [IPNetwork.Parse("10.0.0.0/8")] };
        var other = Defaults with { TrustedSources = [IPNetwork.Parse("10.0.0.0/8")] };

        Assert.Equal(one, other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
        Assert.NotEqual(one, other with { TrustedSources = [IPNetwork.Parse("10.0.0.0/9")] });
        Assert.NotEqual(one, other with { TrustedSources = [] });
        Assert.NotEqual(one, other with { Accept = ProxyProtocolAccept.Optional });
        Assert.NotEqual(one, other with { Send = ProxyProtocolSend.V1 });
    }

    [Fact]
    public void Load_Endpoints_ThoseThatAcceptAreKnownByName()
    {
        var options = TestConfiguration.Accept(TestConfiguration.WithEnclave("""
            "Kestrel": { "Endpoints": {
              "A": { "Url": "http://127.0.0.1:80" },
              "B": { "Url": "http://127.0.0.1:81", "ProxyProtocol": { "Accept": "optional" } },
              "C": { "Url": "http://127.0.0.1:82", "ProxyProtocol": { "Accept": "Required", "TrustedSources": [ "192.0.2.0/24" ] } }
            } }
            """));

        Assert.Equal(["B", "C"], options.EndpointProxyProtocol.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(Defaults with { Accept = ProxyProtocolAccept.Optional }, options.EndpointProxyProtocol["B"]);
        Assert.Equal(
            new ProxyProtocolOptions { Accept = ProxyProtocolAccept.Required, TrustedSources = [IPNetwork.Parse("192.0.2.0/24")] },
            options.EndpointProxyProtocol["c"]);
    }

    [Fact]
    public void Load_SourcesWithoutAccept_IsAWarning()
    {
        var result = TestConfiguration.Load(TestConfiguration.WithEnclave("""
            "Kestrel": { "Endpoints": { "A": { "Url": "http://127.0.0.1:80", "ProxyProtocol": { "TrustedSources": [ "10.0.0.0/8" ] } } } }
            """));

        Assert.Equal(
            ["Kestrel:Endpoints:A:ProxyProtocol:TrustedSources: has no effect without Accept: no header is read"],
            result.Warnings.Select(warning => warning.ToString()));
    }
}
