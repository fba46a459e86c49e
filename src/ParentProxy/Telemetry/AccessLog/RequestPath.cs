using ParentProxy.Configuration;

namespace ParentProxy.Telemetry.AccessLog;

/// <summary>The part of a request target that is logged.</summary>
internal static class RequestPath
{
    /// <summary>The target, without its query unless that is asked for.</summary>
    public static ReadOnlySpan<char> Of(string? target, AccessLogOptions options)
    {
        if (target is null)
            return default;
        var query = options.RedactQuery ? target.IndexOf('?', StringComparison.Ordinal) : -1;
        return query < 0 ? target : target.AsSpan(0, query);
    }
}
