using Microsoft.AspNetCore.Http;

namespace ParentProxy.Ingress;

/// <summary>
/// Whether a request can be read in one way only. Kestrel makes sense of more than that; an enclave behind might make
/// another sense of it, and take the end of the body for the next request (RFC 9112 §11.2).
/// </summary>
internal static class RequestFraming
{
    /// <summary>Where Kestrel puts the length when a request has both a length and chunks.</summary>
    private const string LengthBesideChunks = "X-Content-Length";

    /// <summary>Whether nothing is doubtful about where the request ends.</summary>
    public static bool IsClear(HttpContext context)
    {
        // There is one coding that both sides know, and HTTP/1.0 knows none (RFC 9112 §6.1).
        var headers = context.Request.Headers;
        var codings = headers.TransferEncoding;
        return codings.Count == 0
            || (codings.Count == 1
                && string.Equals(codings[0], "chunked", StringComparison.OrdinalIgnoreCase)
                && !HttpProtocol.IsHttp10(context.Request.Protocol)
                && !headers.ContainsKey(LengthBesideChunks));
    }
}
