using System.Net;
using ParentProxy.Endpoints;

namespace ParentProxy.Inside.Bridges;

/// <summary>The addresses of names that lead to the parent, all on <c>lo</c>: 127.0.1.1 to 127.0.1.254, then 127.0.2.1 and so on.</summary>
internal static class TransparentNames
{
    private const int FirstNetwork = 1;
    private const int AddressesOfNetwork = 254;

    /// <summary>Gives each name one address, in the order in which they are named first.</summary>
    /// <param name="hosts">Names with ports.</param>
    public static IReadOnlyList<(string Name, IPAddress Address)> Assign(IEnumerable<Destination> hosts) =>
    [
        .. hosts.Select(static host => host.Host).Distinct(StringComparer.Ordinal).Select(static (name, index) => (name, AddressOf(index))),
    ];

    private static IPAddress AddressOf(int index) => new(
        [127, 0, checked((byte)(FirstNetwork + (index / AddressesOfNetwork))), (byte)(1 + (index % AddressesOfNetwork))]);
}
