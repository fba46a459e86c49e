using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Ingress.Pipeline;
using Yarp.ReverseProxy.Forwarder;

namespace ParentProxy.Ingress.Http2;

/// <summary>Forwards over HTTP/2, where the copying is YARP's and the connections are those of SocketsHttpHandler.</summary>
internal sealed class Http2Forwarder(
    IHttpForwarder yarp, ActiveConfiguration configuration, RetryPolicy retries, AttemptWatch watch, TimeProvider time)
{
    private static readonly ForwarderRequestConfig Config = new()
    {
        Version = System.Net.HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,

        // The attempt watches the time.
        ActivityTimeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Makes one attempt; how it went, <see cref="Attempts.Current"/> tells.</summary>
    public async Task<ForwarderError> SendAsync(
        HttpContext context,
        Exchange exchange,
        Enclave enclave,
        HttpMessageInvoker invoker,
        HttpTransformer transformer,
        CancellationToken cancellationToken)
    {
        var hasBody = context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true;
        using var attempt = new Attempt(enclave, configuration.Options.Timeouts, watch, time, cancellationToken)
        {
            Exchange = exchange,
            Retries = retries,
        };
        exchange.Attempts.Begin(attempt);
        var isUpgrade = context.Request.Headers.Upgrade.Count > 0 || HttpMethods.IsConnect(context.Request.Method);
        exchange.Outgoing.Describe(retries.IsIdempotent(context.Request), isUpgrade);
        if (hasBody)
            UseRecordedBody(context, exchange.Outgoing, attempt);

        // Which connection a request gets, and when, its handler does not tell.
        attempt.Connected(isReused: null, hasBody);

        // The enclave had left the moment before: nothing is sent then. From here on only what may be sent twice moves.
        if (attempt.Failure is not null)
            return ForwarderError.NoAvailableDestinations;
        var error = await yarp.SendAsync(context, EnclaveForwarder.DestinationPrefix, invoker, Config, transformer, attempt.Cancellation);
        if (error == ForwarderError.None)
        {
            AttemptEvidence.ReportResponse(attempt);
            return error;
        }

        // A time-out of the attempt has named itself already.
        if (attempt.Failure is null)
            attempt.Fail(ForwardFailure.Of(error, context.GetForwarderErrorFeature()?.Exception, attempt, context));
        if (attempt.Failure!.Kind != FailureKind.NoEnclave)
        {
            // More is not known: the handler keeps to itself whether bytes went out.
            attempt.Sent();
            exchange.Attempts.NoteSent();
            exchange.Attempts.NoteReached(enclave);
        }

        AttemptEvidence.ReportFailure(attempt);
        return error;
    }

    /// <summary>YARP reads the body as a stream: that of the next attempt begins with what the one before had read.</summary>
    private void UseRecordedBody(HttpContext context, OutgoingRequest outgoing, Attempt attempt)
    {
        // Whether bytes of it went out is not known here: what may not be sent twice is lost with the first byte read.
        retries.BodyFound(context, outgoing, unsentBytes: 0);
        context.Request.Body = new RecordedBodyStream(outgoing.ClientBodyOf(context.Request), outgoing.Body!, attempt);
    }
}
