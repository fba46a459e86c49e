using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace ParentProxy.Telemetry.Tracing;

/// <summary>
/// The W3C trace context in the fields of a request. Read here, because .NET's own reader takes other characters for dashes
/// and refuses the versions to come.
/// </summary>
internal static class TraceFields
{
    /// <summary>Of version 00, and the least of a later one: <c>00-(32 digits)-(16 digits)-01</c>.</summary>
    private const int Length = 55;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    /// <summary>The id of the trace that a request belongs to; null when it tells of none.</summary>
    public static string? TraceId(IHeaderDictionary fields) => Valid(fields) is { } parent ? parent[3..35] : null;

    /// <summary>The span that a request comes from; false when it names none, or in no valid form.</summary>
    public static bool TryParent(IHeaderDictionary fields, out ActivityContext parent)
    {
        parent = default;
        if (Valid(fields) is not { } text)
            return false;
        var flags = (ActivityTraceFlags)byte.Parse(text.AsSpan(53, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        parent = new ActivityContext(
            ActivityTraceId.CreateFromString(text.AsSpan(3, 32)),
            ActivitySpanId.CreateFromString(text.AsSpan(36, 16)),
            flags & ActivityTraceFlags.Recorded,
            isRemote: true);
        return true;
    }

    private static string? Valid(IHeaderDictionary fields)
    {
        var values = fields.TraceParent;
        return values.Count == 1 && values[0] is { Length: >= Length } text && IsValid(text) ? text : null;
    }

    private static bool IsValid(ReadOnlySpan<char> text)
    {
        var version = text[..2];
        var isWhole = text.Length == Length || (version is not "00" && text[Length] == '-');
        return isWhole
            && text[2] == '-' && text[35] == '-' && text[52] == '-'
            && IsHex(version) && version is not "ff"
            && IsHex(text[3..35]) && text[3..35].ContainsAnyExcept('0')
            && IsHex(text[36..52]) && text[36..52].ContainsAnyExcept('0')
            && IsHex(text[53..Length]);
    }

    private static bool IsHex(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(Digits);
}
