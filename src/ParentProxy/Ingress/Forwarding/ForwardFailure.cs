using System.Globalization;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Http1;
using ParentProxy.Ingress.Kestrel.Refusals;
using ParentProxy.Vsock;
using Yarp.ReverseProxy.Forwarder;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>
/// Translates the end of an attempt into its failure: the one place that does, for HTTP/1.1, where the exception and the side at
/// which it came tell what happened, and for HTTP/2, where YARP does.
/// </summary>
internal static class ForwardFailure
{
    private const string DidItCrash = "Did the application crash or restart? Look at its log.";

    private const string PleaseReport = "Please report this.";

    /// <summary>Over HTTP/1.1: from an exception of <see cref="Http1Forward.RunAsync"/>.</summary>
    public static AttemptFailure Of(Exception exception, Http1Forward forward, Attempt attempt, HttpContext context)
    {
        if (!forward.HasConnection)
            return OfConnecting(exception, attempt);
        if ((forward.ClientFailure ?? exception) is InvalidRequestException invalid)
            return new AttemptFailure(FailureKind.BadRequest, "400", $"the request cannot be forwarded as HTTP/1.1: {invalid.Message}", "");
        if (forward.ClientFailure is BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge })
            return AttemptFailure.BodyTooLarge;

        // What the client did wrong shows at the enclave's side too, as the end of the connection.
        if (exception is ClientGoneException
            || forward.ClientFailure is ConnectionResetException or ConnectionAbortedException or OperationCanceledException
            || context.RequestAborted.IsCancellationRequested)
            return Aborted("canceled", attempt);
        if (forward.ClientFailure is { } bad)
            return AttemptFailure.BadRequestBody(KestrelMessage.WithoutQuotes(bad.Message));

        var code = Code(exception, forward.SendFailure);
        if (attempt.Status is null)
        {
            return exception switch
            {
                InvalidResponseException nonsense => NotHttp("InvalidResponse", nonsense.Message),
                UnsolicitedResponseException => new AttemptFailure(
                    FailureKind.ConnectionTerminated,
                    code,
                    $"the enclave gave up the idle connection, with an answer that nobody had asked for{HowFar(attempt)}",
                    "Routing:PooledConnectionIdleTimeout should be less than the time for which the application keeps an idle connection."),
                _ => Terminated(code, attempt, HowFar(attempt)),
            };
        }

        // It switched protocols, but to nothing that the client asked for: that is no tunnel that ended.
        if (exception is InvalidResponseException other && !context.Response.HasStarted)
            return new AttemptFailure(FailureKind.InvalidResponse, "InvalidResponse", $"the answer is not valid: {other.Message}", "");
        if (attempt.Phase == AttemptPhase.Tunnel)
            return OfTunnel(exception);
        return exception switch
        {
            InvalidResponseException nonsense => RestIsNotHttp("InvalidResponse", nonsense.Message),
            IOException or SocketException or ObjectDisposedException => ResponseCut(code),
            _ => Internal($"the answer could not be passed on: {exception.Message}"),
        };
    }

    /// <summary>Over HTTP/2: from what YARP's forwarder returned.</summary>
    /// <param name="error">What it returned.</param>
    /// <param name="exception">What it noted beside; null for nothing.</param>
    /// <param name="attempt">The attempt, which has not named its failure itself.</param>
    /// <param name="context">The request.</param>
    public static AttemptFailure Of(ForwarderError error, Exception? exception, Attempt attempt, HttpContext context)
    {
        // YARP aborts the client's side when a response breaks, which must not pass for the client's going.
        var isCut = error == ForwarderError.ResponseBodyDestination && exception is not OperationCanceledException;
        if (!isCut && context.RequestAborted.IsCancellationRequested)
            return Aborted("canceled", attempt);
        var chain = Chain(exception).ToList();
        if (chain.OfType<DialException>().FirstOrDefault() is { } dial)
            return Undialled(FailureKind.NoEnclave, dial);

        var code = Code(exception, sending: null);
        switch (error)
        {
            case ForwarderError.RequestBodyClient when chain.OfType<BadHttpRequestException>().FirstOrDefault() is { } bad:
                return bad.StatusCode == StatusCodes.Status413PayloadTooLarge
                    ? AttemptFailure.BodyTooLarge
                    : AttemptFailure.BadRequestBody(bad.Message);
            case ForwarderError.RequestBodyClient when chain.Exists(e => e is OperationCanceledException)
                && !chain.Exists(e => e is ConnectionResetException or ConnectionAbortedException):
                // The client is still there (else this would not be asked): its body was given up because the stream had ended.
                return Terminated(code, attempt);
            case ForwarderError.RequestBodyClient or ForwarderError.ResponseBodyClient
                or ForwarderError.UpgradeRequestClient or ForwarderError.UpgradeResponseClient:
                return Aborted(code, attempt);
            case ForwarderError.UpgradeRequestDestination or ForwarderError.UpgradeResponseDestination:
                return OfTunnel(exception);
            case ForwarderError.ResponseBodyDestination:
                var broken = chain.OfType<HttpIOException>();
                return broken.FirstOrDefault(e => e.HttpRequestError == HttpRequestError.InvalidResponse) is { } nonsense
                    ? RestIsNotHttp(nonsense.HttpRequestError.ToString(), nonsense.Message.TrimEnd('.'))
                    : ResponseCut(code);
            case ForwarderError.RequestCreation:
                return Internal($"the request could not be rebuilt: {exception?.GetBaseException().Message}");
        }

        // RST_STREAM and GOAWAY are to a request what the end of the connection is over HTTP/1.1.
        var resets = chain.OfType<HttpProtocolException>().Select(e => ResetCode(e.ErrorCode));
        if (error != ForwarderError.ResponseHeaders && resets.FirstOrDefault(name => name is not null) is { } reset)
            return Terminated(reset, attempt);

        var invalid = chain.OfType<HttpRequestException>().FirstOrDefault(e => e.HttpRequestError
            is HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError or HttpRequestError.ConfigurationLimitExceeded
            or HttpRequestError.ExtendedConnectNotSupported or HttpRequestError.VersionNegotiationError);
        return invalid is not null || error == ForwarderError.ResponseHeaders
            ? NotHttp(invalid?.HttpRequestError.ToString() ?? "InvalidResponse", (invalid ?? exception)?.Message.TrimEnd('.'))
            : Terminated(code, attempt);
    }

    /// <summary>The end of an upgraded connection at the enclave's side.</summary>
    /// <param name="broken">How it broke; null when the enclave ended it.</param>
    public static AttemptFailure OfTunnel(Exception? broken) => new(
        FailureKind.TunnelCut,
        Code(broken, sending: null),
        "the upgraded connection was cut off by the enclave",
        "Did the application crash or restart, or does it drop its WebSockets without a Close frame? Look at its log.");

    /// <summary>Before there was a connection.</summary>
    private static AttemptFailure OfConnecting(Exception exception, Attempt attempt) => exception switch
    {
        DialException dial => Undialled(FailureKind.NoEnclave, dial),
        AcceptQueueFullException { InnerException: DialException dial } => Undialled(FailureKind.AcceptQueueFull, dial),
        DialTimeoutException => new AttemptFailure(
            FailureKind.NoEnclave,
            DialException.Timeout,
            $"no connection to {attempt.Enclave.Endpoint} came about in time",
            "Timeouts:Connect sets the time for a dial, Routing:MaxDialsPerEnclave how many run at a time."),
        PoolFullException full => new AttemptFailure(
            FailureKind.ConnectionsBusy, "limit", full.Message, "Routing:MaxConnectionsPerEnclave and MaxQueuedPerEnclave set the limits."),
        QueueTimeoutException waited => new AttemptFailure(
            FailureKind.QueueTimeout,
            QueueTimeoutException.Code,
            waited.Message,
            "Routing:QueueTimeout sets the time, MaxConnectionsPerEnclave how many connections there may be."),
        TunnelsBusyException busy => new AttemptFailure(
            FailureKind.TunnelsBusy, "limit", busy.Message, "Routing:MaxTunnelsPerEnclave sets the limit."),
        OperationCanceledException => Aborted("canceled", attempt),
        ObjectDisposedException => new AttemptFailure(FailureKind.LeftWhileWaiting, "unavailable", "the enclave has just left", ""),
        _ => Internal(exception.Message),
    };

    private static AttemptFailure Undialled(FailureKind kind, DialException dial) => new(kind, dial.Code, dial.Meaning, dial.Hint);

    /// <summary>
    /// The client's side has ended: the client has gone, or we cut it off at the end of a stop, which looks the same from here.
    /// </summary>
    private static AttemptFailure Aborted(string code, Attempt attempt)
    {
        if (attempt.Exchange is not { Drain.IsCutting: true })
            return AttemptFailure.ClientGone(code);
        return attempt.Phase == AttemptPhase.Tunnel ? AttemptFailure.TunnelStopped : AttemptFailure.Stopped;
    }

    private static AttemptFailure NotHttp(string code, string? why) => new(
        FailureKind.InvalidResponse,
        code,
        $"the answer is not valid HTTP: {why}",
        "Does the application speak the HTTP version of Routing:HttpVersion on this port, without TLS?");

    private static AttemptFailure RestIsNotHttp(string code, string why) =>
        new(FailureKind.ResponseCut, code, $"the rest of the answer is not valid HTTP: {why}", "");

    private static AttemptFailure ResponseCut(string code) =>
        new(FailureKind.ResponseCut, code, "the enclave ended the connection in the middle of its answer", DidItCrash);

    private static AttemptFailure Terminated(string code, Attempt attempt, string howFar = "") => attempt.Phase == AttemptPhase.Sending
        ? new(
            FailureKind.ConnectionTerminated,
            code,
            $"the enclave ended the connection before it had the whole request{howFar}",
            "Did the application crash, or does it refuse bodies of this size?")
        : new(
            FailureKind.ConnectionTerminated,
            code,
            $"the enclave ended the connection before it answered{howFar}",
            "Did the application crash or restart? Look at its log; 'nitro-cli console' shows that of an enclave in debug mode.");

    private static AttemptFailure Internal(string detail) => new(FailureKind.Internal, "internal", detail, PleaseReport);

    /// <summary>What an operator needs to tell an idle connection that was closed from an application that crashed.</summary>
    private static string HowFar(Attempt attempt)
    {
        var connection = attempt.IsReused == true ? "a reused connection" : "a fresh connection";
        return attempt.HasSent
            ? string.Create(CultureInfo.InvariantCulture, $" ({connection}, {attempt.BytesSent} bytes of the request sent)")
            : $" ({connection}, nothing of the request sent)";
    }

    /// <summary>The errno behind an exception, or else behind that of sending; EOF where there is none.</summary>
    private static string Code(Exception? exception, Exception? sending) =>
        Name(exception) ?? (sending is { InnerException: not null } ? Name(sending) : null) ?? "EOF";

    private static string? Name(Exception? exception)
    {
        foreach (var cause in Chain(exception))
        {
            switch (cause)
            {
                case VsockException vsock:
                    return vsock.Errno.Name;
                case UnsolicitedResponseException unsolicited:
                    return unsolicited.Code;
                case SocketException socket:
                    return Errno.FromSocketError(socket.SocketErrorCode).Name;
            }
        }

        return null;
    }

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

    /// <summary>An exception and all behind it, from the outside in.</summary>
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
