using System.Text;

namespace ParentProxy.Http1;

/// <summary>The names of well-known response fields, each one string for the whole program.</summary>
internal static class FieldNames
{
    // Programs spell names in one of two ways: as the RFCs do, or in lower case.
    private static readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<byte>> Known =
        new[]
        {
            "Accept-CH", "Accept-Patch", "Accept-Ranges", "Access-Control-Allow-Credentials", "Access-Control-Allow-Headers",
            "Access-Control-Allow-Methods", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers",
            "Access-Control-Max-Age", "Age", "Allow", "Alt-Svc", "Cache-Control", "Connection", "Content-Disposition",
            "Content-Encoding", "Content-Language", "Content-Length", "Content-Location", "Content-Range",
            "Content-Security-Policy", "Content-Type", "Cross-Origin-Embedder-Policy", "Cross-Origin-Opener-Policy",
            "Cross-Origin-Resource-Policy", "Date", "ETag", "Expires", "Grpc-Encoding", "Grpc-Message", "Grpc-Status",
            "Keep-Alive", "Last-Modified", "Link", "Location", "Origin-Agent-Cluster", "Permissions-Policy", "Pragma",
            "Proxy-Authenticate", "Proxy-Status", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
            "Referrer-Policy", "Retry-After", "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol",
            "Server", "Server-Timing", "Set-Cookie", "Strict-Transport-Security", "Timing-Allow-Origin", "Trailer",
            "Transfer-Encoding", "Upgrade", "Vary", "Via", "WWW-Authenticate", "X-Accel-Buffering",
            "X-Content-Type-Options", "X-DNS-Prefetch-Control", "X-Download-Options", "X-Frame-Options",
            "X-Permitted-Cross-Domain-Policies", "X-Powered-By", "X-Request-Id", "X-XSS-Protection",
        }
        .SelectMany(name => new[] { name, name.ToLowerInvariant() })
        .ToDictionary(name => name, new BytesComparer())
        .GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>The name as a string, spelled as the bytes are.</summary>
    public static string Get(ReadOnlySpan<byte> name) =>
        Known.TryGetValue(name, out var known) ? known : Encoding.Latin1.GetString(name);

    // Compares names with the bytes they are made of.
    private sealed class BytesComparer : IEqualityComparer<string>, IAlternateEqualityComparer<ReadOnlySpan<byte>, string>
    {
        public bool Equals(string? x, string? y) => string.Equals(x, y, StringComparison.Ordinal);

        public bool Equals(ReadOnlySpan<byte> alternate, string other) => Ascii.Equals(alternate, other);

        public int GetHashCode(string text)
        {
            Span<byte> bytes = stackalloc byte[text.Length];
            Encoding.Latin1.GetBytes(text, bytes);
            return GetHashCode(bytes);
        }

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = 0;
            foreach (var octet in alternate)
                hash = hash * 31 + octet;
            return hash;
        }

        public string Create(ReadOnlySpan<byte> alternate) => Encoding.Latin1.GetString(alternate);
    }
}
