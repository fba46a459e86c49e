using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using ParentProxy.Configuration;

namespace ParentProxy.Ingress.Pipeline;

/// <summary>
/// Answers <see cref="Path"/> from <c>Attestation:MeasurementsFile</c> if there is one, for clients that verify the image of an
/// enclave. As for the public health, the raw path and the method as they are spelled decide.
/// </summary>
internal sealed class MeasurementsMiddleware(RequestDelegate next, ActiveConfiguration configuration)
{
    /// <summary>Where clients look for the measurements.</summary>
    public const string Path = "/.well-known/pcr-measurements.json";

    /// <summary>Serves one request, or leaves it to those behind.</summary>
    public Task InvokeAsync(HttpContext context) =>
        configuration.Options.Attestation.Measurements is { } measurements
        && (context.Request.Method is "GET" or "HEAD")
        && RawTarget.Path(Exchange.Of(context).RawTarget).SequenceEqual(Path)
            ? RespondAsync(context, measurements)
            : next(context);

    private static async Task RespondAsync(HttpContext context, PcrMeasurements measurements)
    {
        Exchange.Of(context).Outcome.BecomeLocal();
        var response = context.Response;
        response.Headers.ETag = measurements.EntityTag;
        response.Headers.CacheControl = "no-cache";
        if (IsKnown(context.Request, new EntityTagHeaderValue(measurements.EntityTag)))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = "application/json";
        response.ContentLength = measurements.Json.Length;
        if (context.Request.Method != HttpMethods.Head)
            await response.Body.WriteAsync(measurements.Json, context.RequestAborted);
    }

    private static bool IsKnown(HttpRequest request, EntityTagHeaderValue tag) =>
        EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out var known)
        && known.Any(one => one.Equals(EntityTagHeaderValue.Any) || one.Compare(tag, useStrongComparison: false));
}
