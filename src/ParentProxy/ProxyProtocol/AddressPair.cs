using System.Net;
using System.Net.Sockets;

namespace ParentProxy.ProxyProtocol;

/// <summary>
/// The two ends of a connection in one family, which is how a header has them: when one is IPv4 and one IPv6, both are
/// IPv6, the IPv4 one mapped.
/// </summary>
internal readonly record struct AddressPair
{
    private AddressPair(IPEndPoint source, IPEndPoint destination)
    {
        (Source, Destination) = (Unmap(source), Unmap(destination));
        IsIPv6 = Source.AddressFamily == AddressFamily.InterNetworkV6 || Destination.AddressFamily == AddressFamily.InterNetworkV6;
        if (IsIPv6)
            (Source, Destination) = (Map(Source), Map(Destination));
    }

    public IPEndPoint Source { get; }

    public IPEndPoint Destination { get; }

    /// <summary>The family of both.</summary>
    public bool IsIPv6 { get; }

    /// <summary>What a header is to say of the two ends; null when it names none.</summary>
    public static AddressPair? Of(ProxyHeader header) =>
        header is { Source: { } source, Destination: { } destination } ? new AddressPair(source, destination) : null;

    /// <summary>The header that came with these addresses, a mapped one as the IPv4 address that it is.</summary>
    public static ProxyHeader Header(IPEndPoint source, IPEndPoint destination, ReadOnlyMemory<byte> tlvs, ProxyProtocolVersion version) =>
        new(Unmap(source), Unmap(destination), tlvs) { Version = version };

    private static IPEndPoint Unmap(IPEndPoint end) =>
        end.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(end.Address.MapToIPv4(), end.Port) : end;

    private static IPEndPoint Map(IPEndPoint end) =>
        end.AddressFamily == AddressFamily.InterNetwork ? new IPEndPoint(end.Address.MapToIPv6(), end.Port) : end;
}
