using Microsoft.AspNetCore.Http;
using ParentProxy.Ingress.Kestrel;

namespace ParentProxy.Ingress.Pipeline;

/// <summary>
/// Whether a request can be read in one way only. Kestrel makes sense of more than that; an enclave behind might make
/// another sense of it, and take the end of the body for the next request (RFC 9112 §11.2).
/// </summary>
internal static class RequestFraming
{
    /// <summary>Whether nothing is doubtful about where the request ends.</summary>
    public static bool IsClear(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (!XContentLengthEncoding.TryTakeMark(headers))
            return false;

        // There is one coding that both sides know; HTTP/1.0 knows none (RFC 9112 §6.1), and HTTP/2 has frames instead
        // (RFC 9113 §8.2.2).
        var codings = headers.TransferEncoding;
        return codings.Count == 0
            || (codings.Count == 1
                && string.Equals(codings[0], "chunked", StringComparison.OrdinalIgnoreCase)
                && HttpProtocol.IsHttp11(context.Request.Protocol));
    }
}
