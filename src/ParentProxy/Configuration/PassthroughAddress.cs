using System.Net;
using System.Net.Sockets;
using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>Where a passthrough listener listens: <c>IP:port</c> or <c>unix:PATH</c>. Two are equal when they are written alike.</summary>
/// <param name="Text">The address as it is written, the name of the listener in logs and metrics.</param>
internal sealed record PassthroughAddress(string Text)
{
    private PassthroughAddress(string text, IPEndPoint? endPoint, string? path) : this(text)
    {
        Address = endPoint;
        SocketPath = path;
    }

    /// <summary>Address and port of TCP; null for a unix socket.</summary>
    public IPEndPoint? Address { get; }

    /// <summary>The path of a unix socket; null for TCP.</summary>
    public string? SocketPath { get; }

    /// <summary>What is bound to.</summary>
    public EndPoint EndPoint => (EndPoint?)Address ?? new UnixDomainSocketEndPoint(SocketPath!);

    /// <summary>Reads an address; binds nothing.</summary>
    public static Parsed<PassthroughAddress> Parse(string text)
    {
        if (UnixAddress.Parse(text) is { } unix)
            return unix.Select(path => new PassthroughAddress(UnixAddress.Text(path), null, path));

        // IPEndPoint also takes an address without a port, and 1.2 for 1.0.0.2.
        var colon = text.LastIndexOf(':');
        if (colon < 0
            || !IPEndPoint.TryParse(text, out var endPoint)
            || !text[(colon + 1)..].All(char.IsAsciiDigit)
            || !IsWritten(text, endPoint))
        {
            return new Mistake($"{Quoted.Text(text)} is neither IP:PORT, like 0.0.0.0:8443 or [::]:8443, nor unix:PATH");
        }

        return new PassthroughAddress(endPoint.ToString(), endPoint, null);
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static bool IsWritten(string text, IPEndPoint endPoint) => endPoint.AddressFamily == AddressFamily.InterNetworkV6
        ? text.StartsWith('[') && text.Contains("]:", StringComparison.Ordinal)
        : text.StartsWith($"{endPoint.Address}:", StringComparison.Ordinal) && text.Length > endPoint.Address.ToString().Length + 1;
}
