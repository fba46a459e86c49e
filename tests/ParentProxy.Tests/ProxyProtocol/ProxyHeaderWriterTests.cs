using System.Net;
using ParentProxy.ProxyProtocol;

namespace ParentProxy.Tests.ProxyProtocol;

public sealed class ProxyHeaderWriterTests
{
    [Theory]
    [InlineData("192.0.2.1:56324", "198.51.100.7:443", "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n")]
    [InlineData("0.0.0.0:0", "255.255.255.255:65535", "PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n")]
    [InlineData("[2001:db8::1]:1", "[::1]:2", "PROXY TCP6 2001:db8::1 ::1 1 2\r\n")]
    [InlineData("[fe80::1%3]:1", "[fe80::2%3]:2", "PROXY TCP6 fe80::1 fe80::2 1 2\r\n")]
    [InlineData("[::ffff:192.0.2.1]:1", "[::ffff:198.51.100.7]:2", "PROXY TCP4 192.0.2.1 198.51.100.7 1 2\r\n")]
    [InlineData("192.0.2.1:1", "[2001:db8::2]:2", "PROXY TCP6 ::ffff:c000:201 2001:db8::2 1 2\r\n")]
    [InlineData("[2001:db8::2]:1", "[::ffff:192.0.2.1]:2", "PROXY TCP6 2001:db8::2 ::ffff:c000:201 1 2\r\n")]
    [InlineData("[fe80::5efe:192.0.2.1]:1", "[::192.0.2.1]:2", "PROXY TCP6 fe80::5efe:c000:201 ::c000:201 1 2\r\n")]
    public void Write_Version1_IsALine(string source, string destination, string line) =>
        Assert.Equal(HeaderBytes.Text(line), ProxyHeaderWriter.Write(ProxyProtocolVersion.V1, HeaderBytes.Of(source, destination, "050000")));

    [Theory]
    [InlineData("192.0.2.1:56324", "198.51.100.7:443", 0x11, HeaderBytes.TcpOverIPv4)]
    [InlineData("[::ffff:192.0.2.1]:56324", "198.51.100.7:443", 0x11, HeaderBytes.TcpOverIPv4)]
    [InlineData("[2001:db8::1]:1", "[2001:db8::2]:65535", 0x21, HeaderBytes.TcpOverIPv6)]
    [InlineData(
        "192.0.2.1:1", "[2001:db8::2]:65535", 0x21, "00000000000000000000ffffc000020120010db80000000000000000000000020001ffff")]
    public void Write_Version2_IsBinary(string source, string destination, byte family, string block)
    {
        Assert.Equal(
            HeaderBytes.Binary(0x21, family, block),
            ProxyHeaderWriter.Write(ProxyProtocolVersion.V2, HeaderBytes.Of(source, destination)));
        Assert.Equal(
            HeaderBytes.Binary(0x21, family, block + "ea0002aabb050000"),
            ProxyHeaderWriter.Write(ProxyProtocolVersion.V2, HeaderBytes.Of(source, destination, "ea0002aabb050000")));
    }

    [Fact]
    public void Write_NoSource_IsUnknownOrLocal()
    {
        var unknown = new ProxyHeader(null, null, default);
        var local = HeaderBytes.Of("192.0.2.1:1", "192.0.2.2:2") with { IsLocal = true };
        foreach (var header in new[] { unknown, local })
        {
            Assert.Equal(HeaderBytes.Text("PROXY UNKNOWN\r\n"), ProxyHeaderWriter.Write(ProxyProtocolVersion.V1, header));
            Assert.Equal(HeaderBytes.Binary(0x20, 0x00, ""), ProxyHeaderWriter.Write(ProxyProtocolVersion.V2, header));
        }

        Assert.Equal(
            HeaderBytes.Binary(0x20, 0x00, "05000161"),
            ProxyHeaderWriter.Write(ProxyProtocolVersion.V2, unknown with { Tlvs = Convert.FromHexString("05000161") }));
    }

    [Fact]
    public void Write_Checksum_IsMadeAnew()
    {
        // That of a header with other addresses: passed on as it is, it would be refused.
        var header = HeaderBytes.Of("192.0.2.1:1", "[2001:db8::2]:2", "0500016103000412345678040000");

        var bytes = ProxyHeaderWriter.Write(ProxyProtocolVersion.V2, header);

        Assert.Equal(ProxyHeaderStatus.Complete, ProxyHeaderParser.Parse(bytes, out var read, out var consumed, out _));
        Assert.Equal(bytes.Length, consumed);
        Assert.StartsWith("05000161030004", Convert.ToHexStringLower(read!.Tlvs.Span), StringComparison.Ordinal);
        Assert.DoesNotContain("12345678", Convert.ToHexStringLower(bytes), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_RandomHeaders_AreReadAsTheyWere()
    {
        var random = new Random(42);
        for (var round = 0; round < 200; round++)
        {
            var isIPv6 = random.Next(2) == 0;
            var tlvs = new byte[random.Next(64)];
            random.NextBytes(tlvs);
            byte[] block = round % 3 == 0 ? [] : [(byte)random.Next(0x40, 0x100), 0, (byte)tlvs.Length, .. tlvs];
            var header = new ProxyHeader(End(random, isIPv6), End(random, isIPv6), block);

            Assert.EndsWith(
                $": {HeaderBytes.Describe(header)}",
                HeaderBytes.Read(ProxyHeaderWriter.Write(ProxyProtocolVersion.V2, header)),
                StringComparison.Ordinal);
            Assert.EndsWith(
                $": {HeaderBytes.Describe(header with { Tlvs = default, Version = ProxyProtocolVersion.V1 })}",
                HeaderBytes.Read(ProxyHeaderWriter.Write(ProxyProtocolVersion.V1, header)),
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Checksum_KnownInput_HasKnownValue()
    {
        // RFC 3720, appendix B.4: 32 bytes of zeros.
        var zeros = new byte[32];

        HeaderChecksum.Write(zeros, 0);

        Assert.Equal("8a9136aa", Convert.ToHexStringLower(zeros.AsSpan(0, 4)));
        Assert.True(HeaderChecksum.IsRight(zeros, 0));
        Assert.False(HeaderChecksum.IsRight(zeros, 4));
    }

    private static IPEndPoint End(Random random, bool isIPv6)
    {
        var bytes = new byte[isIPv6 ? 16 : 4];
        random.NextBytes(bytes);

        // Runs of zeros are where the text of an address has its forms.
        bytes.AsSpan(random.Next(bytes.Length), 1).Clear();
        if (isIPv6)
            bytes.AsSpan(random.Next(2, 8), random.Next(8)).Clear();
        return new IPEndPoint(new IPAddress(bytes), random.Next(65536));
    }
}
