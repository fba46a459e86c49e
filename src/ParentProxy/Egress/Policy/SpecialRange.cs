using System.Net;

namespace ParentProxy.Egress.Policy;

/// <summary>Addresses that are none of the public Internet, or of this machine.</summary>
/// <param name="Network">The addresses.</param>
/// <param name="Name">What they are: <c>loopback</c>, <c>private</c>; null for public addresses.</param>
/// <param name="IsPrivate">Whether <c>Egress:DenyPrivateNetworks</c> decides about them.</param>
/// <param name="IsOwn">Whether it is an address of this machine, which enclaves need not know.</param>
internal sealed record SpecialRange(IPNetwork Network, string? Name, bool IsPrivate, bool IsOwn = false)
{
    /// <summary>
    /// Whether a rule for a network means these addresses: it lies within them. One that is wider, like 0.0.0.0/0, means the public
    /// addresses that are in it.
    /// </summary>
    public bool IsNamedBy(IPNetwork network) =>
        network.PrefixLength >= Network.PrefixLength && Network.Contains(network.BaseAddress);
}
