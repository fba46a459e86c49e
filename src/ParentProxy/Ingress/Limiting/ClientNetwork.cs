using System.Net;
using System.Net.Sockets;

namespace ParentProxy.Ingress.Limiting;

/// <summary>What of a client's address tells it from other clients.</summary>
internal static class ClientNetwork
{
    private const int AddressBytes = 16;

    /// <summary>What a site is given at least (RFC 6177): whoever has one address of it has all of them.</summary>
    private const int PrefixBytes = 8;

    /// <summary>
    /// The address itself, or the first one of its /64 in IPv6; null when the text is none. A port may stand behind it, as some load
    /// balancers write it.
    /// </summary>
    public static IPAddress? Of(string? client)
    {
        if (client is null || !IPEndPoint.TryParse(client, out var endPoint))
            return null;
        var address = endPoint.Address;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return address;
        Span<byte> bytes = stackalloc byte[AddressBytes];
        address.TryWriteBytes(bytes, out _);
        bytes[PrefixBytes..].Clear();
        return new IPAddress(bytes);
    }
}
