using System.Net;
using ParentProxy.Endpoints;

namespace ParentProxy.Tests.Endpoints;

public sealed class DestinationTests
{
    [Theory]
    [InlineData("api.example.com:443", "api.example.com:443")]
    [InlineData("API.Example.com.:443", "api.example.com:443")]
    [InlineData("bücher.example:1", "xn--bcher-kva.example:1")]
    [InlineData("a:65535", "a:65535")]
    public void TryParse_Name_IsInItsOneForm(string text, string expected)
    {
        Assert.True(Destination.TryParse(text, null, out var destination, out _));
        Assert.Null(destination.Address);
        Assert.Equal(expected, destination.ToString());
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("127.0.0.1.", "127.0.0.1")]
    [InlineData("127.1", "127.0.0.1")]
    [InlineData("127.0.1", "127.0.0.1")]
    [InlineData("2130706433", "127.0.0.1")]
    [InlineData("0x7f000001", "127.0.0.1")]
    [InlineData("0X7F.1", "127.0.0.1")]
    [InlineData("0177.0.0.1", "127.0.0.1")]
    [InlineData("017700000001", "127.0.0.1")]
    [InlineData("0x7f.0.0x0.01", "127.0.0.1")]
    [InlineData("00000000000000000177.1", "127.0.0.1")]
    [InlineData("0", "0.0.0.0")]
    [InlineData("4294967295", "255.255.255.255")]
    [InlineData("169.254.43518", "169.254.169.254")]
    [InlineData("0251.0376.0251.0376", "169.254.169.254")]
    [InlineData("0xa9fea9fe", "169.254.169.254")]
    [InlineData("2852039166", "169.254.169.254")]
    [InlineData("[::1]", "::1")]
    [InlineData("[0:0:0:0:0:0:0:1]", "::1")]
    [InlineData("[2001:DB8::A]", "2001:db8::a")]
    [InlineData("[::ffff:127.0.0.1]", "127.0.0.1")]
    [InlineData("[::FFFF:7F00:1]", "127.0.0.1")]
    [InlineData("[0:0:0:0:0:ffff:a9fe:a9fe]", "169.254.169.254")]
    [InlineData("[::127.0.0.1]", "::127.0.0.1")]
    [InlineData("[64:ff9b::169.254.169.254]", "64:ff9b::a9fe:a9fe")]
    public void TryParse_Address_IsTheOneThatItMeans(string text, string expected)
    {
        Assert.True(Destination.TryParse($"{text}:443", null, out var destination, out _));
        Assert.Null(destination.Name);
        Assert.Equal(IPAddress.Parse(expected), destination.Address);
        Assert.True(Destination.TryParse(text, 443, out var other, out _));
        Assert.Equal(destination, other);
    }

    [Theory]
    [InlineData("")]
    [InlineData(":443")]
    [InlineData("a")]
    [InlineData("a:")]
    [InlineData("a:0")]
    [InlineData("a:00443")]
    [InlineData("a:65536")]
    [InlineData("a:4294967739")]
    [InlineData("a:-1")]
    [InlineData("a:+443")]
    [InlineData("a: 443")]
    [InlineData("a:443 ")]
    [InlineData("a:0x1bb")]
    [InlineData("a:４４３")]
    [InlineData("a:https")]
    [InlineData("a:443:443")]
    [InlineData("a b:443")]
    [InlineData("a\r\nHost: b:443")]
    [InlineData("user@a:443")]
    [InlineData("user:pass@a:443")]
    [InlineData("a/path:443")]
    [InlineData("a?b:443")]
    [InlineData("a#b:443")]
    [InlineData("http://a:443")]
    [InlineData("%61:443")]
    [InlineData("127.0.0.%31:443")]
    [InlineData("*:443")]
    [InlineData("::1:443")]
    [InlineData("2001:db8::1:443")]
    [InlineData("[::1]")]
    [InlineData("[::1]443")]
    [InlineData("[::1:443")]
    [InlineData("::1]:443")]
    [InlineData("[[::1]]:443")]
    [InlineData("[]:443")]
    [InlineData("[127.0.0.1]:443")]
    [InlineData("[a]:443")]
    [InlineData("[::1%lo]:443")]
    [InlineData("[fe80::1%251]:443")]
    [InlineData("[::1/128]:443")]
    [InlineData("[v1.a]:443")]
    [InlineData("1.2.3.256:443")]
    [InlineData("1.2.3.4.5:443")]
    [InlineData("256.1:443")]
    [InlineData("1.16777216:443")]
    [InlineData("4294967296:443")]
    [InlineData("0x100000000:443")]
    [InlineData("08.0.0.1:443")]
    [InlineData("0x:443")]
    [InlineData("1..2:443")]
    [InlineData("127.0.0.1..:443")]
    [InlineData("example.1:443")]
    public void TryParse_NoDestination_IsRefusedWithAReason(string text)
    {
        Assert.False(Destination.TryParse(text, null, out var destination, out var reason));
        Assert.Null(destination);
        Assert.NotEmpty(reason);
        Assert.DoesNotContain(reason, char.IsControl);
    }
}
