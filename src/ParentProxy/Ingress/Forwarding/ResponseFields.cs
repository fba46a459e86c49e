using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using ParentProxy.Http1;
using ParentProxy.Ingress.Kestrel;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>Gives the head of an enclave's response to the client, without what concerned the enclave's connection alone.</summary>
internal static class ResponseFields
{
    /// <summary>Sets status and fields; the framing is left to the body.</summary>
    public static void Apply(ResponseHead head, HttpContext context)
    {
        var response = context.Response;
        Status(response, head.Status, head.Reason);
        foreach (var (name, value) in head.Fields)
        {
            if (IsForwarded(head, name))
                Add(response.Headers, name, value);
        }

        Upgrade(head, context);
    }

    /// <summary>
    /// Gives the client the <c>Upgrade</c> of a 426, which says to what (RFC 9110 §15.5.22: it must be there). Any other
    /// response advertises with it what the enclave's connection could become, which the client's could not.
    /// </summary>
    public static void Upgrade(ResponseHead head, HttpContext context)
    {
        if (head.Status != StatusCodes.Status426UpgradeRequired
            || head.Upgrade is not { } upgrade
            || HttpProtocol.IsHttp2(context.Request.Protocol))
            return;
        var headers = context.Response.Headers;
        headers.Upgrade = upgrade;

        // Kestrel closes after a Connection without keep-alive, and adds nothing to one that is there.
        headers.Connection = ConnectionFields.ClientCloses(context.Request) ? "Upgrade, close" : "Upgrade, keep-alive";
    }

    /// <summary>Sets status and reason phrase.</summary>
    public static void Status(HttpResponse response, int status, string? reason)
    {
        if (status == StatusCodes.Status205ResetContent)
            ResetContent.Use(response.HttpContext);
        else
            response.StatusCode = status;
        if (reason is not null && reason != ReasonPhrases.GetReasonPhrase(status))
            response.HttpContext.Features.Get<IHttpResponseFeature>()!.ReasonPhrase = reason;
    }

    /// <summary>Whether a field of a head goes to the client.</summary>
    public static bool IsForwarded(ResponseHead head, string name) =>
        !HopByHopFields.Contains(name)
        && (head.ConnectionNamed is not { } named || ConnectionFields.IsKept(name) || !ConnectionFields.Holds(named, name));

    /// <summary>Adds a field line after those of the same name.</summary>
    public static void Add(IHeaderDictionary headers, string name, string value)
    {
        if (!headers.TryAdd(name, value))
            headers.Append(name, value);
    }
}
