using System.Formats.Cbor;

namespace ParentProxy.Attestation.Tests.Support;

/// <summary>Values in CBOR.</summary>
public static class Item
{
    public static byte[] Null => [0xF6];

    public static byte[] Bytes(ReadOnlySpan<byte> value)
    {
        var writer = new CborWriter();
        writer.WriteByteString(value);
        return writer.Encode();
    }

    public static byte[] Text(string value) => Written(writer => writer.WriteTextString(value));

    public static byte[] Number(long value) => Written(writer => writer.WriteInt64(value));

    /// <summary>In eight bytes, whatever it is, as security modules write timestamps.</summary>
    public static byte[] LongNumber(ulong value)
    {
        var bytes = new byte[9];
        bytes[0] = 0x1B;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(1), value);
        return bytes;
    }

    public static byte[] Array(IEnumerable<byte[]> values) => Written(writer =>
    {
        var items = values.ToList();
        writer.WriteStartArray(items.Count);
        foreach (var item in items)
            writer.WriteEncodedValue(item);
        writer.WriteEndArray();
    });

    /// <summary>A map, with the keys in this order, and as often.</summary>
    public static byte[] Map(IEnumerable<(byte[] Key, byte[] Value)> pairs, bool isIndefinite = false) => Written(writer =>
    {
        var items = pairs.ToList();
        writer.WriteStartMap(isIndefinite ? null : items.Count);
        foreach (var (key, value) in items)
        {
            writer.WriteEncodedValue(key);
            writer.WriteEncodedValue(value);
        }

        writer.WriteEndMap();
    });

    /// <summary>What is written by hand.</summary>
    public static byte[] Hex(string hex) => Convert.FromHexString(hex);

    private static byte[] Written(Action<CborWriter> write)
    {
        var writer = new CborWriter(CborConformanceMode.Lax, convertIndefiniteLengthEncodings: false);
        write(writer);
        return writer.Encode();
    }
}
