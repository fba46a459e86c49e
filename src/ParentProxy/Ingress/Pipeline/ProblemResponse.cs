using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ParentProxy.Ingress.Forwarding;

namespace ParentProxy.Ingress.Pipeline;

/// <summary>
/// The answer to a request that failed: RFC 9457 problem details and RFC 9209 <c>Proxy-Status</c>. The one place that
/// maps a failure to what the public may know of it: no CID, no path, no name of an enclave, no text of an exception.
/// </summary>
internal static class ProblemResponse
{
    /// <summary>The field that tells an answer of ours from an enclave's.</summary>
    public const string ProxyStatus = "Proxy-Status";

    /// <summary>Its value where the request is refused for what it is.</summary>
    public const string RequestError = "parent-proxy; error=http_request_error";

    private const string RetryAfterSeconds = "1";

    /// <summary>The status code of a failure.</summary>
    public static int Status(FailureKind kind) => Describe(kind).Status;

    /// <summary>
    /// Writes the answer if none has started. Behind the head of another one nothing may follow, and what has begun must not
    /// pass for whole: the connection ends then, or the stream.
    /// </summary>
    public static async Task WriteAsync(HttpContext context, FailureKind kind, string requestId)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        var (status, error, title, detail) = Describe(kind);
        var response = context.Response;
        response.Clear();
        response.StatusCode = status;
        response.Headers.CacheControl = "no-store";
        response.Headers[ProxyStatus] = $"parent-proxy; error={error}";
        if (status == StatusCodes.Status503ServiceUnavailable)
            response.Headers.RetryAfter = RetryAfterSeconds;
        response.ContentType = "application/problem+json";
        var problem = new PublicProblem($"urn:parent-proxy:{error}", title, status, detail, requestId);
        var body = JsonSerializer.SerializeToUtf8Bytes(problem, PublicJson.Plain.PublicProblem);
        response.ContentLength = body.Length;
        if (context.Request.Method == HttpMethods.Head)
            return;
        context.Features.Get<Exchange>()?.AddResponseBytes(body.Length);
        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static (int Status, string Error, string Title, string Detail) Describe(FailureKind kind) => kind switch
    {
        FailureKind.NoEnclave or FailureKind.LeftWhileWaiting or FailureKind.AcceptQueueFull => (503, "destination_unavailable", "Service Unavailable", "No backend can take the request right now. Try again shortly."),
        FailureKind.TooManyWaiting => (503, "connection_limit_reached", "Service Unavailable", "Too many requests are waiting for a backend. Try again shortly."),
        FailureKind.ConnectionsBusy or FailureKind.TunnelsBusy => (503, "connection_limit_reached", "Service Unavailable", "The backend is busy. Try again shortly."),
        FailureKind.ConnectionTerminated => (502, "connection_terminated", "Bad Gateway", "The backend closed the connection before it answered."),
        FailureKind.EnclaveLeft or FailureKind.EnclaveRemoved => (502, "connection_terminated", "Bad Gateway", "The backend went away before it answered."),
        FailureKind.InvalidResponse => (502, "http_protocol_error", "Bad Gateway", "The backend's answer is not valid HTTP."),
        FailureKind.ResponseCut => (502, "http_response_incomplete", "Bad Gateway", "The backend's answer ended before it was whole."),
        FailureKind.ResponseHeadTimeout => (504, "http_response_timeout", "Gateway Timeout", "The backend did not answer in time."),
        FailureKind.EnclaveIdle => (504, "connection_write_timeout", "Gateway Timeout", "The backend stopped taking the request."),
        FailureKind.ClientIdle => (408, "http_request_error", "Request Timeout", "The rest of the request did not arrive in time."),
        FailureKind.BadFraming or FailureKind.BadRequest => (400, "http_request_error", "Bad Request", "The request is not valid."),
        FailureKind.BadRequestBody => (400, "http_request_error", "Bad Request", "The body of the request is not valid."),
        FailureKind.BodyTooLarge => (413, "http_request_denied", "Content Too Large", "The body of the request is larger than allowed."),
        FailureKind.BadTarget => (400, "http_request_denied", "Bad Request", "This form of request target is not forwarded."),
        FailureKind.NoRoute => (404, "destination_not_found", "Not Found", "No route matches the request."),
        _ => (502, "proxy_internal_error", "Bad Gateway", "The request could not be forwarded."),
    };
}
