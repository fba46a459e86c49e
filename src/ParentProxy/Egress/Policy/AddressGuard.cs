using System.Net;
using System.Net.Sockets;

namespace ParentProxy.Egress.Policy;

/// <summary>
/// Tells addresses of the public Internet from special ones, by IANA's special-purpose registries (RFC 6890 and what was added since)
/// and by what an EC2 instance has beside.
/// </summary>
internal static class AddressGuard
{
    private const string Loopback = "loopback";

    // The narrowest first: an address is what the first one that holds it says.
    private static readonly SpecialRange[] Ranges =
    [
        Range("169.254.169.254/32", "link-local (instance metadata)"),
        Range("169.254.0.0/16", "link-local"),
        Range("127.0.0.0/8", Loopback),
        Range("10.0.0.0/8", "private", isPrivate: true),
        Range("172.16.0.0/12", "private", isPrivate: true),
        Range("192.168.0.0/16", "private", isPrivate: true),
        Range("0.0.0.0/32", "unspecified"),
        Range("0.0.0.0/8", "reserved (this network)"),
        Range("100.64.0.0/10", "shared address space (carrier-grade NAT)"),
        Range("192.0.0.0/24", "reserved (protocol assignments)"),
        Range("192.0.2.0/24", "documentation"),
        Range("192.88.99.0/24", "reserved (6to4 relays)"),
        Range("198.18.0.0/15", "benchmarking"),
        Range("198.51.100.0/24", "documentation"),
        Range("203.0.113.0/24", "documentation"),
        Range("224.0.0.0/4", "multicast"),
        Range("255.255.255.255/32", "broadcast"),
        Range("240.0.0.0/4", "reserved"),
        Range("fd00:ec2::254/128", "unique local (instance metadata)"),
        Range("fd00:ec2::/32", "unique local (services of the instance)"),
        Range("fc00::/7", "private (unique local)", isPrivate: true),
        Range("::/128", "unspecified"),
        Range("::1/128", Loopback),
        Range("fe80::/10", "link-local"),
        Range("fec0::/10", "site-local"),
        Range("ff00::/8", "multicast"),
        Range("64:ff9b:1::/48", "NAT64 (local use)"),
        Range("2001::/23", "reserved (protocol assignments)"),
        Range("2001:db8::/32", "documentation"),
        Range("3fff::/20", "documentation"),
        Range("::/3", "reserved"), // no unicast is assigned outside 2000::/3
        Range("4000::/2", "reserved"),
        Range("8000::/1", "reserved"),
    ];

    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork Compatible = IPNetwork.Parse("::/96");
    private static readonly IPNetwork Translated = IPNetwork.Parse("::ffff:0:0:0/96");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");
    private static readonly IPNetwork Teredo = IPNetwork.Parse("2001::/32");

    /// <summary>
    /// What an address really leads to: the IPv4 address in an IPv4-mapped, -compatible or -translated, NAT64, 6to4 or Teredo one; else
    /// itself, without a zone.
    /// </summary>
    public static IPAddress Unwrap(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        if (address.ScopeId != 0)
            address = new IPAddress(bytes);
        if (address.IsIPv4MappedToIPv6 || Nat64.Contains(address) || Translated.Contains(address))
            return new IPAddress(bytes[12..]);
        if (SixToFour.Contains(address))
            return new IPAddress(bytes[2..6]);
        if (Teredo.Contains(address))
            return new IPAddress([(byte)~bytes[12], (byte)~bytes[13], (byte)~bytes[14], (byte)~bytes[15]]);
        // Below 1.0.0.0 there are :: and ::1, which are themselves.
        return Compatible.Contains(address) && bytes[12] != 0 ? new IPAddress(bytes[12..]) : address;
    }

    /// <summary>The narrowest special range that holds an address; null for a public one.</summary>
    /// <param name="address">The address, unwrapped.</param>
    /// <param name="ownAddresses">Those of this machine, each a range of its own.</param>
    public static SpecialRange? Find(IPAddress address, IReadOnlySet<IPAddress> ownAddresses)
    {
        var special = Array.Find(Ranges, range => range.Network.Contains(address));
        if (special is { Name: Loopback } || !ownAddresses.Contains(address))
            return special;
        var bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        return new SpecialRange(new IPNetwork(address, bits), special?.Name, IsPrivate: false, IsOwn: true);
    }

    private static SpecialRange Range(string network, string name, bool isPrivate = false) =>
        new(IPNetwork.Parse(network), name, isPrivate);
}
