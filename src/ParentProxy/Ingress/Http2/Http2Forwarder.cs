using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Ingress.Pipeline;
using ParentProxy.Vsock;
using Yarp.ReverseProxy.Forwarder;

namespace ParentProxy.Ingress.Http2;

/// <summary>Forwards over HTTP/2, where the copying is YARP's and the connections are those of SocketsHttpHandler.</summary>
internal sealed class Http2Forwarder(IHttpForwarder yarp, ActiveConfiguration configuration, RetryPolicy retries, AttemptWatch watch, TimeProvider time)
{
    private static readonly ForwarderRequestConfig Config = new()
    {
        Version = System.Net.HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,

        // The attempt watches the time.
        ActivityTimeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Forwards a request.</summary>
    public async Task<ForwarderError> SendAsync(HttpContext context, Exchange exchange, Enclave enclave, HttpMessageInvoker invoker, HttpTransformer transformer, CancellationToken cancellationToken)
    {
        var hasBody = context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true;
        using var attempt = new Attempt(enclave, configuration.Options.Timeouts, watch, time, cancellationToken) { Exchange = exchange, Retries = retries };
        exchange.Begin(attempt);
        exchange.IsUpgrade = context.Request.Headers.Upgrade.Count > 0 || HttpMethods.IsConnect(context.Request.Method);
        exchange.IsIdempotent = retries.IsIdempotent(context.Request);
        if (hasBody)
            UseRecordedBody(context, exchange, attempt);

        // Which connection a request gets, and when, its handler does not tell.
        attempt.Connected(isReused: null, hasBody);

        // The enclave had left the moment before: nothing is sent then. From here on only what may be sent twice moves.
        if (attempt.Failure is not null)
            return ForwarderError.NoAvailableDestinations;
        var error = await yarp.SendAsync(context, EnclaveForwarder.DestinationPrefix, invoker, Config, transformer, attempt.Cancellation);
        if (error == ForwarderError.None)
        {
            JudgeResponse(attempt);
            return error;
        }

        JudgeFailure(context, attempt, error, context.GetForwarderErrorFeature()?.Exception);
        if (attempt.Failure?.Kind is not FailureKind.NoEnclave)
        {
            // More is not known: the handler keeps to itself whether bytes went out.
            attempt.Sent();
            exchange.Sent++;
            exchange.NoteReached(enclave);
        }

        return error;
    }

    /// <summary>YARP reads the body as a stream: the next try's begins with what the one before had read.</summary>
    private void UseRecordedBody(HttpContext context, Exchange exchange, Attempt attempt)
    {
        // Whether bytes of it went out is not known here: what may not be sent twice is lost with the first byte read.
        retries.BodyFound(context, exchange, unsentBytes: 0);
        exchange.ClientBody ??= context.Request.Body;
        context.Request.Body = new RecordedBodyStream(exchange.ClientBody, exchange.Body!, attempt);
    }

    private static void JudgeResponse(Attempt attempt)
    {
        if (attempt.Status >= 500)
            attempt.Enclave.ReportEvidence(new Evidence(EvidenceKind.ServerError, $"it answered a request with {attempt.Status}"));
    }

    private static void JudgeFailure(HttpContext context, Attempt attempt, ForwarderError error, Exception? exception)
    {
        // A time-out of the attempt has named itself already.
        if (attempt.Failure is { } timeout)
        {
            if (timeout.Kind is FailureKind.ResponseIdle)
                attempt.Enclave.ReportEvidence(new Evidence(EvidenceKind.Slow, timeout.Detail));
            return;
        }

        // YARP aborts the client's side when an answer breaks, which must not pass for the client's going.
        var isCut = error == ForwarderError.ResponseBodyDestination && exception is not OperationCanceledException;
        if (!isCut && context.RequestAborted.IsCancellationRequested)
        {
            attempt.Fail(new AttemptFailure(FailureKind.ClientGone, "canceled", "the client went away", ""));
            return;
        }

        var failure = Describe(error, exception, attempt);
        attempt.Fail(failure);
        if (failure.Kind is FailureKind.ConnectionTerminated or FailureKind.ResponseCut or FailureKind.InvalidResponse)
        {
            // An application that refuses a large body does so by closing: no client may take an enclave out with that.
            var kind = attempt.Phase == AttemptPhase.Sending ? EvidenceKind.ServerError : EvidenceKind.ResponseCut;
            attempt.Enclave.ReportEvidence(new Evidence(kind, $"an answer failed: {failure.Detail} ({failure.Code})"));
        }
    }

    private static AttemptFailure Describe(ForwarderError error, Exception? exception, Attempt attempt)
    {
        var chain = Chain(exception).ToList();
        if (chain.OfType<DialException>().FirstOrDefault() is { } dial)
            return new AttemptFailure(FailureKind.NoEnclave, dial.Code, dial.Meaning, dial.Hint);

        var code = Code(chain);
        switch (error)
        {
            case ForwarderError.RequestBodyClient when chain.OfType<BadHttpRequestException>().FirstOrDefault() is { } bad:
                return bad.StatusCode == StatusCodes.Status413PayloadTooLarge
                    ? new AttemptFailure(FailureKind.BodyTooLarge, "413", "the request body is larger than allowed", "Limits:MaxRequestBodyBytes sets the limit.")
                    : new AttemptFailure(FailureKind.BadRequestBody, "400", $"the request body is not valid: {bad.Message}", "");
            case ForwarderError.RequestBodyClient when chain.Exists(e => e is OperationCanceledException) && !chain.Exists(e => e is ConnectionResetException or ConnectionAbortedException):
                // The client is still there (else this would not be asked): its body was given up because the stream had ended.
                return Terminated(code, attempt);
            case ForwarderError.RequestBodyClient or ForwarderError.ResponseBodyClient or ForwarderError.UpgradeRequestClient or ForwarderError.UpgradeResponseClient:
                return new AttemptFailure(FailureKind.ClientGone, code, "the client went away", "");
            case ForwarderError.UpgradeRequestDestination or ForwarderError.UpgradeResponseDestination:
                return ForwardFailure.OfTunnel(exception);
            case ForwarderError.ResponseBodyDestination when chain.OfType<HttpIOException>().FirstOrDefault(e => e.HttpRequestError == HttpRequestError.InvalidResponse) is { } nonsense:
                return new AttemptFailure(FailureKind.ResponseCut, nonsense.HttpRequestError.ToString(), $"the rest of the answer is not valid HTTP: {nonsense.Message.TrimEnd('.')}", "");
            case ForwarderError.ResponseBodyDestination:
                return new AttemptFailure(FailureKind.ResponseCut, code, "the enclave ended the connection in the middle of its answer", "Did the application crash or restart? Look at its log.");
            case ForwarderError.RequestCreation:
                return new AttemptFailure(FailureKind.Internal, "internal", $"the request could not be rebuilt: {exception?.GetBaseException().Message}", "Please report this.");
        }

        // RST_STREAM and GOAWAY are to a request what the end of the connection is over HTTP/1.1.
        if (error != ForwarderError.ResponseHeaders && chain.OfType<HttpProtocolException>().Select(e => ResetCode(e.ErrorCode)).FirstOrDefault(name => name is not null) is { } reset)
            return Terminated(reset, attempt);

        var invalid = chain.OfType<HttpRequestException>().FirstOrDefault(e => e.HttpRequestError
            is HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError or HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.ExtendedConnectNotSupported or HttpRequestError.VersionNegotiationError);
        if (invalid is not null || error == ForwarderError.ResponseHeaders)
        {
            return new AttemptFailure(FailureKind.InvalidResponse, invalid?.HttpRequestError.ToString() ?? "InvalidResponse", $"the answer is not valid HTTP: {(invalid ?? exception)?.Message.TrimEnd('.')}", "Does the application speak the HTTP version of Routing:HttpVersion on this port, without TLS?");
        }

        return Terminated(code, attempt);
    }

    private static AttemptFailure Terminated(string code, Attempt attempt) => attempt.Phase == AttemptPhase.Sending
        ? new AttemptFailure(FailureKind.ConnectionTerminated, code, "the enclave ended the connection before it had the whole request", "Did the application crash, or does it refuse bodies of this size?")
        : new AttemptFailure(FailureKind.ConnectionTerminated, code, "the enclave ended the connection before it answered", "Did the application crash or restart? Look at its log; 'nitro-cli console' shows that of an enclave in debug mode.");

    /// <summary>The name of an error code (RFC 9113 §7) that says nothing about how the peer speaks; null for others.</summary>
    private static string? ResetCode(long code) => code switch
    {
        0x0 => "NO_ERROR",
        0x2 => "INTERNAL_ERROR",
        0x5 => "STREAM_CLOSED",
        0x7 => "REFUSED_STREAM",
        0x8 => "CANCEL",
        0xb => "ENHANCE_YOUR_CALM",
        _ => null,
    };

    private static string Code(List<Exception> chain)
    {
        foreach (var exception in chain)
        {
            switch (exception)
            {
                case VsockException vsock:
                    return vsock.Errno.Name;
                case SocketException socket:
                    return Errno.FromSocketError(socket.SocketErrorCode).Name;
            }
        }

        return "EOF";
    }

    private static IEnumerable<Exception> Chain(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            yield return exception;
            if (exception is AggregateException { InnerExceptions.Count: > 1 } several)
            {
                foreach (var inner in several.InnerExceptions.SelectMany(Chain))
                    yield return inner;
            }
        }
    }
}
