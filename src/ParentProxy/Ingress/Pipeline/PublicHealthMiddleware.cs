using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ParentProxy.Configuration;
using ParentProxy.Health;

namespace ParentProxy.Ingress.Pipeline;

/// <summary>
/// Answers <c>Health:Path</c> on the public listener, for the load balancer in front: how many enclaves are healthy
/// and nothing else. The raw path decides, so that an encoded or doubled slash reaches the enclave, and so does the method
/// as it is spelled: a <c>get</c> is none of HTTP's.
/// </summary>
internal sealed class PublicHealthMiddleware(RequestDelegate next, ActiveConfiguration configuration, Func<HealthSummary> healthOfTheWhole)
{
    /// <summary>Serves one request, or leaves it to those behind.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        var health = configuration.Options.Health;
        var isAsked = health.Public
            && (context.Request.Method is "GET" or "HEAD")
            && RawTarget.Path(Exchange.Of(context).RawTarget).SequenceEqual(health.Path);
        return isAsked ? RespondAsync(context) : next(context);
    }

    private async Task RespondAsync(HttpContext context)
    {
        Exchange.Of(context).Outcome.BecomeLocal();
        var summary = healthOfTheWhole();
        var health = new PublicHealth(summary.Status, summary.Healthy, summary.Total);
        var body = JsonSerializer.SerializeToUtf8Bytes(health, PublicJson.Plain.PublicHealth);
        context.Response.StatusCode = summary.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = body.Length;
        if (context.Request.Method != HttpMethods.Head)
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
