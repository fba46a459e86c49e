using Microsoft.AspNetCore.Http;

namespace ParentProxy.Ingress.Pipeline;

/// <summary>The request target as it stood on the wire (RFC 9112 §3.2).</summary>
internal static class RawTarget
{
    /// <summary>
    /// Whether it is made of visible ASCII: RFC 3986 §2 knows no other characters, and what there is between here and the
    /// enclave might cut it, or end the line, at a control character or a byte above 127.
    /// </summary>
    public static bool IsVisible(string rawTarget) => !rawTarget.AsSpan().ContainsAnyExceptInRange('!', '~');

    /// <summary>
    /// Path and query byte for byte, from origin form or absolute form; null for the forms that name no path
    /// (<c>*</c> and the authority form of CONNECT).
    /// </summary>
    public static string? PathAndQuery(string rawTarget)
    {
        if (rawTarget.StartsWith('/'))
            return rawTarget;
        var scheme = rawTarget.IndexOf("://", StringComparison.Ordinal);
        if (scheme <= 0)
            return null;
        var start = rawTarget.AsSpan(scheme + 3).IndexOfAny('/', '?');
        if (start < 0)
            return "/";
        var rest = rawTarget[(scheme + 3 + start)..];
        return rest[0] == '?' ? "/" + rest : rest;
    }

    /// <summary>Host and port of absolute form, byte for byte; null for the other forms.</summary>
    public static string? Authority(string rawTarget)
    {
        var scheme = rawTarget.IndexOf("://", StringComparison.Ordinal);
        if (scheme <= 0 || rawTarget[0] == '/')
            return null;
        var authority = rawTarget.AsSpan(scheme + 3);
        var end = authority.IndexOfAny('/', '?');
        if (end >= 0)
            authority = authority[..end];
        return authority[(authority.LastIndexOf('@') + 1)..].ToString();
    }

    /// <summary>
    /// What stands in the request to an enclave: origin form, or the asterisk of OPTIONS (RFC 9112 §3.2.4: in absolute form
    /// that is one without path and query); null when it cannot be forwarded.
    /// </summary>
    public static string? ForEnclave(HttpRequest request, string rawTarget)
    {
        // That of HTTP/2 may be a WebSocket (RFC 8441), and has a path then.
        if (request.Method == "CONNECT" && !HttpProtocol.IsHttp2(request.Protocol))
            return null;
        if (request.Method == "OPTIONS" && (rawTarget == "*" || IsBareAuthority(rawTarget)))
            return "*";
        return PathAndQuery(rawTarget);
    }

    /// <summary>What is logged of a target: without its authority, where it has a path beside it.</summary>
    public static string Loggable(string rawTarget) => PathAndQuery(rawTarget) ?? rawTarget;

    /// <summary>The path alone, byte for byte.</summary>
    public static ReadOnlySpan<char> Path(string rawTarget)
    {
        var pathAndQuery = PathAndQuery(rawTarget).AsSpan();
        var query = pathAndQuery.IndexOf('?');
        return query < 0 ? pathAndQuery : pathAndQuery[..query];
    }

    private static bool IsBareAuthority(string rawTarget)
    {
        var scheme = rawTarget.IndexOf("://", StringComparison.Ordinal);
        return scheme > 0 && rawTarget[0] != '/' && rawTarget.AsSpan(scheme + 3).IndexOfAny('/', '?') < 0;
    }
}
