using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ParentProxy.Http1;
using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Kestrel;
using ParentProxy.Ingress.Pipeline;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>What a request to an enclave is made of, beside its fields; the same for every attempt.</summary>
internal sealed class RequestPlan
{
    /// <summary>Applications close idle connections after seconds; so soon none does.</summary>
    private static readonly TimeSpan SafeIdle = TimeSpan.FromMilliseconds(250);

    /// <summary>Reads a client's request, which it leaves as it is.</summary>
    public RequestPlan(HttpContext context, Exchange exchange)
    {
        var request = context.Request;
        var features = context.Features;
        RequestId = exchange.RequestId;
        Method = request.Method;
        Target = RawTarget.ForEnclave(request, exchange.RawTarget)!;
        TakesTrailers = request.Headers.TE is { Count: > 0 } te && te.ToString().Contains("trailers", StringComparison.OrdinalIgnoreCase);

        if (HttpMethods.IsConnect(Method) && features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
        {
            // RFC 8441: a WebSocket on a stream of HTTP/2 has no key, and its method is not the one of HTTP/1.1.
            ExtendedConnect = connect;
            Method = HttpMethods.Get;
            Upgrade = connect.Protocol;
            WebSocketKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
            return;
        }

        if (request.Headers.Upgrade.Count > 0 && features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true })
        {
            Upgrade = request.Headers.Upgrade.ToString();
            return;
        }

        ContentLength = request.ContentLength;
        var hasBody = features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true;
        Framing = !hasBody ? RequestBodyFraming.None : ContentLength is null ? RequestBodyFraming.Chunked : RequestBodyFraming.Length;
        if (request.Headers.Expect.Count == 0)
            return;
        Expectation = request.Headers.Expect.ToString();
        IsBodyHeldBack = Framing != RequestBodyFraming.None && ClientWire.ExpectsContinue(request);
    }

    /// <summary>The method, in the client's case.</summary>
    public string Method { get; }

    /// <summary>The request target, byte for byte.</summary>
    public string Target { get; set; }

    /// <summary>The value of <c>X-Request-Id</c>.</summary>
    public string RequestId { get; }

    /// <summary><c>Host</c> for a client that sent none.</summary>
    public string FallbackHost { get; set; } = "";

    /// <summary>The value of <c>traceparent</c> in the place of the client's; null to leave that as it is.</summary>
    public string? TraceParent { get; set; }

    /// <summary>How the end of the body is told.</summary>
    public RequestBodyFraming Framing { get; }

    /// <summary>The value of <c>Content-Length</c>, which may be 0; null for none.</summary>
    public long? ContentLength { get; }

    /// <summary>The value of <c>Expect</c>; null for none.</summary>
    public string? Expectation { get; }

    /// <summary>Whether the client waits for <c>100 Continue</c>, which the enclave gives, before it sends its body.</summary>
    public bool IsBodyHeldBack { get; }

    /// <summary>Whether the client sent <c>TE: trailers</c>.</summary>
    public bool TakesTrailers { get; }

    /// <summary>The protocol that the client asks to switch to; null for none.</summary>
    public string? Upgrade { get; }

    /// <summary>The client asks for a tunnel in a stream of HTTP/2; null otherwise.</summary>
    public IHttpExtendedConnectFeature? ExtendedConnect { get; }

    /// <summary>The key that stands for the missing one of HTTP/2; null otherwise.</summary>
    public string? WebSocketKey { get; }

    /// <summary>What was read of the body, when that is kept to be sent again; null otherwise.</summary>
    public RecordedBody? Body { get; set; }

    /// <summary>
    /// How long a connection may have been idle to take the request. The enclave may be closing one that was idle for long
    /// at this very moment; then only a request that may be sent twice can be saved.
    /// </summary>
    public TimeSpan MaxIdle { get; set; } = SafeIdle;
}
