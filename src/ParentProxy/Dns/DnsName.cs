using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace ParentProxy.Dns;

/// <summary>
/// Names, between the bytes of a message and text in one form: lower case, no dot at the end (the root alone is <c>.</c>), and bytes
/// that no host name has as <c>\DDD</c> (RFC 1035 §5.1). Two names are the same when their texts are.
/// </summary>
internal static class DnsName
{
    /// <summary>The longest name, length bytes and root included (RFC 1035 §2.3.4).</summary>
    public const int MaxBytes = 255;

    private const int MaxLabelBytes = 63;

    /// <summary>A name has no more labels, so no writer needs more pointers; each is work for who reads.</summary>
    private const int MaxPointers = 127;

    private const byte Pointer = 0xC0;

    /// <summary>Goes over a name.</summary>
    /// <param name="message">The message from its start.</param>
    /// <param name="at">Where the name begins; then, where what follows it begins.</param>
    public static DnsWalk Skip(ReadOnlySpan<byte> message, ref int at) => Walk(message, ref at, text: null);

    /// <summary>Reads a name, following its pointers.</summary>
    /// <param name="message">The message from its start.</param>
    /// <param name="at">Where the name begins; then, where what follows it begins.</param>
    /// <param name="name">Its text; null when there is none.</param>
    public static bool TryRead(ReadOnlySpan<byte> message, ref int at, [NotNullWhen(true)] out string? name)
    {
        var text = new StringBuilder();
        name = Walk(message, ref at, text) != DnsWalk.Complete ? null : text.Length == 0 ? "." : text.ToString();
        return name is not null;
    }

    /// <summary>Writes a text as a name, not compressed.</summary>
    /// <param name="name">The text, in any case, with a dot at its end or without.</param>
    /// <param name="wire">Where to; of <see cref="MaxBytes"/>.</param>
    /// <param name="length">How many bytes it takes.</param>
    public static bool TryWrite(string name, Span<byte> wire, out int length)
    {
        length = 1;
        var labelAt = 0;
        for (var i = 0; i < name.Length && name != "."; i++)
        {
            var c = name[i];
            if (c == '.')
            {
                if (!EndLabel(wire, labelAt, length))
                    return false;
                labelAt = length++;
            }
            else
            {
                if (c == '\\')
                {
                    if (i + 3 < name.Length && byte.TryParse(name.AsSpan(i + 1, 3), NumberStyles.None, null, out var value))
                        (c, i) = ((char)value, i + 3);
                    else if (i + 1 < name.Length && !char.IsAsciiDigit(name[i + 1]))
                        c = name[++i];
                    else
                        return false;
                }

                if (c > byte.MaxValue || length >= MaxBytes)
                    return false;
                wire[length++] = (byte)c;
            }

            if (length > MaxBytes)
                return false;
        }

        if (length == labelAt + 1)
        {
            wire[labelAt] = 0;
            return true;
        }

        if (length >= MaxBytes || !EndLabel(wire, labelAt, length))
            return false;
        wire[length++] = 0;
        return true;
    }

    private static bool EndLabel(Span<byte> wire, int labelAt, int end)
    {
        var length = end - labelAt - 1;
        if (length is 0 or > MaxLabelBytes)
            return false;
        wire[labelAt] = (byte)length;
        return true;
    }

    // A pointer leads to before the labels that it continues, and so on: no name can lead back to itself.
    private static DnsWalk Walk(ReadOnlySpan<byte> message, ref int at, StringBuilder? text)
    {
        var length = 1;
        var segment = at; // Where the labels that are being read begin.
        var position = at;
        var end = -1; // Behind the first pointer.
        var pointers = 0;
        while (position < message.Length)
        {
            var label = message[position++];
            switch (label)
            {
                case 0:
                    at = end < 0 ? position : end;
                    return DnsWalk.Complete;

                case <= MaxLabelBytes:
                    length += label + 1;
                    if (length > MaxBytes)
                        return DnsWalk.Malformed;
                    if (position + label > message.Length)
                        return DnsWalk.Incomplete;
                    Append(text, message.Slice(position, label));
                    position += label;
                    break;

                case >= Pointer:
                    if (position == message.Length)
                        return DnsWalk.Incomplete;
                    var target = BinaryPrimitives.ReadUInt16BigEndian(message[(position - 1)..]) & 0x3FFF;
                    if (target < DnsMessage.HeaderBytes || target >= segment || ++pointers > MaxPointers)
                        return DnsWalk.Malformed;
                    if (end < 0)
                        end = position + 1;
                    (segment, position) = (target, target);
                    break;

                default:
                    return DnsWalk.Malformed;
            }
        }

        return DnsWalk.Incomplete;
    }

    private static void Append(StringBuilder? text, ReadOnlySpan<byte> label)
    {
        if (text is null)
            return;
        if (text.Length > 0)
            text.Append('.');
        foreach (var value in label)
        {
            var c = (char)value;
            if (char.IsAsciiLetterUpper(c))
                text.Append((char)(c | 0x20));
            else if (c is '.' or '\\')
                text.Append('\\').Append(c);
            else if (c is > ' ' and < (char)0x7F)
                text.Append(c);
            else
                text.Append(CultureInfo.InvariantCulture, $"\\{value:D3}");
        }
    }
}
