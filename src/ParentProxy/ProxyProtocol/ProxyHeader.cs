using System.Net;

namespace ParentProxy.ProxyProtocol;

/// <summary>
/// What a proxy in front says of a connection. Addresses are as their family has them: an IPv4-mapped IPv6 address, which
/// a proxy on a dual-stack socket sends for a client of IPv4, is that client's IPv4 address here.
/// </summary>
/// <param name="Source">The client; null when the connection's own addresses count: LOCAL, UNKNOWN, UNSPEC, or a unix socket.</param>
/// <param name="Destination">Where the client had connected to; null together with <paramref name="Source"/>.</param>
/// <param name="Tlvs">All TLVs as they came, in their order, to be passed on; empty in version 1 and for LOCAL.</param>
internal sealed record ProxyHeader(IPEndPoint? Source, IPEndPoint? Destination, ReadOnlyMemory<byte> Tlvs)
{
    /// <summary>The proxy speaks for itself, as in a health check of its own; only version 2 can say so.</summary>
    public bool IsLocal { get; init; }

    /// <summary>The form it came in.</summary>
    public ProxyProtocolVersion Version { get; init; } = ProxyProtocolVersion.V2;

    /// <summary>The VPC endpoint through which the client reached a Network Load Balancer (PrivateLink), for the log; else null.</summary>
    public string? AwsVpcEndpointId => TlvBlock.AwsVpcEndpointId(Tlvs.Span);
}
