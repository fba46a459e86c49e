namespace ParentProxy.Ingress;

/// <summary>The request target as it stood on the wire (RFC 9112 §3.2).</summary>
internal static class RawTarget
{
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

    /// <summary>
    /// What stands in the request to an enclave: origin form, or the asterisk of OPTIONS; null when it cannot be forwarded.
    /// </summary>
    public static string? ForEnclave(string method, string rawTarget) =>
        PathAndQuery(rawTarget) ?? (method == "OPTIONS" && rawTarget == "*" ? rawTarget : null);

    /// <summary>The path alone, byte for byte.</summary>
    public static ReadOnlySpan<char> Path(string rawTarget)
    {
        var pathAndQuery = PathAndQuery(rawTarget).AsSpan();
        var query = pathAndQuery.IndexOf('?');
        return query < 0 ? pathAndQuery : pathAndQuery[..query];
    }
}
