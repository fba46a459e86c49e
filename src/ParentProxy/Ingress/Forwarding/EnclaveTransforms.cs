using System.Net;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using ParentProxy.Ingress.Http2;
using ParentProxy.Ingress.Kestrel;
using ParentProxy.Ingress.Pipeline;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>What every route does to messages, beside the transforms that it is configured with.</summary>
internal sealed class EnclaveTransforms : ITransformProvider
{
    private static readonly UriCreationOptions Verbatim = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <inheritdoc/>
    public void ValidateRoute(TransformRouteValidationContext context)
    {
    }

    /// <inheritdoc/>
    public void ValidateCluster(TransformClusterValidationContext context)
    {
    }

    /// <inheritdoc/>
    public void Apply(TransformBuilderContext context)
    {
        // ForwardedFields has rewritten the fields of the request already.
        context.UseDefaultForwarders ??= false;
        if (!context.RequestTransforms.Any(t => t is RequestHeaderOriginalHostTransform))
            context.AddOriginalHost(true);

        context.AddRequestTransform(request =>
        {
            var exchange = Exchange.Of(request.HttpContext);

            // A route that changes path or query has YARP build the target from its parts.
            if (!IsTargetChanged(request))
                request.ProxyRequest.RequestUri = Target(request);
            request.ProxyRequest.Headers.Remove(RequestId.Field);
            request.ProxyRequest.Headers.TryAddWithoutValidation(RequestId.Field, exchange.RequestId);
            ConnectionFields.CleanRequest(request.HttpContext.Request.Headers, request.ProxyRequest);
            request.ProxyRequest.Options.Set(EnclaveHttpPool.DialDeadline, exchange.Search.DialDeadline);
            if (exchange.Attempts.Current is { } attempt)
            {
                if (attempt.TraceParent is { } parent)
                {
                    request.ProxyRequest.Headers.Remove(HeaderNames.TraceParent);
                    request.ProxyRequest.Headers.TryAddWithoutValidation(HeaderNames.TraceParent, parent);
                }

                request.ProxyRequest.Options.Set(
                    AttemptHandler.Binding,
                    new AttemptBinding(attempt, ct => request.HttpContext.Response.Body.FlushAsync(ct)));
            }

            return ValueTask.CompletedTask;
        });
        context.AddResponseTransform(response =>
        {
            if (response.ProxyResponse is { } message)
            {
                ConnectionFields.CleanResponse(message.Headers, response.HttpContext.Response.Headers);
                if (message.StatusCode == HttpStatusCode.ResetContent)
                    ResetContent.Use(response.HttpContext);
            }

            return ValueTask.CompletedTask;
        });
    }

    private static bool IsTargetChanged(RequestTransformContext request)
    {
        var before = request.HttpContext.Request;
        return request.Path != before.Path
            || request.Query.QueryString != before.QueryString
            || request.ProxyRequest.RequestUri is not null;
    }

    /// <summary>Path and query byte for byte: decoding and encoding again would change what the enclave sees.</summary>
    private static Uri Target(RequestTransformContext request)
    {
        var rawTarget = request.HttpContext.Features.Get<IHttpRequestFeature>()!.RawTarget;
        return new Uri(request.DestinationPrefix.TrimEnd('/') + RawTarget.PathAndQuery(rawTarget), Verbatim);
    }
}
