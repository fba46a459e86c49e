using System.Buffers.Binary;
using System.Text;

namespace ParentProxy.ProxyProtocol;

/// <summary>The TLVs behind the addresses of a version 2 header: a type, a length of two bytes, a value.</summary>
internal static class TlvBlock
{
    /// <summary>PP2_TYPE_CRC32C: a checksum of the whole header.</summary>
    private const byte Checksum = 0x03;

    /// <summary>PP2_TYPE_AWS: Amazon's own, a subtype and what that says.</summary>
    private const byte Aws = 0xEA;

    /// <summary>PP2_SUBTYPE_AWS_VPCE_ID: the rest of the value is the id.</summary>
    private const byte AwsVpcEndpoint = 0x01;

    private const int HeadBytes = 3;

    /// <summary>Longer than any id that there is; what is longer does not belong into a log.</summary>
    private const int MaxIdBytes = 64;

    /// <summary>Checks that the TLVs fit, and finds the checksum among them.</summary>
    /// <param name="block">The TLVs and nothing else.</param>
    /// <param name="checksumAt">Where the four bytes of the checksum begin; -1 when there is none.</param>
    /// <returns>What is wrong, or null.</returns>
    public static string? Check(ReadOnlySpan<byte> block, out int checksumAt)
    {
        checksumAt = -1;
        var at = 0;
        while (at < block.Length)
        {
            var rest = block[at..];
            if (!TryRead(rest, out var type, out var length))
                return $"the last TLV is cut: {Bytes(rest.Length)} left of the length in the header";
            if (type == Checksum)
            {
                if (length != sizeof(uint))
                    return $"a PP2_TYPE_CRC32C of {Bytes(length)} instead of {sizeof(uint)}";
                if (checksumAt >= 0)
                    return "PP2_TYPE_CRC32C twice";
                checksumAt = at + HeadBytes;
            }

            at += HeadBytes + length;
        }

        return null;
    }

    /// <summary>Amazon's TLV with the id of the VPC endpoint, if it is there and readable.</summary>
    public static string? AwsVpcEndpointId(ReadOnlySpan<byte> block)
    {
        while (TryRead(block, out var type, out var length))
        {
            var value = block.Slice(HeadBytes, length);
            if (type == Aws && value is [AwsVpcEndpoint, .. { Length: > 0 and <= MaxIdBytes } id])
                return id.ContainsAnyExceptInRange((byte)'!', (byte)'~') ? null : Encoding.ASCII.GetString(id);
            block = block[(HeadBytes + length)..];
        }

        return null;
    }

    private static bool TryRead(ReadOnlySpan<byte> block, out byte type, out int length)
    {
        (type, length) = (0, 0);
        if (block.Length < HeadBytes)
            return false;
        type = block[0];
        length = BinaryPrimitives.ReadUInt16BigEndian(block[1..]);
        return length <= block.Length - HeadBytes;
    }

    private static string Bytes(int count) => count == 1 ? "1 byte" : $"{count} bytes";
}
