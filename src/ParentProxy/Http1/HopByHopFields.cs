namespace ParentProxy.Http1;

/// <summary>
/// The one list of fields that belong to a connection (RFC 9110 §7.6.1) or frame a message on it: neither side sees the other's.
/// </summary>
internal static class HopByHopFields
{
    /// <summary>Whether a field is one of them, by its name in any case.</summary>
    public static bool Contains(string name) => name.Length switch
    {
        2 => Is(name, "TE"),
        7 => Is(name, "Upgrade"),
        10 => Is(name, "Connection") || Is(name, "Keep-Alive"),
        14 => Is(name, "Content-Length") || Is(name, "HTTP2-Settings"),
        16 => Is(name, "Proxy-Connection"),
        17 => Is(name, "Transfer-Encoding"),
        _ => false,
    };

    private static bool Is(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);
}
