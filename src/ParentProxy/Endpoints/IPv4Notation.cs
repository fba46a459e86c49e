using System.Buffers.Binary;
using System.Net;

namespace ParentProxy.Endpoints;

/// <summary>
/// IPv4 addresses in all the notations that inet_aton(3) reads: one to four numbers, decimal, octal (<c>0177</c>) or hexadecimal
/// (<c>0x7f</c>), the last of which fills what is left. <c>127.1</c>, <c>0x7f000001</c> and <c>2130706433</c> are all 127.0.0.1.
/// </summary>
internal static class IPv4Notation
{
    /// <summary>
    /// Whether the last label is a number, which programs take for the end of an address, and no name of the public DNS has. Without a
    /// dot at the end.
    /// </summary>
    public static bool EndsInNumber(string text)
    {
        var last = text.AsSpan(text.LastIndexOf('.') + 1);
        return last.Length > 0
            && (!last.ContainsAnyExceptInRange('0', '9')
                || (last.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && IsHex(last[2..])));
    }

    /// <summary>Reads an address; null when it is none, since a part is missing, too large, or no digit of its base.</summary>
    public static IPAddress? Parse(string text)
    {
        var parts = text.Split('.');
        if (parts.Length > 4)
            return null;
        var address = 0u;
        for (var i = 0; i < parts.Length; i++)
        {
            // The last one fills the bytes that the ones before left.
            var max = i < parts.Length - 1 ? byte.MaxValue : uint.MaxValue >> (8 * i);
            if (Number(parts[i]) is not { } number || number > max)
                return null;
            address |= i < parts.Length - 1 ? number << (24 - (8 * i)) : number;
        }

        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, address);
        return new IPAddress(bytes);
    }

    private static bool IsHex(ReadOnlySpan<char> digits)
    {
        foreach (var c in digits)
        {
            if (!char.IsAsciiHexDigit(c))
                return false;
        }

        return true;
    }

    private static uint? Number(ReadOnlySpan<char> digits)
    {
        var radix = 10;
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            radix = 16;
        else if (digits.Length > 1 && digits[0] == '0')
            radix = 8;
        digits = digits[(radix == 16 ? 2 : 0)..];
        if (digits.Length == 0)
            return null;
        var number = 0ul;
        foreach (var c in digits)
        {
            var digit = char.IsAsciiDigit(c) ? c - '0' : char.IsAsciiHexDigit(c) ? (c | 0x20) - 'a' + 10 : int.MaxValue;
            if (digit >= radix)
                return null;
            number = (number * (uint)radix) + (uint)digit;
            if (number > uint.MaxValue)
                return null;
        }

        return (uint)number;
    }
}
