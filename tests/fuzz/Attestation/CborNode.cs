using System.Buffers.Binary;

namespace ParentProxy.Fuzz.Attestation;

/// <summary>
/// An item of CBOR that can be changed and written again, wrongly, too: counts that are not true, longer forms, pieces. Reads what is
/// well-formed, by RFC 8949 alone.
/// </summary>
internal sealed class CborNode
{
    /// <summary>0 to 7: number, negative number, bytes, text, array, map, tag, simple value.</summary>
    public int Major { get; set; }

    /// <summary>The number, tag or simple value.</summary>
    public ulong Value { get; set; }

    /// <summary>Of a string.</summary>
    public byte[] Content { get; set; } = [];

    /// <summary>Of an array; of a map, keys and values by turns; of a tag; of a byte string that is known to hold CBOR.</summary>
    public List<CborNode> Items { get; private set; } = [];

    /// <summary>How many sizes its head is longer than it has to be.</summary>
    public int ExtraWidth { get; set; }

    /// <summary>Whether it has no length but an end.</summary>
    public bool IsIndefinite { get; set; }

    /// <summary>What is added to the count in its head.</summary>
    public int CountError { get; set; }

    /// <summary>Reads one item that takes all the bytes; null when it does not.</summary>
    public static CborNode? Parse(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        return Read(bytes, ref at, 0) is { } node && at == bytes.Length ? node : null;
    }

    /// <summary>It, and all within.</summary>
    public IEnumerable<CborNode> All() => Items.SelectMany(item => item.All()).Prepend(this);

    /// <summary>The value of a key of text, the last one.</summary>
    public CborNode? Find(string key)
    {
        for (var i = Items.Count - 2; i >= 0; i -= 2)
        {
            if (Items[i].Major == 3 && Items[i].Content.AsSpan().SequenceEqual(System.Text.Encoding.UTF8.GetBytes(key)))
                return Items[i + 1];
        }

        return null;
    }

    /// <summary>Takes another's place.</summary>
    public void Become(CborNode other)
    {
        (Major, Value, Content, Items) = (other.Major, other.Value, other.Content, [.. other.Items]);
        (ExtraWidth, IsIndefinite, CountError) = (other.ExtraWidth, other.IsIndefinite, other.CountError);
    }

    /// <summary>A copy of it and all within.</summary>
    public CborNode Copy()
    {
        var copy = new CborNode();
        copy.Become(this);
        copy.Content = [.. Content];
        copy.Items = [.. Items.Select(item => item.Copy())];
        return copy;
    }

    /// <summary>Writes it.</summary>
    public byte[] Encode()
    {
        var bytes = new List<byte>();
        Write(bytes);
        return [.. bytes];
    }

    private static CborNode? Read(ReadOnlySpan<byte> bytes, ref int at, int depth)
    {
        if (at >= bytes.Length || depth > 32)
            return null;
        var head = bytes[at++];
        var node = new CborNode { Major = head >> 5 };
        var info = head & 31;
        if (info is > 27 and < 31 || (info == 31 && node.Major is 0 or 1 or 6 or 7))
            return null;
        node.IsIndefinite = info == 31;
        if (info < 24)
        {
            node.Value = (ulong)info;
        }
        else if (info < 28)
        {
            var width = 1 << (info - 24);
            if (bytes.Length - at < width)
                return null;
            foreach (var b in bytes.Slice(at, width))
                node.Value = node.Value << 8 | b;
            at += width;
            node.ExtraWidth = info - 23 - Width(node.Value);
        }

        return node.Major switch
        {
            2 or 3 => ReadString(node, bytes, ref at),
            4 or 5 or 6 => ReadItems(node, bytes, ref at, depth),
            _ => node,
        };
    }

    private static CborNode? ReadString(CborNode node, ReadOnlySpan<byte> bytes, ref int at)
    {
        if (node.IsIndefinite)
        {
            var content = new List<byte>();
            while (at < bytes.Length && bytes[at] != 0xFF)
            {
                if (Read(bytes, ref at, 32) is not { IsIndefinite: false } piece || piece.Major != node.Major)
                    return null;
                content.AddRange(piece.Content);
            }

            node.Content = [.. content];
            return at++ < bytes.Length ? node : null;
        }

        if (node.Value > (ulong)(bytes.Length - at))
            return null;
        node.Content = bytes.Slice(at, (int)node.Value).ToArray();
        at += node.Content.Length;
        return node;
    }

    private static CborNode? ReadItems(CborNode node, ReadOnlySpan<byte> bytes, ref int at, int depth)
    {
        var count = node.Major == 6 ? 1 : node.Major == 5 ? node.Value * 2 : node.Value;
        while (node.IsIndefinite ? at < bytes.Length && bytes[at] != 0xFF : (ulong)node.Items.Count < count)
        {
            if (Read(bytes, ref at, depth + 1) is not { } item)
                return null;
            node.Items.Add(item);
        }

        if (node.IsIndefinite && (at++ >= bytes.Length || (node.Major == 5 && node.Items.Count % 2 != 0)))
            return null;
        return node;
    }

    private static int Width(ulong value) => value switch
    {
        < 24 => 0,
        <= byte.MaxValue => 1,
        <= ushort.MaxValue => 2,
        <= uint.MaxValue => 3,
        _ => 4,
    };

    private void Write(List<byte> bytes)
    {
        var content = Major is 2 or 3 && Items.Count > 0 ? Items.SelectMany(item => item.Encode()).ToArray() : Content;
        var value = Major switch
        {
            2 or 3 => (ulong)content.Length,
            4 => (ulong)Items.Count,
            5 => (ulong)(Items.Count / 2),
            _ => Value,
        };
        if (IsIndefinite && Major is >= 2 and <= 5)
        {
            bytes.Add((byte)(Major << 5 | 31));
            if (Major is 2 or 3)
                WritePieces(bytes, content);
            foreach (var item in Major is 4 or 5 ? Items : [])
                item.Write(bytes);
            bytes.Add(0xFF);
            return;
        }

        WriteHead(bytes, unchecked(value + (ulong)CountError));
        if (Major is 2 or 3)
            bytes.AddRange(content);
        else
            Items.ForEach(item => item.Write(bytes));
    }

    private void WritePieces(List<byte> bytes, byte[] content)
    {
        foreach (var piece in content.Chunk(Math.Max(1, content.Length / 2)))
        {
            new CborNode { Major = Major, Content = piece }.Write(bytes);
        }
    }

    private void WriteHead(List<byte> bytes, ulong value)
    {
        var width = Math.Min(4, Width(value) + (Major == 7 ? 0 : ExtraWidth));
        if (width == 0)
        {
            bytes.Add((byte)(Major << 5 | (int)value));
            return;
        }

        Span<byte> all = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(all, value);
        bytes.Add((byte)(Major << 5 | (23 + width)));
        bytes.AddRange(all[^(1 << (width - 1))..]);
    }
}
