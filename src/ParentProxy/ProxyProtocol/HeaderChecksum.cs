using System.Buffers.Binary;
using System.Numerics;

namespace ParentProxy.ProxyProtocol;

/// <summary>PP2_TYPE_CRC32C (§2.2.3): the CRC32c of the whole header, as if the checksum were four zero bytes; big endian.</summary>
internal static class HeaderChecksum
{
    private static ReadOnlySpan<byte> Zeros => [0, 0, 0, 0];

    /// <summary>Whether the checksum at <paramref name="at"/> is that of the header.</summary>
    public static bool IsRight(ReadOnlySpan<byte> header, int at) =>
        BinaryPrimitives.ReadUInt32BigEndian(header[at..]) == Compute(header, at);

    /// <summary>Puts the checksum in its place.</summary>
    public static void Write(Span<byte> header, int at) => BinaryPrimitives.WriteUInt32BigEndian(header[at..], Compute(header, at));

    private static uint Compute(ReadOnlySpan<byte> header, int at) =>
        ~Add(Add(Add(uint.MaxValue, header[..at]), Zeros), header[(at + sizeof(uint))..]);

    private static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (var octet in bytes)
            crc = BitOperations.Crc32C(crc, octet);
        return crc;
    }
}
