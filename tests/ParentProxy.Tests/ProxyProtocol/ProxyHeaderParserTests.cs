using ParentProxy.ProxyProtocol;

namespace ParentProxy.Tests.ProxyProtocol;

public sealed class ProxyHeaderParserTests
{
    private const string NotFields = "a line of version 1 without exactly two addresses and two ports, one space between them";
    private const string NoFamily = "a line of version 1 whose family is none of TCP4, TCP6 and UNKNOWN";
    private const string TooLong = "a line of version 1 that has no end within 107 bytes";
    private const string NoFamilyByte = "which are none of TCP over IPv4 (0x11), TCP over IPv6 (0x21), unix stream (0x31) and unspecified (0x00)";

    /// <summary>As a Network Load Balancer sends it behind PrivateLink, checksum and padding included: from Amazon's documentation.</summary>
    private const string AwsTlvs =
        "030004e8d6892d" + "ea00170176706365" + "2d30386432626631356661633530303163" + "39"
        + "040024000000000000000000000000000000000000000000000000000000000000000000000000";

    private static readonly string Group = new('f', 4);
    private static readonly string LongestIPv6 = string.Join(':', Enumerable.Repeat(Group, 8));

    public static TheoryData<string, string> GoodLines => new()
    {
        { "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n", "45: V1 192.0.2.1:56324 > 198.51.100.7:443" },
        { "PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", "44: V1 0.0.0.0:0 > 255.255.255.255:65535" },
        { "PROXY TCP6 2001:db8::1 ::1 1 2\r\n", "32: V1 [2001:db8::1]:1 > [::1]:2" },
        { "PROXY TCP6 2001:DB8:0:0:0:0:0:1 :: 1 2\r\n", "40: V1 [2001:db8::1]:1 > [::]:2" },
        { $"PROXY TCP6 {LongestIPv6} {LongestIPv6} 65535 65535\r\n", $"104: V1 [{LongestIPv6}]:65535 > [{LongestIPv6}]:65535" },
        { "PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c633:6407 1 2\r\n", "50: V1 192.0.2.1:1 > 198.51.100.7:2" },
        { "PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 1 2\r\n", "45: V1 192.0.2.1:1 > [2001:db8::2]:2" },
        { "PROXY UNKNOWN\r\n", "15: V1 unknown" },
        { "PROXY UNKNOWN \r\n", "16: V1 unknown" },
        { "PROXY UNKNOWN what\0ever  \xFF\r\n", "28: V1 unknown" },
        { $"PROXY UNKNOWN {LongestIPv6} {LongestIPv6} 65535 65535\r\n", "107: V1 unknown" },
    };

    public static TheoryData<string, string> BadLines => new()
    {
        { "PROXY \r\n", NoFamily },
        { "PROXY  TCP4 192.0.2.1 198.51.100.7 56324 443\r\n", NoFamily },
        { "PROXY tcp4 192.0.2.1 198.51.100.7 56324 443\r\n", NoFamily },
        { "PROXY TCP 192.0.2.1 198.51.100.7 56324 443\r\n", NoFamily },
        { "PROXY UDP4 192.0.2.1 198.51.100.7 56324 443\r\n", NoFamily },
        { "PROXY TCP5 192.0.2.1 198.51.100.7 56324 443\r\n", NoFamily },
        { "PROXY UNKNOWNS\r\n", NoFamily },
        { "PROXY UNKNOWN\t\r\n", NoFamily },
        { "PROXY /index.html HTTP/1.1\r\n", NoFamily },
        { "PROXY TCP4\r\n", NotFields },
        { "PROXY TCP4 \r\n", NotFields },
        { "PROXY TCP4 192.0.2.1 198.51.100.7 56324\r\n", NotFields },
        { "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443 \r\n", NotFields },
        { "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443 1\r\n", NotFields },
        { "PROXY TCP4  192.0.2.1 198.51.100.7 56324 443\r\n", NotFields },
        { "PROXY TCP4 192.0.2.1  198.51.100.7 56324 443\r\n", NotFields },
        { "PROXY TCP4 192.0.2.1 198.51.100.7  443\r\n", "a source port that is no number from 0 to 65535" },
        { "PROXY TCP4 192.0.2.1\t198.51.100.7 56324 443\r\n", NotFields },
        { "PROXY TCP4 10.1 198.51.100.7 56324 443\r\n", "a source that is no address of IPv4" },
        { "PROXY TCP4 192.0.2.01 198.51.100.7 56324 443\r\n", "a source that is no address of IPv4" },
        { "PROXY TCP4 192.0.2.256 198.51.100.7 56324 443\r\n", "a source that is no address of IPv4" },
        { "PROXY TCP4 2001:db8::1 198.51.100.7 56324 443\r\n", "a source that is no address of IPv4" },
        { "PROXY TCP4 192.0.2.1 2001:db8::1 56324 443\r\n", "a destination that is no address of IPv4" },
        { "PROXY TCP4 192.0.2.1 unix:/run/x 56324 443\r\n", "a destination that is no address of IPv4" },
        { "PROXY TCP6 192.0.2.1 2001:db8::1 56324 443\r\n", "a source that is no address of IPv6" },
        { "PROXY TCP6 2001:db8::1 198.51.100.7 56324 443\r\n", "a destination that is no address of IPv6" },
        { "PROXY TCP6 fe80::1%eth0 fe80::2 56324 443\r\n", "a source that is no address of IPv6" },
        { "PROXY TCP4 192.0.2.1 198.51.100.7 65536 443\r\n", "a source port that is no number from 0 to 65535" },
        { "PROXY TCP4 192.0.2.1 198.51.100.7 99999999999 443\r\n", "a source port that is no number from 0 to 65535" },
        { "PROXY TCP4 192.0.2.1 198.51.100.7 -1 443\r\n", "a source port that is no number from 0 to 65535" },
        { "PROXY TCP4 192.0.2.1 198.51.100.7 56324 0443\r\n", "a destination port that is no number from 0 to 65535" },
        { "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\0\r\n", "a destination port that is no number from 0 to 65535" },
        { "PROXY TCP4 192.0.2.1 198.51.100.7 56324 0x1b\r\n", "a destination port that is no number from 0 to 65535" },
        { "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\n", "a bare LF in the line of version 1" },
        { "PROXY\x20\n", "a bare LF in the line of version 1" },
        { "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\rX", "a bare CR in the line of version 1" },
        { "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\r\n", "a bare CR in the line of version 1" },
        { $"PROXY UNKNOWN {LongestIPv6} {LongestIPv6} 65535 655350\r\n", TooLong },
        { $"PROXY UNKNOWN {new string('x', 200)}", TooLong },
    };

    public static TheoryData<byte, byte, string, string> GoodBlocks => new()
    {
        { 0x21, 0x11, HeaderBytes.TcpOverIPv4, "28: V2 192.0.2.1:56324 > 198.51.100.7:443" },
        { 0x21, 0x21, HeaderBytes.TcpOverIPv6, "52: V2 [2001:db8::1]:1 > [2001:db8::2]:65535" },
        {
            0x21, 0x21, "00000000000000000000ffffc0000201" + "00000000000000000000ffffc6336407" + "dc0401bb",
            "52: V2 192.0.2.1:56324 > 198.51.100.7:443"
        },
        { 0x21, 0x31, new string('2', 2 * 216), "232: V2 unknown" },
        { 0x21, 0x31, new string('2', 2 * 216) + "05000161", "236: V2 unknown 05000161" },
        { 0x21, 0x00, "", "16: V2 unknown" },
        { 0x21, 0x00, "05000161", "20: V2 unknown 05000161" },
        { 0x20, 0x00, "", "16: V2 local" },
        { 0x20, 0x11, HeaderBytes.TcpOverIPv4, "28: V2 local" },
        { 0x20, 0xFF, "00ff", "18: V2 local" },
        { 0x21, 0x11, HeaderBytes.TcpOverIPv4 + "040000", "31: V2 192.0.2.1:56324 > 198.51.100.7:443 040000" },
        { 0x21, 0x11, HeaderBytes.TcpOverIPv4 + "f70002abcd010003683232", "39: V2 192.0.2.1:56324 > 198.51.100.7:443 f70002abcd010003683232" },
        { 0x21, 0x11, "ac1f0771ac1f0a1fc8f20050" + AwsTlvs, $"100: V2 172.31.7.113:51442 > 172.31.10.31:80 {AwsTlvs}" },
    };

    public static TheoryData<byte, byte, string, string> BadBlocks => new()
    {
        { 0x11, 0x11, HeaderBytes.TcpOverIPv4, "version 1 behind the signature of version 2" },
        { 0x31, 0x11, HeaderBytes.TcpOverIPv4, "version 3 behind the signature of version 2" },
        { 0x22, 0x11, HeaderBytes.TcpOverIPv4, "command 2, which is neither LOCAL (0) nor PROXY (1)" },
        { 0x2F, 0x11, HeaderBytes.TcpOverIPv4, "command 15, which is neither LOCAL (0) nor PROXY (1)" },
        { 0x21, 0x12, HeaderBytes.TcpOverIPv4, $"family and protocol 0x12, {NoFamilyByte}" },
        { 0x21, 0x22, HeaderBytes.TcpOverIPv6, $"family and protocol 0x22, {NoFamilyByte}" },
        { 0x21, 0x32, new string('2', 2 * 216), $"family and protocol 0x32, {NoFamilyByte}" },
        { 0x21, 0x10, HeaderBytes.TcpOverIPv4, $"family and protocol 0x10, {NoFamilyByte}" },
        { 0x21, 0x01, "", $"family and protocol 0x01, {NoFamilyByte}" },
        { 0x21, 0x41, HeaderBytes.TcpOverIPv4, $"family and protocol 0x41, {NoFamilyByte}" },
        { 0x21, 0x13, HeaderBytes.TcpOverIPv4, $"family and protocol 0x13, {NoFamilyByte}" },
        { 0x21, 0x11, "", "a length of 0 bytes, where the addresses alone take 12" },
        { 0x21, 0x11, HeaderBytes.TcpOverIPv4[..^2], "a length of 11 bytes, where the addresses alone take 12" },
        { 0x21, 0x21, HeaderBytes.TcpOverIPv4, "a length of 12 bytes, where the addresses alone take 36" },
        { 0x21, 0x31, HeaderBytes.TcpOverIPv6, "a length of 36 bytes, where the addresses alone take 216" },
        { 0x21, 0x11, HeaderBytes.TcpOverIPv4 + new string('0', 2 * 4069), "a length of 4081 bytes, of which at most 4080 are read" },
        { 0x20, 0x00, new string('0', 2 * 4081), "a length of 4081 bytes, of which at most 4080 are read" },
        { 0x21, 0x11, HeaderBytes.TcpOverIPv4 + "04", "the last TLV is cut: 1 byte left of the length in the header" },
        { 0x21, 0x11, HeaderBytes.TcpOverIPv4 + "0400", "the last TLV is cut: 2 bytes left of the length in the header" },
        { 0x21, 0x11, HeaderBytes.TcpOverIPv4 + "040001", "the last TLV is cut: 3 bytes left of the length in the header" },
        { 0x21, 0x11, HeaderBytes.TcpOverIPv4 + "04000004ffff00", "the last TLV is cut: 4 bytes left of the length in the header" },
        { 0x21, 0x11, HeaderBytes.TcpOverIPv4 + "030003000000", "a PP2_TYPE_CRC32C of 3 bytes instead of 4" },
        { 0x21, 0x11, HeaderBytes.TcpOverIPv4 + "03000500000000ff", "a PP2_TYPE_CRC32C of 5 bytes instead of 4" },
        { 0x21, 0x11, HeaderBytes.TcpOverIPv4 + "0300040000000003000400000000", "PP2_TYPE_CRC32C twice" },
        { 0x21, 0x11, HeaderBytes.TcpOverIPv4 + "03000400000000", "a PP2_TYPE_CRC32C that is not the checksum of the header" },
        {
            0x21, 0x11, "ac1f0771ac1f0a1fc8f20051" + AwsTlvs, "a PP2_TYPE_CRC32C that is not the checksum of the header"
        },
    };

    [Theory]
    [MemberData(nameof(GoodLines))]
    public void Parse_GoodLine_GivesAddressesHoweverItArrives(string line, string expected) =>
        Assert.Equal(expected, HeaderBytes.Read(HeaderBytes.Text(line)));

    [Theory]
    [MemberData(nameof(BadLines))]
    public void Parse_BadLine_SaysWhatIsWrongHoweverItArrives(string line, string problem) =>
        Assert.Equal(problem, HeaderBytes.Read(HeaderBytes.Text(line)));

    [Theory]
    [MemberData(nameof(GoodBlocks))]
    public void Parse_GoodBlock_GivesAddressesHoweverItArrives(byte command, byte family, string block, string expected) =>
        Assert.Equal(expected, HeaderBytes.Read(HeaderBytes.Binary(command, family, block)));

    [Theory]
    [MemberData(nameof(BadBlocks))]
    public void Parse_BadBlock_SaysWhatIsWrongHoweverItArrives(byte command, byte family, string block, string problem) =>
        Assert.Equal(problem, HeaderBytes.Read(HeaderBytes.Binary(command, family, block)));

    [Fact]
    public void Parse_CutAnywhere_IsIncomplete()
    {
        byte[][] headers =
        [
            .. GoodLines.Select(row => HeaderBytes.Text(row.Data.Item1)),
            .. GoodBlocks.Select(row => HeaderBytes.Binary(row.Data.Item1, row.Data.Item2, row.Data.Item3)),
        ];
        foreach (var header in headers)
        {
            for (var length = 0; length < header.Length; length++)
            {
                Assert.Equal(ProxyHeaderStatus.Incomplete, ProxyHeaderParser.Parse(header.AsSpan(0, length), out _, out _, out _));
            }
        }
    }

    [Fact]
    public void Parse_AnotherByteInTheSignature_IsNoHeader()
    {
        byte[][] headers =
        [
            HeaderBytes.Text("PROXY UNKNOWN\r\n"),
            HeaderBytes.Binary(0x21, 0x11, HeaderBytes.TcpOverIPv4),
        ];
        foreach (var (header, signature) in headers.Zip([6, 12]))
        {
            for (var at = 0; at < signature; at++)
            {
                byte[] other = [.. header];
                other[at] ^= 0x20;
                Assert.Equal(nameof(ProxyHeaderStatus.NoHeader), HeaderBytes.Read(other));
            }
        }
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("POST / HTTP/1.1\r\n")]
    [InlineData("PROPFIND / HTTP/1.1\r\n")]
    [InlineData("PROXYING / HTTP/1.1\r\n")]
    [InlineData("proxy TCP4 192.0.2.1 198.51.100.7 56324 443\r\n")]
    [InlineData(" PROXY UNKNOWN\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("\x16\x03\x01\x02\x00\x01")]
    [InlineData("\r\nPROXY UNKNOWN\r\n")]
    [InlineData("\r\n\r\nGET / HTTP/1.1\r\n")]
    [InlineData("\0")]
    public void Parse_WhatClientsSay_IsNoHeader(string bytes) =>
        Assert.Equal(nameof(ProxyHeaderStatus.NoHeader), HeaderBytes.Read(HeaderBytes.Text(bytes)));

    [Fact]
    public void Parse_LargestBlock_IsRead()
    {
        var length = ProxyHeaderParser.MaxBytes - 16 - 12 - 3;
        var tlv = $"04{length:x4}{new string('a', 2 * length)}";

        Assert.Equal(
            $"{ProxyHeaderParser.MaxBytes}: V2 192.0.2.1:56324 > 198.51.100.7:443 {tlv}",
            HeaderBytes.Read(HeaderBytes.Binary(0x21, 0x11, HeaderBytes.TcpOverIPv4 + tlv)));
    }

    [Fact]
    public void Parse_RandomDamage_NeverChangesItsMind()
    {
        byte[][] headers =
        [
            .. GoodLines.Select(row => HeaderBytes.Text(row.Data.Item1)),
            .. GoodBlocks.Select(row => HeaderBytes.Binary(row.Data.Item1, row.Data.Item2, row.Data.Item3)),
        ];
        var random = new Random(21);
        for (var round = 0; round < 2000; round++)
        {
            byte[] damaged = [.. headers[random.Next(headers.Length)]];
            for (var times = random.Next(1, 4); times > 0; times--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);

            // Fails when two ways of arriving differ.
            HeaderBytes.Read(damaged);
        }
    }

    [Fact]
    public void AwsVpcEndpointId_ItsTlv_IsTheId()
    {
        var bytes = HeaderBytes.Binary(0x21, 0x11, "ac1f0771ac1f0a1fc8f20050" + AwsTlvs);
        ProxyHeaderParser.Parse(bytes, out var header, out _, out _);

        Assert.Equal("vpce-08d2bf15fac5001c9", header!.AwsVpcEndpointId);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0400020176")]
    [InlineData("ea0000")]
    [InlineData("ea000101")]
    [InlineData("ea000502767063")]
    [InlineData("ea0003010a61")]
    [InlineData("ea00030161ff")]
    [InlineData("ea00040161")]
    public void AwsVpcEndpointId_AnythingElse_IsNull(string tlvs) =>
        Assert.Null(HeaderBytes.Of("192.0.2.1:1", "192.0.2.2:2", tlvs).AwsVpcEndpointId);
}
