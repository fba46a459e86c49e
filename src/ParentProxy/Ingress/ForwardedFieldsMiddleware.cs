using Microsoft.AspNetCore.Http;

namespace ParentProxy.Ingress;

/// <summary>Rewrites the forwarded fields before anything is forwarded.</summary>
internal sealed class ForwardedFieldsMiddleware(RequestDelegate next)
{
    /// <summary>Serves one request.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        ForwardedFields.Apply(context, Exchange.Of(context).PeerIsTrusted);
        return next(context);
    }
}
