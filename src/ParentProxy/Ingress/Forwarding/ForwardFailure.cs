using System.Globalization;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Http1;
using ParentProxy.Ingress.Kestrel.Refusals;
using ParentProxy.Vsock;
using Yarp.ReverseProxy.Forwarder;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>Explains how a try over HTTP/1.1 failed.</summary>
internal static class ForwardFailure
{
    /// <summary>Before there was a connection.</summary>
    private static AttemptFailure OfConnecting(Exception exception, EnclaveEndpoint endpoint) => exception switch
    {
        DialException dial => new AttemptFailure(FailureKind.NoEnclave, dial.Code, dial.Meaning, dial.Hint),
        AcceptQueueFullException { InnerException: DialException dial } => new AttemptFailure(FailureKind.AcceptQueueFull, dial.Code, dial.Meaning, dial.Hint),
        DialTimeoutException => new AttemptFailure(FailureKind.NoEnclave, DialException.Timeout, $"no connection to {endpoint} came about in time", "Timeouts:Connect sets the time for a dial, Routing:MaxDialsPerEnclave how many run at a time."),
        PoolFullException full => new AttemptFailure(FailureKind.ConnectionsBusy, "limit", full.Message, "Routing:MaxConnectionsPerEnclave and MaxQueuedPerEnclave set the limits."),
        QueueTimeoutException waited => new AttemptFailure(FailureKind.ConnectionsBusy, QueueTimeoutException.Code, waited.Message, "Routing:QueueTimeout sets the time, MaxConnectionsPerEnclave how many connections there may be."),
        TunnelsBusyException busy => new AttemptFailure(FailureKind.TunnelsBusy, "limit", busy.Message, "Routing:MaxTunnelsPerEnclave sets the limit."),
        OperationCanceledException => new AttemptFailure(FailureKind.ClientGone, "canceled", "the client went away", ""),
        ObjectDisposedException => new AttemptFailure(FailureKind.LeftWhileWaiting, "unavailable", "the enclave has just left", ""),
        _ => new AttemptFailure(FailureKind.Internal, "internal", exception.Message, "Please report this."),
    };

    /// <summary>Explains an exception of <see cref="Http1Forward.RunAsync"/>.</summary>
    public static AttemptFailure Of(Exception exception, Http1Forward forward, Attempt attempt, HttpContext context)
    {
        if (!forward.HasConnection)
            return OfConnecting(exception, attempt.Enclave.Endpoint);
        if ((forward.ClientFailure ?? exception) is InvalidRequestException invalid)
            return new AttemptFailure(FailureKind.BadRequest, "400", $"the request cannot be forwarded as HTTP/1.1: {invalid.Message}", "");
        if (forward.ClientFailure is BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge })
            return new AttemptFailure(FailureKind.BodyTooLarge, "413", "the request body is larger than allowed", "Limits:MaxRequestBodyBytes sets the limit.");

        // What the client did wrong shows at the enclave's side too, as the end of the connection.
        if (exception is ClientGoneException || forward.ClientFailure is ConnectionResetException or ConnectionAbortedException or OperationCanceledException || context.RequestAborted.IsCancellationRequested)
            return new AttemptFailure(FailureKind.ClientGone, "canceled", "the client went away", "");
        if (forward.ClientFailure is { } bad)
            return new AttemptFailure(FailureKind.BadRequestBody, "400", $"the request body is not valid: {KestrelMessage.WithoutQuotes(bad.Message)}", "");

        var code = Code(exception, forward.SendFailure);
        if (attempt.Status is null)
        {
            if (exception is InvalidResponseException nonsense)
                return new AttemptFailure(FailureKind.InvalidResponse, "InvalidResponse", $"the answer is not valid HTTP: {nonsense.Message}", "Does the application speak the HTTP version of Routing:HttpVersion on this port, without TLS?");
            if (exception is UnsolicitedResponseException)
            {
                return new AttemptFailure(
                    FailureKind.ConnectionTerminated,
                    code,
                    $"the enclave gave up the idle connection, with an answer that nobody had asked for ({HowFar(attempt)})",
                    "Routing:PooledConnectionIdleTimeout should be less than the time for which the application keeps an idle connection.");
            }

            return attempt.Phase == AttemptPhase.Sending
                ? new AttemptFailure(FailureKind.ConnectionTerminated, code, $"the enclave ended the connection before it had the whole request ({HowFar(attempt)})", "Did the application crash, or does it refuse bodies of this size?")
                : new AttemptFailure(FailureKind.ConnectionTerminated, code, $"the enclave ended the connection before it answered ({HowFar(attempt)})", "Did the application crash or restart? Look at its log; 'nitro-cli console' shows that of an enclave in debug mode.");
        }

        // It switched protocols, but to nothing that the client asked for: that is no tunnel that ended.
        if (exception is InvalidResponseException other && !context.Response.HasStarted)
            return new AttemptFailure(FailureKind.InvalidResponse, "InvalidResponse", $"the answer is not valid: {other.Message}", "");
        if (attempt.Phase == AttemptPhase.Tunnel)
            return OfTunnel(exception);
        return exception switch
        {
            InvalidResponseException nonsense => new AttemptFailure(FailureKind.ResponseCut, "InvalidResponse", $"the rest of the answer is not valid HTTP: {nonsense.Message}", ""),
            IOException or SocketException or ObjectDisposedException => new AttemptFailure(FailureKind.ResponseCut, code, "the enclave ended the connection in the middle of its answer", "Did the application crash or restart? Look at its log."),
            _ => new AttemptFailure(FailureKind.Internal, "internal", $"the answer could not be passed on: {exception.Message}", "Please report this."),
        };
    }

    /// <summary>Explains the end of an upgraded connection at the enclave's side.</summary>
    /// <param name="broken">How it broke; null when the enclave ended it.</param>
    public static AttemptFailure OfTunnel(Exception? broken) => new(
        FailureKind.TunnelCut,
        broken is null ? "EOF" : Code(broken, sending: null),
        "the upgraded connection was cut off by the enclave",
        "Did the application crash or restart, or does it drop its WebSockets without a Close frame? Look at its log.");

    /// <summary>What YARP's pipeline is told.</summary>
    public static ForwarderError ErrorOf(FailureKind kind) => kind switch
    {
        FailureKind.NoEnclave or FailureKind.LeftWhileWaiting or FailureKind.AcceptQueueFull or FailureKind.ConnectionsBusy => ForwarderError.NoAvailableDestinations,
        FailureKind.ClientGone => ForwarderError.RequestCanceled,
        FailureKind.BadFraming or FailureKind.BadRequest => ForwarderError.RequestCreation,
        FailureKind.BadRequestBody or FailureKind.BodyTooLarge => ForwarderError.RequestBodyClient,
        FailureKind.ResponseHeadTimeout or FailureKind.EnclaveIdle or FailureKind.ClientIdle => ForwarderError.RequestTimedOut,
        FailureKind.ResponseCut or FailureKind.ResponseIdle => ForwarderError.ResponseBodyDestination,
        FailureKind.TunnelIdle or FailureKind.TunnelCut or FailureKind.TunnelStopped => ForwarderError.UpgradeResponseDestination,
        _ => ForwarderError.Request,
    };

    /// <summary>What an operator needs to tell an idle connection that was closed from an application that crashed.</summary>
    private static string HowFar(Attempt attempt)
    {
        var connection = attempt.IsReused == true ? "a reused connection" : "a fresh connection";
        return attempt.HasSent
            ? string.Create(CultureInfo.InvariantCulture, $"{connection}, {attempt.BytesSent} bytes of the request sent")
            : $"{connection}, nothing of the request sent";
    }

    private static string Code(Exception exception, Exception? sending)
    {
        for (var ex = exception; ex is not null; ex = ex.InnerException)
        {
            if (Name(ex) is { } name)
                return name;
        }

        return sending is { InnerException: { } inner } && (Name(sending) ?? Name(inner)) is { } sent ? sent : "EOF";
    }

    private static string? Name(Exception exception) => exception switch
    {
        VsockException vsock => vsock.Errno.Name,
        UnsolicitedResponseException unasked => unasked.Code,
        SocketException socket => Errno.FromSocketError(socket.SocketErrorCode).Name,
        _ => null,
    };
}
