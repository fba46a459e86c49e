using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ParentProxy.Configuration;
using ParentProxy.Ingress.Pipeline;
using ParentProxy.Telemetry.AccessLog;

namespace ParentProxy.Ingress.Kestrel.Refusals;

/// <summary>
/// What Kestrel refuses by itself, before there is a request for the pipeline: counts it, gives it its line in the access
/// log, and the response, where there is one, an id by which the two are found. Kestrel tells of it here when it answers with a
/// status, and in its log (<see cref="KestrelLoggers"/>) when it resets an HTTP/2 stream or ends a connection.
/// </summary>
internal sealed class KestrelRefusals(
    ActiveConfiguration configuration,
    RefusalCounts counts,
    OpenConnections connections,
    AccessLogger log,
    TimeProvider time) : DiagnosticSource
{
    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    /// <inheritdoc/>
    public override bool IsEnabled(string name) => name == BadRequest;

    /// <inheritdoc/>
    [RequiresUnreferencedCode("Required by the base method. Here the value is of a known interface.")]
    public override void Write(string name, object? value)
    {
        if (value is IFeatureCollection features && features.Get<IBadRequestExceptionFeature>()?.Error is BadHttpRequestException refusal)
            Refuse(features, refusal);
    }

    /// <summary>Kestrel has reset a stream or ended a connection.</summary>
    /// <param name="reason">Which of the two, or why.</param>
    /// <param name="connectionId">The connection.</param>
    /// <param name="status">The status of its response; null when there is none.</param>
    /// <param name="detail">Why.</param>
    public void Refuse(RefusalReason reason, string connectionId, int? status, string detail)
    {
        counts.Count(reason);
        if (!log.WantsRefusal())
            return;
        log.Write(new AccessEvent
        {
            Time = time.GetUtcNow(),
            Protocol = reason is RefusalReason.Version or RefusalReason.Framing ? null : HttpProtocol.Http2,
            Status = status,
            Failure = RefusalReasons.Word(reason),
            Detail = detail,
            Client = ForwardedFields.Text(connections.ClientOf(connectionId)),
            RequestId = RequestId.New(),
        });
    }

    private void Refuse(IFeatureCollection features, BadHttpRequestException refusal)
    {
        var exchange = features.Get<Exchange>();
        if (exchange is not null && HasToldOf(exchange, features))
            return;
        var request = features.Get<IHttpRequestFeature>()!;
        var requestId = exchange?.RequestId ?? RequestId.For(request.Headers);
        // A request of the pipeline had a good head: it is the rest of its body that is wrong.
        var reason = RefusalReasons.OfHead(refusal.StatusCode);
        if (exchange is not null && reason == RefusalReason.Head)
            reason = RefusalReason.Body;
        counts.Count(reason);
        Answer(features, request, requestId, reason);
        if (!log.WantsRefusal())
            return;
        log.Write(new AccessEvent
        {
            Time = time.GetUtcNow(),
            Method = request.Method,
            Target = request.RawTarget is { Length: > 0 } target ? RawTarget.Loggable(target) : null,
            Protocol = request.Protocol,
            Status = exchange?.Outcome.Status ?? refusal.StatusCode,
            Failure = RefusalReasons.Word(reason),
            Detail = KestrelMessage.WithoutQuotes(refusal.Message),
            Client = exchange is null
                ? Client(features.Get<IHttpConnectionFeature>()?.RemoteIpAddress, request.Headers)
                : exchange.ClientAddress,
            RequestId = requestId,
            Fields = request.Headers,
        });
    }

    /// <summary>
    /// Starts Kestrel's response with the id in it: whatever stands in the response when this returns, Kestrel throws away, unless
    /// it has started. Not where several requests share the connection; nor is the version one for a response of HTTP/1.
    /// </summary>
    private static void Answer(IFeatureCollection features, IHttpRequestFeature request, string requestId, RefusalReason reason)
    {
        if (reason == RefusalReason.Version
            || HttpProtocol.IsHttp2(request.Protocol)
            || features.Get<IHttpResponseFeature>() is not { HasStarted: false } response
            || features.Get<ClientWire>() is not { } wire)
            return;
        var headers = response.Headers;
        headers.Connection = "close";
        headers[ProblemResponse.ProxyStatus] = ProblemResponse.RequestError;
        headers[RequestId.Field] = requestId;
        if (features.Get<IHttpResponseBodyFeature>()!.StartAsync().IsCompletedSuccessfully)
            wire.Flush();
    }

    /// <summary>
    /// Kestrel reads the rest of a body away, and finds once more what its request
    /// failed by. Nor is a client refused that has left.
    /// </summary>
    private static bool HasToldOf(Exchange exchange, IFeatureCollection features) =>
        exchange.Outcome.Failure is not null
            || features.Get<IHttpRequestLifetimeFeature>() is { RequestAborted.IsCancellationRequested: true };

    private string? Client(IPAddress? peer, IHeaderDictionary headers) =>
        ForwardedFields.ClientAddress(headers, peer, ForwardedFields.IsTrusted(peer, configuration.Options.ForwardedHeaders));
}
