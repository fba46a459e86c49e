using System.Net;

namespace ParentProxy.Egress.Policy;

/// <summary>Addresses that are none of the public Internet.</summary>
/// <param name="Network">The addresses.</param>
/// <param name="Name">What they are, for an operator: <c>loopback</c>, <c>private</c>.</param>
/// <param name="IsPrivate">Whether <c>Egress:DenyPrivateNetworks</c> decides about them.</param>
internal sealed record SpecialRange(IPNetwork Network, string Name, bool IsPrivate)
{
    /// <summary>
    /// Whether a rule for a network means these addresses: it lies within them. One that is wider, like 0.0.0.0/0, means the public
    /// addresses that are in it.
    /// </summary>
    public bool IsNamedBy(IPNetwork network) =>
        network.PrefixLength >= Network.PrefixLength && Network.Contains(network.BaseAddress);
}
