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
        [NotNullWhen(false)] out string? reason) => throw new NotImplementedException();

    /// <summary><c>HOST:PORT</c>, an IPv6 address in brackets.</summary>
    public override string ToString() => Address is { AddressFamily: AddressFamily.InterNetworkV6 }
        ? string.Create(CultureInfo.InvariantCulture, $"[{Host}]:{Port}")
        : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");
}
