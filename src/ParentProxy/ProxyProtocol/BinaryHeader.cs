using System.Buffers.Binary;
using System.Net;

namespace ParentProxy.ProxyProtocol;

/// <summary>Version 2: a signature, version and command, family and protocol, a length, addresses, TLVs.</summary>
internal static class BinaryHeader
{
    /// <summary>Bytes up to the length, and with it.</summary>
    private const int HeadBytes = 16;

    private const int CommandAt = 12;
    private const int FamilyAt = 13;
    private const int LengthAt = 14;

    private const byte Local = 0x20;
    private const byte Proxy = 0x21;

    private const byte Unspecified = 0x00;
    private const byte TcpOverIPv4 = 0x11;
    private const byte TcpOverIPv6 = 0x21;
    private const byte UnixStream = 0x31;

    private const int IPv4Bytes = 4;
    private const int IPv6Bytes = 16;
    private const int UnixPathBytes = 108;

    /// <summary>What version 2 begins with; no text protocol does.</summary>
    public static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>Looks at what begins with <see cref="Signature"/>.</summary>
    public static ProxyHeaderStatus Parse(ReadOnlySpan<byte> received, out ProxyHeader? header, out int consumed, out string? problem)
    {
        (header, consumed) = (null, 0);
        problem = CheckHead(received);
        if (problem is not null)
            return ProxyHeaderStatus.Malformed;
        if (received.Length < HeadBytes)
            return ProxyHeaderStatus.Incomplete;
        var length = HeadBytes + BinaryPrimitives.ReadUInt16BigEndian(received[LengthAt..]);
        if (received.Length < length)
            return ProxyHeaderStatus.Incomplete;
        header = Read(received[..length], out problem);
        if (header is null)
            return ProxyHeaderStatus.Malformed;
        consumed = length;
        return ProxyHeaderStatus.Complete;
    }

    /// <summary>The header with its TLVs; without addresses that of a connection of our own.</summary>
    /// <exception cref="OverflowException">The TLVs are longer than a header can be.</exception>
    public static byte[] Write(AddressPair? addresses, ReadOnlySpan<byte> tlvs)
    {
        var addressBytes = addresses is null ? 0 : AddressBytes(addresses.Value.IsIPv6);
        var header = new byte[HeadBytes + addressBytes + tlvs.Length];
        Signature.CopyTo(header);
        header[CommandAt] = Local;
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(LengthAt), checked((ushort)(addressBytes + tlvs.Length)));
        if (addresses is { } pair)
        {
            header[CommandAt] = Proxy;
            header[FamilyAt] = pair.IsIPv6 ? TcpOverIPv6 : TcpOverIPv4;
            Write(pair, header.AsSpan(HeadBytes, addressBytes));
        }

        tlvs.CopyTo(header.AsSpan(HeadBytes + addressBytes));
        if (TlvBlock.Check(tlvs, out var checksumAt) is null && checksumAt >= 0)
            HeaderChecksum.Write(header, HeadBytes + addressBytes + checksumAt);
        return header;
    }

    // Byte by byte: what is wrong from one byte on is refused then, whatever comes behind.
    private static string? CheckHead(ReadOnlySpan<byte> received)
    {
        if (received.Length <= CommandAt)
            return null;
        if (received[CommandAt] >> 4 != (int)ProxyProtocolVersion.V2)
            return $"version {received[CommandAt] >> 4} behind the signature of version 2";
        if (received[CommandAt] is not (Local or Proxy))
            return $"command {received[CommandAt] & 0xF}, which is neither LOCAL (0) nor PROXY (1)";
        if (received.Length <= FamilyAt)
            return null;

        // Of LOCAL everything that follows is to be ignored, the family too.
        var isLocal = received[CommandAt] == Local;
        var family = received[FamilyAt];
        if (!isLocal && AddressBytes(family) is null)
            return $"family and protocol 0x{family:X2}, which are none of TCP over IPv4 (0x11), TCP over IPv6 (0x21), "
                + "unix stream (0x31) and unspecified (0x00)";
        if (received.Length < HeadBytes)
            return null;
        var length = BinaryPrimitives.ReadUInt16BigEndian(received[LengthAt..]);
        if (length > ProxyHeaderParser.MaxBytes - HeadBytes)
            return $"a length of {length} bytes, of which at most {ProxyHeaderParser.MaxBytes - HeadBytes} are read";
        return !isLocal && length < AddressBytes(family)
            ? $"a length of {length} bytes, where the addresses alone take {AddressBytes(family)}"
            : null;
    }

    private static ProxyHeader? Read(ReadOnlySpan<byte> bytes, out string? problem)
    {
        problem = null;
        if (bytes[CommandAt] == Local)
            return new ProxyHeader(null, null, default) { IsLocal = true };
        var family = bytes[FamilyAt];
        var addresses = bytes.Slice(HeadBytes, AddressBytes(family)!.Value);
        var tlvs = bytes[(HeadBytes + addresses.Length)..];
        problem = TlvBlock.Check(tlvs, out var checksumAt);
        if (problem is null && checksumAt >= 0 && !HeaderChecksum.IsRight(bytes, bytes.Length - tlvs.Length + checksumAt))
            problem = "a PP2_TYPE_CRC32C that is not the checksum of the header";
        if (problem is not null)
            return null;
        byte[] kept = [.. tlvs];
        return family is Unspecified or UnixStream
            ? new ProxyHeader(null, null, kept)
            : Read(addresses, family == TcpOverIPv6 ? IPv6Bytes : IPv4Bytes, kept);
    }

    private static ProxyHeader Read(ReadOnlySpan<byte> addresses, int size, byte[] tlvs)
    {
        var ports = addresses[(2 * size)..];
        return AddressPair.Header(
            new IPEndPoint(new IPAddress(addresses[..size]), BinaryPrimitives.ReadUInt16BigEndian(ports)),
            new IPEndPoint(new IPAddress(addresses.Slice(size, size)), BinaryPrimitives.ReadUInt16BigEndian(ports[sizeof(ushort)..])),
            tlvs,
            ProxyProtocolVersion.V2);
    }

    private static void Write(in AddressPair pair, Span<byte> target)
    {
        pair.Source.Address.TryWriteBytes(target, out var size);
        pair.Destination.Address.TryWriteBytes(target[size..], out _);
        BinaryPrimitives.WriteUInt16BigEndian(target[(2 * size)..], (ushort)pair.Source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(target[((2 * size) + sizeof(ushort))..], (ushort)pair.Destination.Port);
    }

    private static int AddressBytes(bool isIPv6) => AddressBytes(isIPv6 ? TcpOverIPv6 : TcpOverIPv4)!.Value;

    /// <summary>How long the addresses of a family are; null for one that is refused.</summary>
    private static int? AddressBytes(byte family) => family switch
    {
        Unspecified => 0,
        TcpOverIPv4 => 2 * (IPv4Bytes + sizeof(ushort)),
        TcpOverIPv6 => 2 * (IPv6Bytes + sizeof(ushort)),
        UnixStream => 2 * UnixPathBytes,
        _ => null,
    };
}
