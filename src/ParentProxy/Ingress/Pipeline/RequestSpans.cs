using System.Diagnostics;
using System.Globalization;
using ParentProxy.Enclaves;
using ParentProxy.Endpoints;
using ParentProxy.Ingress.Forwarding;

namespace ParentProxy.Ingress.Pipeline;

/// <summary>
/// What the spans of a request tell: one of the server for the whole, and one of a client for each attempt. Attributes have the
/// names of OpenTelemetry's semantic conventions for HTTP where there is one. No query, no field's value.
/// </summary>
internal static class RequestSpans
{
    /// <summary>The name of a span: never a client's own words.</summary>
    public static string Name(string method) => RequestCounts.Knows(method) ? method : "HTTP";

    /// <summary>Begins the span of an attempt, as the current one; null when the request has none, or one that is not sampled.</summary>
    public static Activity? Begin(Attempt attempt)
    {
        if (attempt is not { Exchange: { Span: { } request } exchange })
            return null;
        var method = exchange.Context.Request.Method;
        var span = request.Source.StartActivity(Name(method), ActivityKind.Client, request.Context);
        if (span is not { IsAllDataRequested: true })
            return span;
        SetMethod(span, method);
        span.SetTag("url.path", RawTarget.Path(exchange.RawTarget).ToString());
        var endpoint = attempt.Enclave.Endpoint;
        span.SetTag("server.address", Address(endpoint));
        if (endpoint.Port != 0)
            span.SetTag("server.port", (long)endpoint.Port);
        span.SetTag("network.transport", endpoint.Transport.ToString().ToLowerInvariant());
        span.SetTag("parentproxy.enclave", attempt.Enclave.Id);
        if (exchange.Attempts.Count > 1)
            span.SetTag("http.request.resend_count", exchange.Attempts.Count - 1);
        if (exchange.Attempts.Failed is [.., var last])
            span.SetTag("parentproxy.retry.reason", last.Reason.ToString().ToLowerInvariant());
        return span;
    }

    /// <summary>
    /// Ends the span of an attempt. A response of 4xx is the application's and no error: the client asked for it, not we.
    /// </summary>
    public static void End(Attempt attempt)
    {
        if (attempt.Span is not { } span)
            return;
        SetOutcome(span, attempt.Status, attempt.Failure, isFailed: attempt.Failure is not null);
        span.Dispose();
    }

    /// <summary>Ends the span of a request; one that was never meant for an enclave leaves nothing.</summary>
    public static void End(Exchange exchange)
    {
        if (exchange.Span is not { } span)
            return;
        if (exchange.Outcome.IsLocal)
            span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        else if (span.IsAllDataRequested)
            Describe(span, exchange);
        span.Dispose();
    }

    private static void Describe(Activity span, Exchange exchange)
    {
        var request = exchange.Context.Request;
        SetMethod(span, request.Method);
        span.SetTag("url.path", RawTarget.Path(exchange.RawTarget).ToString());
        span.SetTag("url.scheme", request.Scheme);
        if (request.Host.Host is { Length: > 0 } host)
            span.SetTag("server.address", host);
        if (request.Host.Port is { } port)
            span.SetTag("server.port", port);
        if (request.Protocol.StartsWith("HTTP/", StringComparison.Ordinal))
            span.SetTag("network.protocol.version", request.Protocol["HTTP/".Length..]);
        if (exchange.ClientAddress is { } client)
            span.SetTag("client.address", client);
        if (exchange.Context.Connection.RemoteIpAddress is { } peer)
            span.SetTag("network.peer.address", (peer.IsIPv4MappedToIPv6 ? peer.MapToIPv4() : peer).ToString());
        span.SetTag("parentproxy.enclave", exchange.Attempts.Reached?.Id ?? "none");
        span.SetTag("parentproxy.request_id", exchange.RequestId);
        SetOutcome(span, exchange.Outcome.Status, exchange.Outcome.Failure, isFailed: false);
    }

    private static void SetMethod(Activity span, string method)
    {
        var isKnown = RequestCounts.Knows(method);
        span.SetTag("http.request.method", isKnown ? method : "_OTHER");
        if (!isKnown)
            span.SetTag("http.request.method_original", method);
    }

    private static void SetOutcome(Activity span, int? status, AttemptFailure? failure, bool isFailed)
    {
        if (status is { } code)
            span.SetTag("http.response.status_code", code);
        var isError = isFailed || status >= 500;
        if (isError || failure is not null)
            span.SetTag("error.type", failure?.Code ?? status?.ToString(CultureInfo.InvariantCulture));
        if (isError)
            span.SetStatus(ActivityStatusCode.Error, failure?.Detail);
    }

    private static string Address(EnclaveEndpoint endpoint) => endpoint.Transport switch
    {
        EnclaveTransport.Vsock => endpoint.Cid.ToString(CultureInfo.InvariantCulture),
        EnclaveTransport.Tcp => endpoint.Host,
        _ => endpoint.Path,
    };
}
