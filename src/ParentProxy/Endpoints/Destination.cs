using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ParentProxy.Endpoints;

/// <summary>What an enclave wants to reach: a name or an address, and a port. Two are equal when they name the same place.</summary>
/// <param name="Name">The name; null where an address was written.</param>
/// <param name="Address">The address, never an IPv4-mapped one; null where a name was written.</param>
/// <param name="Port">1 to 65535.</param>
internal sealed record Destination(HostName? Name, IPAddress? Address, ushort Port)
{
    /// <summary>The name or the address, as it is shown.</summary>
    public string Host => Name?.Text ?? Address!.ToString();

    /// <summary>Reads <c>HOST:PORT</c>, <c>ADDRESS:PORT</c>, <c>[ADDRESS]:PORT</c>.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="defaultPort">The port where none was written; null: it must be.</param>
    /// <param name="destination">What it names.</param>
    /// <param name="reason">Why it names nothing, for an operator.</param>
    public static bool TryParse(
        string text,
        ushort? defaultPort,
        [NotNullWhen(true)] out Destination? destination,
        [NotNullWhen(false)] out string? reason)
    {
        destination = null;
        var host = text;
        var port = defaultPort ?? 0;
        var colon = text.LastIndexOf(':');
        if (colon > text.LastIndexOf(']'))
        {
            host = text[..colon];
            if (!TryParsePort(text.AsSpan(colon + 1), out port))
            {
                reason = "the port is not a number from 1 to 65535 in digits";
                return false;
            }
        }
        else if (defaultPort is null)
        {
            reason = "the port is missing";
            return false;
        }

        if (!TryParseHost(host, out var name, out var address, out reason))
            return false;
        destination = new Destination(name, address, port);
        return true;
    }

    /// <summary>Reads a name, an IPv4 address in any notation, or an IPv6 address in brackets; an IPv4-mapped one is IPv4.</summary>
    /// <param name="text">What was written, without a port.</param>
    /// <param name="name">The name, or null.</param>
    /// <param name="address">The address, or null.</param>
    /// <param name="reason">Why it is neither, for an operator.</param>
    public static bool TryParseHost(
        string text, out HostName? name, out IPAddress? address, [NotNullWhen(false)] out string? reason)
    {
        (name, address, reason) = (null, null, null);
        if (text.StartsWith('['))
        {
            address = text.EndsWith(']') ? ParseIPv6(text.AsSpan(1, text.Length - 2)) : null;
            reason = address is null ? "the brackets do not hold an IPv6 address without a zone" : null;
            return address is not null;
        }

        if (text.Contains(':', StringComparison.Ordinal))
        {
            reason = ParseIPv6(text) is null
                ? "a ':' is in no host name"
                : "an IPv6 address stands in brackets, like [2001:db8::1]:443";
            return false;
        }

        var plain = text.EndsWith('.') ? text[..^1] : text;
        if (!IPv4Notation.EndsInNumber(plain))
            return HostName.TryParse(text, out name, out reason);
        address = IPv4Notation.Parse(plain);
        reason = address is null ? "it ends in a number, as an IPv4 address does, and is none" : null;
        return address is not null;
    }

    /// <summary><c>HOST:PORT</c>, an IPv6 address in brackets.</summary>
    public override string ToString() => Join(Host, Port);

    /// <summary><c>HOST:PORT</c>, an IPv6 address in brackets.</summary>
    public static string Join(string host, int port) => host.Contains(':', StringComparison.Ordinal)
        ? string.Create(CultureInfo.InvariantCulture, $"[{host}]:{port}")
        : string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");

    /// <summary>A port in digits, without sign, blank or leading zero.</summary>
    public static bool TryParsePort(ReadOnlySpan<char> text, out ushort port) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port > 0 && text[0] != '0';

    private static IPAddress? ParseIPv6(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiHexDigit(c) && c is not (':' or '.'))
                return null;
        }

        if (!IPAddress.TryParse(text, out var address) || address.AddressFamily != AddressFamily.InterNetworkV6)
            return null;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }
}
