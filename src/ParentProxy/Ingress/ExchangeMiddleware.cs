using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Health;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Telemetry.AccessLog;
using ParentProxy.Telemetry.Tracing;

namespace ParentProxy.Ingress;

/// <summary>
/// First in the public pipeline: gives the request its id, settles whom to believe, applies the limits, and answers
/// when something behind it fails.
/// </summary>
internal sealed class ExchangeMiddleware(RequestDelegate next, ActiveConfiguration configuration, EnclaveRegistry registry, DrainState drain, AccessLogger accessLog, RequestTracing tracing, TimeProvider time, ILogger<ExchangeMiddleware> logger)
{
    /// <summary>Serves one request.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        var options = configuration.Options;
        var rawTarget = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var isHostSet = SetHost(context.Request.Headers, rawTarget);
        var peerIsTrusted = ForwardedFields.IsTrusted(context.Connection.RemoteIpAddress, options.ForwardedHeaders);
        var exchange = new Exchange
        {
            RequestId = RequestId.For(context.Request.Headers),
            Started = time.GetTimestamp(),
            PeerIsTrusted = peerIsTrusted,
            ClientAddress = ForwardedFields.ClientAddress(context, peerIsTrusted),
            RawTarget = rawTarget,
            Context = context,
            Drain = drain,
            Time = time,
            Span = tracing.Begin(RequestSpans.Name(context.Request.Method), context.Request.Headers),
            Unreached = registry.Meter.None,
        };
        if (!peerIsTrusted)
            ForwardedFields.DropUntrusted(context.Request.Headers);
        context.Features.Set(exchange);
        context.Response.OnStarting(static state => FinishHead((Exchange)state), exchange);

        // Without, Kestrel's own limit stands.
        if (options.Limits.MaxRequestBodyBytes is { } maxBody && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = maxBody;

        try
        {
            if (!RequestFraming.IsClear(context) || !RawTarget.IsVisible(rawTarget) || !RequestScheme.TrySettle(context, peerIsTrusted))
            {
                await RefuseAsync(context, exchange);
                return;
            }

            if (context.Request.Headers.TransferEncoding.Count > 0)
                ClientWire.Of(context)?.BeginChunks();

            if (context.Request.ContentLength > options.Limits.MaxRequestBodyBytes)
            {
                await FailureAnswer.WriteAsync(context, FailureKind.BodyTooLarge, exchange.RequestId);
                return;
            }

            // Any other upgrade, h2c above all, is served as plain HTTP.
            if (context.Request.Headers.Upgrade.Count > 0 && !IsWebSocket(context))
                context.Request.Headers.Remove(HeaderNames.Upgrade);
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to answer.
        }
        catch (BadHttpRequestException ex)
        {
            await FailureAnswer.WriteAsync(context, ex.StatusCode == StatusCodes.Status413PayloadTooLarge ? FailureKind.BodyTooLarge : FailureKind.BadRequestBody, exchange.RequestId);
        }
        catch (Exception ex)
        {
            IngressLog.Fault(logger, exchange.RequestId, ex);
            if (context.Response.HasStarted)
                context.Abort();
            else
                await FailureAnswer.WriteAsync(context, FailureKind.Internal, exchange.RequestId);
        }
        finally
        {
            Finish(context, exchange);

            // Kestrel takes what stands here for that of the next request with the same bytes, without looking at them.
            if (isHostSet)
                context.Request.Headers.Remove(HeaderNames.Host);
        }
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
        if (exchange.IsAnsweredHere)
        {
            RequestSpans.End(exchange);
            return;
        }

        var isGone = exchange.Failure is { Kind: FailureKind.ClientGone or FailureKind.TunnelEnded } || context.RequestAborted.IsCancellationRequested;
        exchange.Settle(isGone ? StatusCodes.Status499ClientClosedRequest : context.Response.StatusCode);

        // What is measured of the request points to its span, as an example.
        if (exchange.Span is { } span)
            Activity.Current = span;
        exchange.Record();
        AccessReport.Write(accessLog, exchange);
        RequestSpans.End(exchange);
    }

    /// <summary>Whether the request may become a tunnel: not when Connection does not say so, too, a body comes with it, or HTTP/1.0 knows of no such thing.</summary>
    private static bool IsWebSocket(HttpContext context) =>
        string.Equals(context.Request.Headers.Upgrade.ToString().Trim(), "websocket", StringComparison.OrdinalIgnoreCase)
        && HttpProtocol.IsHttp11(context.Request.Protocol)
        && context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true;

    /// <summary>Answers and closes: where the next request would begin is what nobody knows.</summary>
    private static Task RefuseAsync(HttpContext context, Exchange exchange)
    {
        context.Response.OnStarting(static state =>
        {
            ((HttpContext)state).Response.Headers.Connection = "close";
            return Task.CompletedTask;
        }, context);
        return FailureAnswer.WriteAsync(context, FailureKind.BadRequest, exchange.RequestId);
    }

    private static Task FinishHead(Exchange exchange)
    {
        var response = exchange.Context.Response;
        response.Headers[RequestId.Field] = exchange.RequestId;

        // Before the client can hold the answer: it finds its request counted.
        exchange.Settle(response.StatusCode);

        // HTTP/2 says the same with GOAWAY.
        var request = exchange.Context.Request;
        if ((exchange.Drain.IsClosing && !HttpProtocol.IsHttp2(request.Protocol) && response.StatusCode != StatusCodes.Status101SwitchingProtocols) || MayBeKeptByUs(request))
            response.Headers.Connection = "close";
        return Task.CompletedTask;
    }

    /// <summary>Whether a keep-alive may be that of <see cref="ConnectionEncoding"/>: in HTTP/1.0 the word has a meaning.</summary>
    private static bool MayBeKeptByUs(HttpRequest request) =>
        HttpProtocol.IsHttp10(request.Protocol) && request.Headers.Connection.ToString().Contains("upgrade", StringComparison.OrdinalIgnoreCase);
}
