using System.Net;
using System.Net.Sockets;

namespace ParentProxy.Vsock.Tests;

public sealed class VsockEndPointTests
{
    [Theory]
    [InlineData("vsock://16:6300", 16u, 6300u)]
    [InlineData("vsock://0:0", 0u, 0u)]
    [InlineData("vsock://3:70000", 3u, 70000u)]
    [InlineData("vsock://4294967295:4294967295", uint.MaxValue, uint.MaxValue)]
    public void Parse_Valid_RoundTrips(string text, uint cid, uint port)
    {
        VsockEndPoint endPoint = VsockEndPoint.Parse(text);

        Assert.Equal((cid, port), (endPoint.Cid, endPoint.Port));
        Assert.Equal(text, endPoint.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("vsock://")]
    [InlineData("vsock://16")]
    [InlineData("vsock://16:")]
    [InlineData("vsock://:6300")]
    [InlineData("vsock:16:6300")]
    [InlineData("VSOCK://16:6300")]
    [InlineData("http://16:6300")]
    [InlineData("16:6300")]
    [InlineData("vsock://+16:6300")]
    [InlineData("vsock://16:-1")]
    [InlineData("vsock://-1:6300")]
    [InlineData(" vsock://16:6300")]
    [InlineData("vsock://16:6300 ")]
    [InlineData("vsock://16: 6300")]
    [InlineData("vsock://16:6300/")]
    [InlineData("vsock://16:6300:1")]
    [InlineData("vsock://0x10:6300")]
    [InlineData("vsock://1,6:6300")]
    [InlineData("vsock://016:6300")]
    [InlineData("vsock://16:06300")]
    [InlineData("vsock://4294967296:6300")]
    [InlineData("vsock://16:4294967296")]
    [InlineData("vsock://16:99999999999999999999")]
    [InlineData("vsock://١٦:6300")]
    public void TryParse_Invalid_IsRefused(string? text)
    {
        Assert.False(VsockEndPoint.TryParse(text, out VsockEndPoint? endPoint));
        Assert.Null(endPoint);
        if (text is not null)
            Assert.Contains(
                "expected vsock://CID:PORT",
                Assert.Throws<FormatException>(() => VsockEndPoint.Parse(text)).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void AddressFamily_IsTheOneThatTheRuntimeAccepts()
    {
        Assert.Equal(AddressFamily.Unknown, new VsockEndPoint(16, 6300).AddressFamily);
    }

    [Fact]
    public void Serialize_WritesSockAddrVm()
    {
        SocketAddress address = new VsockEndPoint(0x01020304, 0x11121314) { Flags = VsockEndPoint.ToHostFlag }.Serialize();

        byte[] expected = BitConverter.IsLittleEndian
            ? [40, 0, 0, 0, 0x14, 0x13, 0x12, 0x11, 0x04, 0x03, 0x02, 0x01, 1, 0, 0, 0]
            : [0, 40, 0, 0, 0x11, 0x12, 0x13, 0x14, 0x01, 0x02, 0x03, 0x04, 1, 0, 0, 0];
        Assert.Equal(16, address.Size);
        Assert.Equal(expected, address.Buffer[..16].ToArray());
    }

    [Theory]
    [InlineData(16u, 6300u, 0)]
    [InlineData(uint.MaxValue, uint.MaxValue, 1)]
    public void Create_FromSerialized_IsEqual(uint cid, uint port, byte flags)
    {
        var endPoint = new VsockEndPoint(cid, port) { Flags = flags };

        Assert.Equal(endPoint, new VsockEndPoint(0, 0).Create(endPoint.Serialize()));
    }

    [Fact]
    public void Create_FromAnotherFamily_Throws()
    {
        SocketAddress other = new IPEndPoint(IPAddress.Loopback, 80).Serialize();

        Assert.Throws<ArgumentException>(() => new VsockEndPoint(0, 0).Create(other));
    }

    [Fact]
    public void Equals_ComparesAllParts()
    {
        var endPoint = new VsockEndPoint(16, 6300);

        Assert.True(endPoint.Equals((object)new VsockEndPoint(16, 6300)));
        Assert.Equal(endPoint.GetHashCode(), new VsockEndPoint(16, 6300).GetHashCode());
        Assert.False(endPoint.Equals(new VsockEndPoint(17, 6300)));
        Assert.False(endPoint.Equals(new VsockEndPoint(16, 6301)));
        Assert.False(endPoint.Equals(new VsockEndPoint(16, 6300) { Flags = 1 }));
        Assert.False(endPoint.Equals(null));
    }
}
