using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ParentProxy.Tls;

/// <summary>
/// The host name in a ClientHello (RFC 6066 §3): as DNS writes it, internationalised ones in their ASCII form, or an IP address,
/// which RFC 6066 forbids and small TLS libraries send. An address has one reading, and no pattern matches it by chance.
/// </summary>
internal static class ServerName
{
    private const int MaxBytes = 253;
    private const int MaxLabelBytes = 63;
    private const int MaxShownBytes = 64;

    // An underscore is in no host name by RFC 1123, and in many that work.
    private static readonly SearchValues<byte> NameBytes =
        SearchValues.Create("-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<byte> AddressBytes = SearchValues.Create(".0123456789:ABCDEFabcdef"u8);

    /// <summary>Reads a name as it is on the wire.</summary>
    /// <param name="wire">May end with the root's dot.</param>
    /// <param name="name">In lower case, without the root's dot; null if it is none.</param>
    /// <param name="problem">Why it is none.</param>
    public static bool TryRead(ReadOnlySpan<byte> wire, out string? name, out string? problem)
    {
        name = null;
        problem = Problem(wire is [.., (byte)'.'] ? wire[..^1] : wire);
        if (problem is not null)
        {
            var shown = wire.Length > MaxShownBytes ? $"{Visible.Of(wire[..MaxShownBytes])}…" : Visible.Of(wire);
            problem = $"the server name '{shown}' {problem}";
            return false;
        }

        name = string.Create(wire is [.., (byte)'.'] ? wire.Length - 1 : wire.Length, wire, static (text, wire) =>
            Ascii.ToLower(wire[..text.Length], text, out _));
        return true;
    }

    private static string? Problem(ReadOnlySpan<byte> name)
    {
        if (name.Length == 0)
            return "is empty";
        if (name.Length > MaxBytes)
            return $"has {name.Length} characters, at most {MaxBytes} are allowed";
        if (name.ContainsAnyExcept(NameBytes))
            return IsAddress(name) ? null : "has a character that no host name has";
        foreach (var label in name.Split((byte)'.'))
        {
            if (name[label].Length is 0 or > MaxLabelBytes)
                return $"has a part that is empty or longer than {MaxLabelBytes} characters";
        }

        return null;
    }

    // Without brackets, port and scope, which the parser takes as well. IPv4 is made of what names are made of.
    private static bool IsAddress(ReadOnlySpan<byte> name) =>
        !name.ContainsAnyExcept(AddressBytes)
        && IPAddress.TryParse(name, out var address)
        && address.AddressFamily == AddressFamily.InterNetworkV6;
}
