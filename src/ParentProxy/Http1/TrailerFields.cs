using System.Collections.Frozen;

namespace ParentProxy.Http1;

/// <summary>Which fields may stand behind a body.</summary>
internal static class TrailerFields
{
    // They say how the message was framed, routed or is to be read, which is settled when trailers come (RFC 9110 §6.5.1), or
    // belong to the connection. Dropped, not refused: whoever reads trailers ignores them, and so does HAProxy.
    private static readonly FrozenSet<string> Never = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Connection", "Content-Encoding", "Content-Length", "Content-Range", "Content-Type", "Host", "Keep-Alive",
        "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade");

    /// <summary>Whether a field is passed on as a trailer.</summary>
    public static bool IsAllowed(string name) => !Never.Contains(name);
}
