using System.Net;
using ParentProxy.Ingress.Limiting;

namespace ParentProxy.Tests.Ingress.Limiting;

public sealed class ClientNetworkTests
{
    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7")]
    [InlineData("203.0.113.7:51000", "203.0.113.7")]
    [InlineData("::ffff:203.0.113.7", "203.0.113.7")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    [InlineData("[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2::")]
    [InlineData("::1", "::")]
    [InlineData("fe80::1%3", "fe80::")]
    public void Of_Address_IsTheNetworkOfAClient(string client, string network) =>
        Assert.Equal(IPAddress.Parse(network), ClientNetwork.Of(client));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("unknown")]
    [InlineData("_hidden")]
    [InlineData("203.0.113.7, 203.0.113.8")]
    public void Of_Other_IsNone(string? client) => Assert.Null(ClientNetwork.Of(client));
}
