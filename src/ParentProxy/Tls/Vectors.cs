using System.Buffers.Binary;

namespace ParentProxy.Tls;

/// <summary>
/// Takes the next of what TLS calls a vector (RFC 8446 §3.4): a length, and as many bytes. False if they are not all there; then
/// nothing is to be read any more.
/// </summary>
internal static class Vectors
{
    /// <summary>Takes one whose length is one byte.</summary>
    public static bool TryTake8(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> content)
    {
        content = default;
        return rest.Length >= 1 && TryTake(ref rest, 1, rest[0], out content);
    }

    /// <summary>Takes one whose length is two bytes.</summary>
    public static bool TryTake16(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> content)
    {
        content = default;
        return rest.Length >= 2 && TryTake(ref rest, 2, BinaryPrimitives.ReadUInt16BigEndian(rest), out content);
    }

    /// <summary>Takes one whose length is two bytes, behind a type of two bytes.</summary>
    public static bool TryTake16(ref ReadOnlySpan<byte> rest, out ushort type, out ReadOnlySpan<byte> content)
    {
        type = 0;
        content = default;
        return rest.Length >= 4
            && BinaryPrimitives.TryReadUInt16BigEndian(rest, out type)
            && TryTake(ref rest, 4, BinaryPrimitives.ReadUInt16BigEndian(rest[2..]), out content);
    }

    private static bool TryTake(ref ReadOnlySpan<byte> rest, int start, int length, out ReadOnlySpan<byte> content)
    {
        content = default;
        if (rest.Length - start < length)
            return false;
        content = rest.Slice(start, length);
        rest = rest[(start + length)..];
        return true;
    }
}
