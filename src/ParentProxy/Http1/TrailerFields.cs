using System.Collections.Frozen;

namespace ParentProxy.Http1;

/// <summary>Which fields may stand behind a body.</summary>
internal static class TrailerFields
{
    // They say how the message was routed or is to be read, which is settled when trailers come (RFC 9110 §6.5.1). Dropped, not
    // refused: whoever reads trailers ignores them, and so does HAProxy.
    private static readonly FrozenSet<string> Settled = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "Content-Encoding", "Content-Range", "Content-Type", "Host", "Trailer");

    /// <summary>Whether a field is passed on as a trailer.</summary>
    public static bool IsAllowed(string name) => !HopByHopFields.Contains(name) && !Settled.Contains(name);
}
