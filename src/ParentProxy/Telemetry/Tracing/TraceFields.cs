using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace ParentProxy.Telemetry.Tracing;

/// <summary>The W3C trace context in the fields of a request.</summary>
internal static class TraceFields
{
    /// <summary>The id of the trace that a request belongs to; null when it tells of none.</summary>
    public static string? TraceId(IHeaderDictionary fields)
    {
        var parent = fields.TraceParent;
        return parent.Count == 1 && ActivityContext.TryParse(parent[0], traceState: null, out var context) ? context.TraceId.ToHexString() : null;
    }
}
