using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Health;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Ingress.Kestrel;
using ParentProxy.Ingress.Kestrel.Refusals;
using ParentProxy.Telemetry.AccessLog;
using ParentProxy.Telemetry.Tracing;

namespace ParentProxy.Ingress.Pipeline;

/// <summary>
/// First in the public pipeline: gives the request its id, settles whom to believe, applies the limits, and responds
/// when something behind it fails.
/// </summary>
internal sealed class ExchangeMiddleware(
    RequestDelegate next,
    ActiveConfiguration configuration,
    EnclaveRegistry registry,
    DrainState drain,
    RefusalCounts refusals,
    AccessLogger accessLog,
    RequestTracing tracing,
    TimeProvider time,
    ILogger<ExchangeMiddleware> logger)
{
    /// <summary>Serves one request, to the last line that tells of it.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        var options = configuration.Options;
        var rawTarget = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var isHostSet = SetHost(context.Request.Headers, rawTarget);
        var peerIsTrusted = ForwardedFields.IsTrusted(context.Connection.RemoteIpAddress, options.ForwardedHeaders);
        var exchange = new Exchange(registry.Meter.None, refusals, time)
        {
            RequestId = RequestId.For(context.Request.Headers),
            PeerIsTrusted = peerIsTrusted,
            ClientAddress = ForwardedFields.ClientAddress(context.Request.Headers, context.Connection.RemoteIpAddress, peerIsTrusted),
            RawTarget = rawTarget,
            Context = context,
            Drain = drain,
            Span = tracing.Begin(RequestSpans.Name(context.Request.Method), context.Request.Headers),
        };
        if (!peerIsTrusted)
            ForwardedFields.DropUntrusted(context.Request.Headers);
        context.Features.Set(exchange);
        context.Response.OnStarting(static state => FinishHead((Exchange)state), exchange);

        // Without, Kestrel's own limit stands.
        if (options.Limits.MaxRequestBodyBytes is { } maxBody
            && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = maxBody;

        try
        {
            if (WhyRefused(context, rawTarget, peerIsTrusted) is { } doubt)
            {
                CloseAfterResponse(context);
                await FailAsync(context, exchange, doubt);
                return;
            }

            if (context.Request.Headers.TransferEncoding.Count > 0)
                ClientWire.Of(context)?.BeginChunks();

            if (context.Request.ContentLength > options.Limits.MaxRequestBodyBytes)
            {
                await FailAsync(context, exchange, AttemptFailure.BodyTooLarge);
                return;
            }

            // Any other upgrade, h2c above all, is served as plain HTTP.
            if (context.Request.Headers.Upgrade.Count > 0 && !IsWebSocket(context))
                context.Request.Headers.Remove(HeaderNames.Upgrade);
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // It waited for an enclave. Nobody is left to respond to; what has begun must not pass for whole, should the client be
            // there after all.
            if (exchange.Outcome.Failure is null)
                exchange.Outcome.Fail(exchange.Drain.IsCutting ? AttemptFailure.Stopped : AttemptFailure.ClientGone("canceled"));
            context.Abort();
        }
        catch (BadHttpRequestException ex)
        {
            await FailAsync(context, exchange, ex.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? AttemptFailure.BodyTooLarge
                : AttemptFailure.BadRequestBody(KestrelMessage.WithoutQuotes(ex.Message)));
        }
        catch (Exception ex)
        {
            IngressLog.Fault(logger, exchange.RequestId, ex);
            var fault = new AttemptFailure(FailureKind.Internal, "internal", "a fault of this program", "Please report this.");
            await FailAsync(context, exchange, fault);
        }
        finally
        {
            Finish(context, exchange);

            // Kestrel takes what stands here for that of the next request with the same bytes, without looking at them.
            if (isHostSet)
                context.Request.Headers.Remove(HeaderNames.Host);
        }
    }

    /// <summary>What of the head can be read in several ways, or is none of HTTP's; null when nothing is.</summary>
    private static AttemptFailure? WhyRefused(HttpContext context, string rawTarget, bool peerIsTrusted)
    {
        if (!RequestFraming.IsClear(context))
            return new AttemptFailure(FailureKind.BadFraming, "400", "where the request ends can be read in several ways", "");
        if (!RawTarget.IsVisible(rawTarget))
        {
            return new AttemptFailure(
                FailureKind.BadRequest,
                "400",
                "the request target has a byte that is no visible ASCII character",
                "Clients percent-encode it.");
        }

        return RequestScheme.TrySettle(context, peerIsTrusted)
            ? null
            : new AttemptFailure(FailureKind.BadRequest, "400", "the scheme of the request is neither http nor https", "");
    }

    /// <summary>Refuses a request that no route matches.</summary>
    public static Task RefuseUnroutedAsync(HttpContext context) =>
        FailAsync(
            context,
            Exchange.Of(context),
            new AttemptFailure(FailureKind.NoRoute, "404", "no route matches the request", "ReverseProxy:Routes holds the routes."));

    /// <summary>Ends a request that none will be made of to an enclave.</summary>
    /// <param name="context">The request.</param>
    /// <param name="exchange">The same.</param>
    /// <param name="failure">Why not.</param>
    /// <param name="retryAfter">In how many seconds to try again, where it is worth that.</param>
    public static Task FailAsync(HttpContext context, Exchange exchange, AttemptFailure failure, int retryAfter = 1)
    {
        exchange.Outcome.Fail(failure);
        return ProblemResponse.WriteAsync(context, failure.Kind, exchange.RequestId, retryAfter);
    }

    /// <summary>
    /// Makes <c>Host</c> what the client sent, or named in absolute form where HTTP/1.0 has no such field (RFC 9112 §3.2.2);
    /// whether it was anything else.
    /// </summary>
    private static bool SetHost(IHeaderDictionary headers, string rawTarget)
    {
        if (headers.Host.Count > 0)
            return HostEncoding.Restore(headers);
        if (RawTarget.Authority(rawTarget) is not { } authority)
            return false;
        headers.Host = authority;
        return true;
    }

    /// <summary>The request is over, except that a response without a body has its head written only after this.</summary>
    private void Finish(HttpContext context, Exchange exchange)
    {
        if (exchange.Outcome.IsLocal)
        {
            RequestSpans.End(exchange);
            return;
        }

        var outcome = exchange.Outcome;
        outcome.Settle(StatusAtTheEnd(context, outcome.Failure));

        // What is measured of the request points to its span, as an example.
        if (exchange.Span is { } span)
            Activity.Current = span;
        outcome.Record();
        AccessReport.Write(accessLog, exchange);
        RequestSpans.End(exchange);
    }

    /// <summary>The status of a request that had none so far, or whose response is about to begin.</summary>
    private static int StatusAtTheEnd(HttpContext context, AttemptFailure? failure)
    {
        // Cut off by us: what a client would be told, were there still a way to.
        if (failure is { Kind: FailureKind.Stopped })
            return FailureTable.Of(failure.Kind).Status;
        return (failure is not null && FailureTable.Of(failure.Kind).IsClientClosed) || context.RequestAborted.IsCancellationRequested
            ? StatusCodes.Status499ClientClosedRequest
            : context.Response.StatusCode;
    }

    /// <summary>
    /// Whether the request may become a tunnel: not when Connection does not say so, too, a body comes with it, or HTTP/1.0 knows
    /// of no such thing.
    /// </summary>
    private static bool IsWebSocket(HttpContext context) =>
        string.Equals(context.Request.Headers.Upgrade.ToString().Trim(), "websocket", StringComparison.OrdinalIgnoreCase)
        && HttpProtocol.IsHttp11(context.Request.Protocol)
        && context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true;

    /// <summary>Where the next request would begin is what nobody knows.</summary>
    private static void CloseAfterResponse(HttpContext context) => context.Response.OnStarting(static state =>
    {
        ConnectionFields.Close(((HttpContext)state).Response);
        return Task.CompletedTask;
    }, context);

    private static Task FinishHead(Exchange exchange)
    {
        var response = exchange.Context.Response;

        // A client that sent an id gets it back. One that sent none is to know the request by the id that the application gives
        // it, if it gives one: that is what its documentation and its support speak of.
        var own = response.Headers[RequestId.Field].ToString();
        if (own.Length > 0 && own != exchange.RequestId)
            exchange.Outcome.NoteApplicationRequestId(own);
        if (own.Length == 0 || exchange.Context.Request.Headers[RequestId.Field] == exchange.RequestId)
            response.Headers[RequestId.Field] = exchange.RequestId;

        // Before the client can hold the response: it finds its request counted.
        exchange.Outcome.Settle(response.StatusCode);

        // HTTP/2 says the same with GOAWAY.
        var request = exchange.Context.Request;
        var isDrained = exchange.Drain.IsClosing && !HttpProtocol.IsHttp2(request.Protocol);
        if ((isDrained && response.StatusCode != StatusCodes.Status101SwitchingProtocols) || MayBeKeptByUs(request))
            ConnectionFields.Close(response);
        return Task.CompletedTask;
    }

    /// <summary>Whether a keep-alive may be that of <see cref="ConnectionEncoding"/>: in HTTP/1.0 the word has a meaning.</summary>
    private static bool MayBeKeptByUs(HttpRequest request) =>
        HttpProtocol.IsHttp10(request.Protocol)
        && request.Headers.Connection.ToString().Contains("upgrade", StringComparison.OrdinalIgnoreCase);
}
