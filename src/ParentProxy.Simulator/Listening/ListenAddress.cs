using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ParentProxy.Vsock;

namespace ParentProxy.Simulator.Listening;

/// <summary>Where to listen, read from an endpoint URI.</summary>
internal sealed record ListenAddress(ListenTransport Transport, EndPoint EndPoint, uint HybridPort = 0)
{
    private const string TcpScheme = "tcp://";
    private const string UnixScheme = "unix:";
    private const string HybridScheme = "hybrid:";
    private const int MaxPathBytes = 107; // sun_path less its terminating NUL

    /// <summary>The path of the socket file, if there is one.</summary>
    public string? SocketPath => EndPoint is UnixDomainSocketEndPoint ? EndPoint.ToString() : null;

    public static bool TryParse(string? uri, [NotNullWhen(true)] out ListenAddress? address, [NotNullWhen(false)] out string? error)
    {
        address = uri switch
        {
            null => null,
            _ when uri.StartsWith(TcpScheme, StringComparison.Ordinal) => ParseTcp(uri[TcpScheme.Length..]),
            _ when uri.StartsWith(UnixScheme, StringComparison.Ordinal) => ParseUnix(uri[UnixScheme.Length..]),
            _ when uri.StartsWith(HybridScheme, StringComparison.Ordinal) => ParseHybrid(uri[HybridScheme.Length..]),
            _ when VsockEndPoint.TryParse(uri, out var vsock) => new ListenAddress(ListenTransport.Vsock, vsock),
            _ => null,
        };
        error = address is null
            ? $"listen '{uri}': expected vsock://CID:PORT, tcp://ADDRESS:PORT (an IP address), "
                + $"unix:/PATH (at most {MaxPathBytes} bytes) or hybrid:/PATH:PORT"
            : null;
        return address is not null;
    }

    /// <summary>The URI of what was bound, which knows the port when any was asked for.</summary>
    public string ToUri(EndPoint bound) => Transport switch
    {
        ListenTransport.Tcp => TcpScheme + bound,
        ListenTransport.Unix => UnixScheme + SocketPath,
        ListenTransport.Hybrid => string.Create(CultureInfo.InvariantCulture, $"{HybridScheme}{SocketPath}:{HybridPort}"),
        _ => bound.ToString()!,
    };

    private static ListenAddress? ParseTcp(string text)
    {
        if (text.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase))
            text = "127.0.0.1" + text["localhost".Length..];
        // IPEndPoint alone would take "127.0.0.1" (port 0), "1:2" (an IPv6 address) and "::1:80" (which end is the port?).
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || colon == text.Length - 1 || !IPEndPoint.TryParse(text, out var endPoint))
            return null;
        var host = text.AsSpan(0, colon);
        return host.Contains(':') == host.StartsWith("[") ? new ListenAddress(ListenTransport.Tcp, endPoint) : null;
    }

    private static ListenAddress? ParseUnix(string path) =>
        IsSocketPath(path) ? new ListenAddress(ListenTransport.Unix, new UnixDomainSocketEndPoint(path)) : null;

    private static ListenAddress? ParseHybrid(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0 && IsSocketPath(text[..colon])
            && uint.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? new ListenAddress(ListenTransport.Hybrid, new UnixDomainSocketEndPoint(text[..colon]), port)
            : null;
    }

    // Absolute: a relative path would be another file for every working directory.
    private static bool IsSocketPath(string path) =>
        path.Length > 1 && path[0] == '/' && !path.Contains('\0') && Encoding.UTF8.GetByteCount(path) <= MaxPathBytes;
}
