using System.Net;
using System.Net.Sockets;
using ParentProxy.Configuration.Reading;
using ParentProxy.Endpoints;

namespace ParentProxy.Configuration;

/// <summary>
/// An entry of a rule's <c>Hosts</c>: a name, <c>*.name</c> for all below it, <c>*</c>, an address or a network; and a port.
/// </summary>
/// <param name="Text">As it is written.</param>
/// <param name="Name">The name in its one form, after <c>*.</c> where that was written, or <c>*</c>; null for a network.</param>
/// <param name="IsBelow">Whether the names below <paramref name="Name"/> are meant, and not itself.</param>
/// <param name="Network">The addresses, never IPv4-mapped ones; null for a name.</param>
/// <param name="Port">The port; null for every one.</param>
internal sealed record EgressHostPattern(string Text, string? Name, bool IsBelow, IPNetwork? Network, ushort? Port)
{
    /// <summary>As a name: every one.</summary>
    public const string AnyName = "*";

    private const string AnyPort = "*";
    private const string Below = "*.";
    private const int MappedBits = 96;

    /// <summary>Reads <c>HOST:PORT</c>, with <c>*</c> for every port.</summary>
    public static Parsed<EgressHostPattern> Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        if (text.Contains("://", StringComparison.Ordinal))
            return new Mistake($"{Quoted.Text(text)} is a URL; write host and port, like api.example.com:443");
        if (colon <= text.LastIndexOf(']'))
            return new Mistake($"{Quoted.Text(text)} has no port; write {Shown(text)}:443, or {Shown(text)}:* for every one");
        ushort? port = null;
        if (text[(colon + 1)..] is not AnyPort)
        {
            if (!Destination.TryParsePort(text.AsSpan(colon + 1), out var number))
                return new Mistake($"{Quoted.Text(text)} does not end in a port: a number from 1 to 65535, or * for every one");
            port = number;
        }

        var host = text[..colon];
        return IsNetwork(host) ? ParseNetwork(text, host, port) : ParseName(text, host, port);
    }

    /// <summary>Reads a name, <c>*.name</c> or <c>*</c>, without a port.</summary>
    public static Parsed<EgressHostPattern> ParseName(string text) => ParseName(text, text, null);

    /// <summary>Whether a destination is among those that are meant.</summary>
    public bool Matches(Destination destination) => (Port ?? destination.Port) == destination.Port && (Network, Name) switch
    {
        ({ } network, _) => destination.Address is { } address && network.Contains(address),
        (_, AnyName) => destination.Name is not null,
        _ => destination.Name is { } name && (IsBelow ? name.IsBelow(Name!) : name.Text == Name),
    };

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static bool IsNetwork(string host) =>
        host.StartsWith('[') || host.Contains('/', StringComparison.Ordinal) || host.Contains(':', StringComparison.Ordinal)
            || IPv4Notation.EndsInNumber(host);

    private static Parsed<EgressHostPattern> ParseName(string text, string host, ushort? port)
    {
        if (host == AnyName)
            return new EgressHostPattern(text, AnyName, false, null, port);
        var below = host.StartsWith(Below, StringComparison.Ordinal);
        if (!HostName.TryParse(below ? host[Below.Length..] : host, out var name, out var reason))
            return new Mistake(host.Contains('*', StringComparison.Ordinal)
                ? $"{Quoted.Text(text)}: a '*' stands for all names (*), or at the beginning for all below one (*.example.com)"
                : $"{Quoted.Text(text)}: {reason}");
        return new EgressHostPattern(text, name.Text, below, null, port);
    }

    // IPv6 in brackets, the length of a network behind them: [2001:db8::]/32:443.
    private static Parsed<EgressHostPattern> ParseNetwork(string text, string host, ushort? port)
    {
        var slash = host.LastIndexOf('/');
        var address = slash < 0 ? host : host[..slash];
        var brackets = address is ['[', .., ']'];
        if (!brackets && address.Contains(':', StringComparison.Ordinal))
            return new Mistake($"{Quoted.Text(text)}: an IPv6 address stands in brackets, like [2001:db8::1]:443 or [2001:db8::]/32:443");
        var (network, reason) = Values.Network($"{(brackets ? address[1..^1] : address)}{(slash < 0 ? "" : host[slash..])}");
        if (reason is not null || brackets != (network.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6))
            return new Mistake(reason ?? $"{Quoted.Text(text)}: only an IPv6 address stands in brackets");
        if (network.BaseAddress.IsIPv4MappedToIPv6 && network.PrefixLength >= MappedBits)
            network = new IPNetwork(network.BaseAddress.MapToIPv4(), network.PrefixLength - MappedBits);
        return new EgressHostPattern(text, null, false, network, port);
    }

    private static string Shown(string text) => text.Length is > 0 and <= 100 && !text.Any(char.IsControl) ? text : "HOST";
}
