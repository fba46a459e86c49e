using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ParentProxy.Ingress.Forwarding;

namespace ParentProxy.Ingress.Pipeline;

/// <summary>
/// The response to a request that failed: RFC 9457 problem details and RFC 9209 <c>Proxy-Status</c>, as
/// <see cref="FailureTable"/> has them.
/// </summary>
internal static class ProblemResponse
{
    /// <summary>The field that tells a response of ours from an enclave's.</summary>
    public const string ProxyStatus = "Proxy-Status";

    /// <summary>Its value where the request is refused for what it is.</summary>
    public const string RequestError = "parent-proxy; error=http_request_error";

    /// <summary>
    /// Writes the response if none has started. Behind the head of another one nothing may follow, and what has begun must not
    /// pass for whole: the connection ends then, or the stream.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="kind">What has failed.</param>
    /// <param name="requestId">The id of the request.</param>
    /// <param name="retryAfter">In how many seconds to try again, where it is worth that.</param>
    public static async Task WriteAsync(HttpContext context, FailureKind kind, string requestId, int retryAfter = 1)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        var failure = FailureTable.Of(kind);
        var response = context.Response;
        response.Clear();
        response.StatusCode = failure.Status;
        response.Headers.CacheControl = "no-store";
        response.Headers[ProxyStatus] = $"parent-proxy; error={failure.Error}";
        if (failure.Status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
            response.Headers.RetryAfter = retryAfter.ToString(CultureInfo.InvariantCulture);
        response.ContentType = "application/problem+json";
        var problem = new PublicProblem($"urn:parent-proxy:{failure.Error}", failure.Title, failure.Status, failure.Detail, requestId);
        var body = JsonSerializer.SerializeToUtf8Bytes(problem, PublicJson.Plain.PublicProblem);
        response.ContentLength = body.Length;
        if (context.Request.Method == HttpMethods.Head)
            return;
        context.Features.Get<Exchange>()?.Outcome.AddResponseBytes(body.Length);
        await response.Body.WriteAsync(body, context.RequestAborted);
    }
}
