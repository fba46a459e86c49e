using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using ParentProxy.Configuration.Reading;
using ParentProxy.Endpoints;

namespace ParentProxy.Configuration.Sections;

/// <summary>What a listener's URL binds to, read as Kestrel reads it.</summary>
/// <param name="Scheme"><c>http</c> or <c>https</c>.</param>
/// <param name="Addresses">The addresses that are bound; empty for a unix socket.</param>
/// <param name="Port">The port; 0 for one that the kernel picks.</param>
/// <param name="SocketPath">The path of a unix socket; else null.</param>
internal sealed record ListenerAddress(string Scheme, IReadOnlyList<IPAddress> Addresses, int Port, string? SocketPath)
{
    /// <summary>Whether nothing but this machine reaches it.</summary>
    public bool IsLoopback => Addresses.All(IPAddress.IsLoopback);

    /// <summary>Reads a URL, like <c>http://0.0.0.0:6300</c> or <c>http://unix:/run/a.sock</c>; binds nothing.</summary>
    public static Parsed<ListenerAddress> Parse(string url)
    {
        BindingAddress address;
        try
        {
            address = BindingAddress.Parse(url);
        }
        catch (FormatException)
        {
            return new Mistake($"{Quoted.Text(url)} is no address to listen on, like http://0.0.0.0:6300");
        }

        var scheme = address.Scheme.ToLowerInvariant();
        if (scheme is not ("http" or "https"))
            return new Mistake($"{Quoted.Text(url)} begins neither with http:// nor with https://");
        if (address.PathBase.Length > 0)
            return new Mistake($"{Quoted.Text(url)} has a path, which a listener cannot have");
        if (address.IsUnixPipe && EnclaveEndpoint.CheckPath(address.UnixPipePath) is { } reason)
            return new Mistake($"{Quoted.Text(url)}: {reason}");
        if (address.IsUnixPipe)
            return new ListenerAddress(scheme, [], 0, address.UnixPipePath);
        if (address.IsNamedPipe)
            return new Mistake($"{Quoted.Text(url)} is a named pipe, which only Windows has");
        if (address.Port is < 0 or > ushort.MaxValue)
            return new Mistake($"{Quoted.Text(url)} has no port from 0 to 65535");
        if (address.Port == 0 && IsLocalhost(address.Host))
            return new Mistake($"{Quoted.Text(url)}: localhost is two addresses, for which the kernel picks two ports; write 127.0.0.1:0");
        return new ListenerAddress(scheme, Resolve(address.Host), address.Port, null);
    }

    /// <summary>Whether the second of the two could not be bound.</summary>
    public bool Overlaps(ListenerAddress other) => SocketPath is not null || other.SocketPath is not null
        ? SocketPath == other.SocketPath
        : Port == other.Port && Port != 0 && Addresses.Any(mine => other.Addresses.Any(theirs => Overlap(mine, theirs)));

    // Kestrel binds [::] for IPv4, too.
    private static bool Overlap(IPAddress a, IPAddress b) =>
        a.Equals(b)
        || a.Equals(IPAddress.IPv6Any)
        || b.Equals(IPAddress.IPv6Any)
        || (a.AddressFamily == b.AddressFamily && (a.Equals(IPAddress.Any) || b.Equals(IPAddress.Any)));

    // Every name but localhost means every address, as in Kestrel.
    private static IReadOnlyList<IPAddress> Resolve(string host)
    {
        if (IsLocalhost(host))
            return [IPAddress.Loopback, IPAddress.IPv6Loopback];
        if (!IPAddress.TryParse(host, out var address))
            return [IPAddress.IPv6Any];
        return [address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address];
    }

    private static bool IsLocalhost(string host) => host.Equals("localhost", StringComparison.OrdinalIgnoreCase);
}
