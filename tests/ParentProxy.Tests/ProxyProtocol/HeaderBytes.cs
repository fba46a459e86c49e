using System.Net;
using System.Text;
using ParentProxy.ProxyProtocol;
using ParentProxy.Tests.Http1;

namespace ParentProxy.Tests.ProxyProtocol;

/// <summary>Headers as they stand on the wire, and what is read of them.</summary>
internal static class HeaderBytes
{
    public const string TcpOverIPv4 = "c0000201c6336407dc0401bb";

    public const string TcpOverIPv6 = "20010db800000000000000000000000120010db80000000000000000000000020001ffff";

    /// <summary>What a client says behind a header: more than enough to be mistaken for a part of it.</summary>
    private static readonly byte[] Behind = Encoding.ASCII.GetBytes("PROXY \r\n\r\n\0\r\nQUIT\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");

    /// <summary>Text with a byte for each character.</summary>
    public static byte[] Text(string latin1) => Encoding.Latin1.GetBytes(latin1);

    /// <summary>A version 2 header whose length is right.</summary>
    /// <param name="command">Version and command.</param>
    /// <param name="family">Family and protocol.</param>
    /// <param name="block">Addresses and TLVs in hexadecimal.</param>
    public static byte[] Binary(byte command, byte family, string block)
    {
        var bytes = Convert.FromHexString(block);
        return [.. BinaryHeader.Signature, command, family, (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];
    }

    /// <summary>Reads a header in all ways in which it may arrive, alone and with something behind; all have to agree.</summary>
    public static string Read(byte[] header)
    {
        var result = Assert.Single(Splits.Of(header.Length).Select(ends => Read(header, ends)).Distinct());
        if (result != nameof(ProxyHeaderStatus.Incomplete))
            Assert.Equal(result, Read([.. header, .. Behind], [header.Length + Behind.Length]));
        return result;
    }

    /// <summary>What is read of a header, in words.</summary>
    public static string Describe(ProxyHeader header) =>
        $"{header.Version} {(header.IsLocal ? "local" : header.Source is null ? "unknown" : $"{header.Source} > {header.Destination}")}"
            + (header.Tlvs.IsEmpty ? "" : $" {Convert.ToHexStringLower(header.Tlvs.Span)}");

    /// <summary>The header of a client of this address.</summary>
    public static ProxyHeader Of(string source, string destination, string tlvs = "") =>
        new(IPEndPoint.Parse(source), IPEndPoint.Parse(destination), Convert.FromHexString(tlvs));

    private static string Read(byte[] bytes, int[] ends)
    {
        foreach (var end in ends)
        {
            var status = ProxyHeaderParser.Parse(bytes.AsSpan(0, end), out var header, out var consumed, out var problem);
            Assert.Equal(status == ProxyHeaderStatus.Complete, header is not null);
            Assert.Equal(status == ProxyHeaderStatus.Complete, consumed > 0);
            Assert.Equal(status == ProxyHeaderStatus.Malformed, problem is not null);
            if (status != ProxyHeaderStatus.Incomplete)
                return header is null ? problem ?? $"{status}" : $"{consumed}: {Describe(header)}";
        }

        return nameof(ProxyHeaderStatus.Incomplete);
    }
}
