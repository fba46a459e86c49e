using System.Text;

namespace ParentProxy.ProxyProtocol;

/// <summary>Writes the header that tells the next hop who its client is, in the way that both versions can be read by anybody.</summary>
internal static class ProxyHeaderWriter
{
    /// <summary>
    /// The bytes to be sent before any of the client's, in one piece. A header without a source becomes UNKNOWN in version
    /// 1 and LOCAL in version 2, which every receiver has to take. Version 2 carries the TLVs as they are, but for the
    /// checksum, which is made anew if there is one; version 1 has no place for them.
    /// </summary>
    /// <param name="version">Of what is written, whatever the header came in.</param>
    /// <param name="header">What to say; an IPv4-mapped address is written as IPv4 where the other end is IPv4, too.</param>
    public static byte[] Write(ProxyProtocolVersion version, ProxyHeader header)
    {
        var addresses = header.IsLocal ? null : AddressPair.Of(header);
        return version == ProxyProtocolVersion.V1
            ? Encoding.ASCII.GetBytes(TextHeader.Write(addresses))
            : BinaryHeader.Write(addresses, header.Tlvs.Span);
    }
}
