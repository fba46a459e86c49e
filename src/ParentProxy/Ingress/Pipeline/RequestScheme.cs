using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace ParentProxy.Ingress.Pipeline;

/// <summary>
/// The scheme of a request. In HTTP/2 the client names one, and need not name that of its connection (RFC 9113 §8.3.1): a
/// proxy that ends TLS asks for <c>https</c> over a connection without.
/// </summary>
internal static class RequestScheme
{
    /// <summary>
    /// Settles it: a trusted proxy knows what its client asked for, as it does with <c>X-Forwarded-Proto</c>; with anyone else
    /// it is that of the connection. False when it is none of HTTP's.
    /// </summary>
    public static bool TrySettle(HttpContext context, bool peerIsTrusted)
    {
        var request = context.Request;
        if (!HttpProtocol.IsHttp2(request.Protocol))
            return true;
        var ofConnection = context.Features.Get<ITlsHandshakeFeature>() is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;
        var named = request.Scheme;
        if (named == ofConnection)
            return true;
        var isHttps = named.Equals(Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase);
        if (!isHttps && !named.Equals(Uri.UriSchemeHttp, StringComparison.OrdinalIgnoreCase))
            return false;
        request.Scheme = !peerIsTrusted ? ofConnection : isHttps ? Uri.UriSchemeHttps : Uri.UriSchemeHttp;
        return true;
    }
}
