using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ParentProxy.ProxyProtocol;

/// <summary>
/// Addresses and ports as version 1 writes them. <see cref="IPAddress"/> takes much more: 10 for 0.0.0.10, 010.0.0.1 for
/// 8.0.0.1, brackets, ports, prefixes and zones.
/// </summary>
internal static class AddressText
{
    private const int Groups = 8;

    /// <summary>Four numbers from 0 to 255 without leading zeros; null for anything else.</summary>
    public static IPAddress? Parse4(ReadOnlySpan<byte> text)
    {
        Span<byte> bytes = stackalloc byte[4];
        return TryParse4(text, bytes) ? new IPAddress(bytes) : null;
    }

    /// <summary>
    /// Eight groups of one to four hexadecimal digits, or fewer with one "::" for at least one group of zeros. Instead of the
    /// last two an IPv4 address, which is how libc writes a mapped one (RFC 4291 §2.2).
    /// </summary>
    public static IPAddress? Parse6(ReadOnlySpan<byte> text)
    {
        Span<byte> bytes = stackalloc byte[2 * Groups];
        return TryParse6(text, bytes) ? new IPAddress(bytes) : null;
    }

    /// <summary>A number from 0 to 65535 without leading zeros.</summary>
    public static int? ParsePort(ReadOnlySpan<byte> text) => TryParseNumber(text, ushort.MaxValue, out var port) ? port : null;

    /// <summary>The shortest form, in hexadecimal digits and colons alone where the family is IPv6, without a zone.</summary>
    public static string Write(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return address.ToString();
        Span<byte> bytes = stackalloc byte[2 * Groups];
        address.TryWriteBytes(bytes, out _);
        var text = new IPAddress(bytes).ToString();

        // What is embedded in IPv6 is written with dots by .NET, for which the protocol has no form.
        return text.Contains('.', StringComparison.Ordinal)
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{text.AsSpan(0, text.LastIndexOf(':') + 1)}{Group(bytes[12..]):x}:{Group(bytes[14..]):x}")
            : text;
    }

    private static ushort Group(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private static bool TryParse4(ReadOnlySpan<byte> text, Span<byte> bytes)
    {
        for (var i = 0; i < 4; i++)
        {
            var end = i < 3 ? text.IndexOf((byte)'.') : text.Length;
            if (end < 0 || !TryParseNumber(text[..end], byte.MaxValue, out var number))
                return false;
            bytes[i] = (byte)number;
            text = text[Math.Min(end + 1, text.Length)..];
        }

        return true;
    }

    private static bool TryParse6(ReadOnlySpan<byte> text, Span<byte> bytes)
    {
        var (count, gap) = (0, -1);
        if (text.StartsWith("::"u8))
        {
            gap = 0;
            text = text[2..];
        }

        // Here a group begins, unless the text has ended with "::".
        while (gap != count || !text.IsEmpty)
        {
            var end = text.IndexOf((byte)':');
            if (end < 0 && text.Contains((byte)'.'))
            {
                if (count > Groups - 2 || !TryParse4(text, bytes[(2 * count)..]))
                    return false;
                count += 2;
                break;
            }

            if (count == Groups || !TryParseGroup(end < 0 ? text : text[..end], bytes[(2 * count)..]))
                return false;
            count++;
            if (end < 0)
                break;
            text = text[(end + 1)..];
            if (!text.StartsWith(":"u8))
                continue;
            if (gap >= 0)
                return false;
            gap = count;
            text = text[1..];
        }

        if (gap < 0)
            return count == Groups;
        if (count == Groups)
            return false;
        var moved = 2 * (count - gap);
        bytes.Slice(2 * gap, moved).CopyTo(bytes[^moved..]);
        bytes[(2 * gap)..^moved].Clear();
        return true;
    }

    // Digits are looked at one by one: .NET's parsers of numbers take zero bytes behind them.
    private static bool TryParseGroup(ReadOnlySpan<byte> text, Span<byte> bytes)
    {
        if (text.Length is 0 or > 4)
            return false;
        var group = 0;
        foreach (var digit in text)
        {
            if (!char.IsAsciiHexDigit((char)digit))
                return false;
            group = (16 * group) + Digit(digit);
        }

        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)group);
        return true;
    }

    private static int Digit(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static bool TryParseNumber(ReadOnlySpan<byte> text, int max, out int number)
    {
        number = 0;
        if (text.Length is 0 or > 5 || (text[0] == '0' && text.Length > 1))
            return false;
        foreach (var digit in text)
        {
            if (!char.IsAsciiDigit((char)digit))
                return false;
            number = (10 * number) + digit - '0';
        }

        return number <= max;
    }
}
