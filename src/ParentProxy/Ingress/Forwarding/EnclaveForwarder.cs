using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Http1;
using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Http2;
using ParentProxy.Ingress.Kestrel;
using ParentProxy.Ingress.Pipeline;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>
/// Forwards to the enclave behind a destination over that enclave's own connections, and writes into the
/// <see cref="Attempt"/> how it went. Over HTTP/1.1 this is ours to the last byte, over HTTP/2 the copying is YARP's.
/// </summary>
internal sealed class EnclaveForwarder(
    Http2Forwarder http2,
    EnclaveRegistry registry,
    ActiveConfiguration configuration,
    RetryPolicy retries,
    AttemptWatch watch,
    TimeProvider time,
    ILogger<EnclaveForwarder> logger) : IHttpForwarder
{
    /// <summary>The authority in outgoing requests; which enclave it is, the pool decides.</summary>
    public const string DestinationPrefix = "http://enclave/";

    /// <summary>More than is read of a body before the first of it goes out.</summary>
    private const int BytesBeforeSending = 64 * 1024;

    /// <inheritdoc/>
    public ValueTask<ForwarderError> SendAsync(
        HttpContext context,
        string destinationPrefix,
        HttpMessageInvoker httpClient,
        ForwarderRequestConfig requestConfig,
        HttpTransformer transformer) =>
        SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, CancellationToken.None);

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ForwarderError> SendAsync(
        HttpContext context,
        string destinationPrefix,
        HttpMessageInvoker httpClient,
        ForwarderRequestConfig requestConfig,
        HttpTransformer transformer,
        CancellationToken cancellationToken)
    {
        var exchange = Exchange.Of(context);
        var proxy = context.GetReverseProxyFeature();
        var enclave = registry.Find(proxy.ProxiedDestination!.DestinationId);
        if (enclave is null || !enclave.TryBeginRequest(out var connector))
        {
            exchange.Attempts.NoteEnclaveHadLeft();
            return ForwarderError.NoAvailableDestinations;
        }

        TransformedHeads? heads = null;
        try
        {
            var pool = EnclaveHttpPool.Of(connector, time);
            var isTransformed = pool.Http1 is null || HasTransforms(proxy);
            if (isTransformed)
                exchange.Outgoing.ApplyForwardedFields(context); // YARP copies what stands in the request.

            if (pool.Http1 is not { } connections)
                return await http2.SendAsync(context, exchange, enclave, pool.Http2!, transformer, cancellationToken);
            var plan = exchange.Outgoing.Plan ?? Plan(context, exchange);
            plan.FallbackHost = proxy.ProxiedDestination.Model.Config.Host ?? "";
            if (isTransformed)
            {
                heads = await TransformedHeads.CreateAsync(context, plan, transformer, cancellationToken);
                if (heads is null)
                    return ForwarderError.None;
            }

            for (var isRepeated = false; ; isRepeated = true)
            {
                using var attempt = new Attempt(enclave, configuration.Options.Timeouts, watch, time, context.RequestAborted)
                {
                    Exchange = exchange,
                    Retries = retries,
                };
                exchange.Attempts.Begin(attempt);
                plan.TraceParent = attempt.TraceParent;
                using var forward = new Http1Forward(context, plan, heads, attempt, connections);
                try
                {
                    await forward.RunAsync(connector.TimeToDial(exchange.Search.DialDeadline), fresh: isRepeated);
                    AttemptEvidence.ReportResponse(attempt);
                    return ForwarderError.None;
                }
                catch (Exception ex)
                {
                    // A time-out has named itself already.
                    attempt.Fail(ForwardFailure.Of(ex, forward, attempt, context));
                    AttemptEvidence.ReportFailure(attempt);
                    if (context.Response.HasStarted)
                        context.Abort();
                }

                // The enclave may close an idle connection at the moment when it is used again. On a fresh one the same end
                // means something, and stands.
                var failure = attempt.Failure!;
                if (attempt.HasSent)
                    exchange.Attempts.NoteSent();
                if (isRepeated
                    || failure.Kind != FailureKind.ConnectionTerminated
                    || attempt is not { IsReused: true, HasReceived: false }
                    || !retries.TryRepeatOnFresh(context, exchange, attempt))
                    return FailureTable.Of(failure.Kind).Yarp;
                retries.Counts.Count(RetryReason.Idle);
                enclave.Metrics.CountRetry();
                exchange.Attempts.NoteFailed(RetryReason.Idle, enclave.ToString(), failure.Code);
                exchange.Search.Restart();
                IngressLog.RepeatedOnFreshConnection(logger, exchange.RequestId, enclave.ToString(), failure.Code);
            }
        }
        finally
        {
            heads?.Dispose();
            enclave.EndRequest(connector);
        }
    }

    /// <summary>Begins the request: settles what goes out, and what of it is kept.</summary>
    private RequestPlan Plan(HttpContext context, Exchange exchange)
    {
        var outgoing = exchange.Outgoing;

        // An attempt before this one went over HTTP/2: the setting has just changed.
        outgoing.RestoreClientBody(context.Request);
        var plan = new RequestPlan(context, exchange);
        if (plan.IsBodyHeldBack)
            ClientWire.TakeExpectation(context);
        outgoing.Describe(retries.IsIdempotent(context.Request), isUpgrade: plan.Upgrade is not null);
        if (plan.Framing != RequestBodyFraming.None)
            retries.BodyFound(context, outgoing, BytesBeforeSending);
        plan.Body = outgoing.Body;
        if (retries.CanBeSaved(outgoing, plan.ContentLength))
            plan.MaxIdle = TimeSpan.MaxValue;
        outgoing.Use(plan);
        return plan;
    }

    /// <summary>Whether YARP changes messages on the route of a request; session affinity is one of its transforms.</summary>
    private static bool HasTransforms(IReverseProxyFeature proxy) =>
        proxy.Route.Config.Transforms is { Count: > 0 } || proxy.Cluster.Config.SessionAffinity is { Enabled: true };
}
