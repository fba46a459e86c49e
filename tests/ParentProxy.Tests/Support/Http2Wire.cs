using System.Buffers.Binary;
using System.Text;

namespace ParentProxy.Tests.Support;

/// <summary>HTTP/2 as a test writes it, frame by frame (RFC 9113 §4), so that it can be wrong.</summary>
internal static class Http2Wire
{
    public const byte EndStream = 0x1;
    public const byte EndHeaders = 0x4;
    private const byte DataType = 0x0;
    private const byte HeadersType = 0x1;
    private const byte ResetType = 0x3;
    private const byte SettingsType = 0x4;
    private const byte GoAwayType = 0x7;

    /// <summary>What a client begins a connection with.</summary>
    public static byte[] Preface { get; } = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(SettingsType, 0, 0, [])];

    public static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8 | type);
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }

    public static byte[] Data(int stream, string latin1, byte flags = EndStream) =>
        Frame(DataType, flags, stream, Encoding.Latin1.GetBytes(latin1));

    /// <summary>A request that ends with its head.</summary>
    public static byte[] Headers(int stream, params (string Name, string Value)[] fields) =>
        Headers(stream, EndStream | EndHeaders, fields);

    public static byte[] Headers(int stream, byte flags, params (string Name, string Value)[] fields) =>
        Frame(HeadersType, flags, stream, Block(fields));

    /// <summary>The fields as literals without an index (RFC 7541 §6.2.2), bytes as Latin-1.</summary>
    public static byte[] Block(params (string Name, string Value)[] fields)
    {
        var block = new List<byte>();
        foreach (var (name, value) in fields)
        {
            block.Add(0);
            Add(block, name);
            Add(block, value);
        }

        return [.. block];
    }

    /// <summary>Reads frames until one resets a stream or ends the connection: its kind and its error code, or null at the end.</summary>
    public static async Task<(bool IsConnection, uint Code)?> ReadErrorAsync(WireConnection connection)
    {
        while (await connection.HasBytesAsync())
        {
            var head = await connection.ReadExactlyAsync(9);
            var payload = await connection.ReadExactlyAsync(BinaryPrimitives.ReadInt32BigEndian(head) >> 8 & 0xFFFFFF);
            if (head[3] is ResetType)
                return (false, BinaryPrimitives.ReadUInt32BigEndian(payload));
            if (head[3] is GoAwayType)
                return (true, BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(4)));
        }

        return null;
    }

    private static void Add(List<byte> block, string latin1)
    {
        // An integer with a prefix of seven bits (RFC 7541 §5.1).
        var length = latin1.Length;
        block.Add((byte)Math.Min(length, 127));
        if (length >= 127)
        {
            for (length -= 127; length >= 128; length /= 128)
                block.Add((byte)(length % 128 + 128));
            block.Add((byte)length);
        }

        block.AddRange(Encoding.Latin1.GetBytes(latin1));
    }
}
