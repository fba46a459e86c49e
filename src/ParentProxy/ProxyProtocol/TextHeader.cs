using System.Net;

namespace ParentProxy.ProxyProtocol;

/// <summary>Version 1: <c>PROXY TCP4 192.0.2.1 198.51.100.7 56324 443</c> and CR LF.</summary>
internal static class TextHeader
{
    /// <summary>With CR LF: two addresses of IPv6 behind the longest name of a family.</summary>
    private const int MaxBytes = 107;

    private const int SpacesBehindFamily = 3;

    /// <summary>What version 1 begins with. The space belongs to it: PROXYX is a method that HTTP may have.</summary>
    public static ReadOnlySpan<byte> Signature => "PROXY "u8;

    private static ReadOnlySpan<byte> Unknown => "UNKNOWN"u8;

    /// <summary>Looks at what begins with <see cref="Signature"/>.</summary>
    public static ProxyHeaderStatus Parse(ReadOnlySpan<byte> received, out ProxyHeader? header, out int consumed, out string? problem)
    {
        (header, consumed, problem) = (null, 0, null);
        var start = received[..Math.Min(received.Length, MaxBytes)];
        var end = start.IndexOfAny((byte)'\r', (byte)'\n');
        if (end is < 0 or MaxBytes - 1)
        {
            if (start.Length < MaxBytes)
                return ProxyHeaderStatus.Incomplete;
            problem = $"a line of version 1 that has no end within {MaxBytes} bytes";
            return ProxyHeaderStatus.Malformed;
        }

        if (start[end] == '\r' && end + 1 == start.Length)
            return ProxyHeaderStatus.Incomplete;
        if (start[end] == '\n')
            problem = "a bare LF in the line of version 1";
        else if (start[end + 1] != '\n')
            problem = "a bare CR in the line of version 1";
        else
            header = Read(start[Signature.Length..end], out problem);
        if (header is null)
            return ProxyHeaderStatus.Malformed;
        consumed = end + 2;
        return ProxyHeaderStatus.Complete;
    }

    /// <summary>The line with its CR LF.</summary>
    public static string Write(AddressPair? addresses)
    {
        if (addresses is not { } pair)
            return "PROXY UNKNOWN\r\n";
        var (source, destination) = (AddressText.Write(pair.Source.Address), AddressText.Write(pair.Destination.Address));
        return $"PROXY {(pair.IsIPv6 ? "TCP6" : "TCP4")} {source} {destination} {pair.Source.Port} {pair.Destination.Port}\r\n";
    }

    private static ProxyHeader? Read(ReadOnlySpan<byte> line, out string? problem)
    {
        problem = null;
        var family = Field(ref line);
        if (family.SequenceEqual(Unknown))
            return new ProxyHeader(null, null, default) { Version = ProxyProtocolVersion.V1 };
        var isIPv6 = family.SequenceEqual("TCP6"u8);
        if (!isIPv6 && !family.SequenceEqual("TCP4"u8))
            problem = "a line of version 1 whose family is none of TCP4, TCP6 and UNKNOWN";
        else if (line.Count((byte)' ') != SpacesBehindFamily)
            problem = "a line of version 1 without exactly two addresses and two ports, one space between them";
        if (problem is not null)
            return null;

        var source = Address(Field(ref line), isIPv6);
        var destination = Address(Field(ref line), isIPv6);
        var (sourcePort, destinationPort) = (AddressText.ParsePort(Field(ref line)), AddressText.ParsePort(Field(ref line)));
        if (source is null || destination is null)
            problem = $"a {(source is null ? "source" : "destination")} that is no address of {(isIPv6 ? "IPv6" : "IPv4")}";
        else if (sourcePort is null || destinationPort is null)
            problem = $"a {(sourcePort is null ? "source" : "destination")} port that is no number from 0 to {ushort.MaxValue}";
        else
            return AddressPair.Header(
                new IPEndPoint(source, sourcePort.Value),
                new IPEndPoint(destination, destinationPort.Value),
                default,
                ProxyProtocolVersion.V1);
        return null;
    }

    private static IPAddress? Address(ReadOnlySpan<byte> text, bool isIPv6) =>
        isIPv6 ? AddressText.Parse6(text) : AddressText.Parse4(text);

    private static ReadOnlySpan<byte> Field(ref ReadOnlySpan<byte> line)
    {
        var space = line.IndexOf((byte)' ');
        var field = space < 0 ? line : line[..space];
        line = space < 0 ? default : line[(space + 1)..];
        return field;
    }
}
