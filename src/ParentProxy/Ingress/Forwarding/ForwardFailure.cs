using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using ParentProxy.Enclaves;
using ParentProxy.Http1;
using ParentProxy.Vsock;
using Yarp.ReverseProxy.Forwarder;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>Explains how a try over HTTP/1.1 failed.</summary>
internal static class ForwardFailure
{
    /// <summary>Before there was a connection.</summary>
    public static AttemptFailure OfConnecting(Exception exception, EnclaveEndpoint endpoint) => exception switch
    {
        DialException dial => new AttemptFailure(FailureKind.NoEnclave, dial.Code, dial.Meaning, dial.Hint),
        DialTimeoutException => new AttemptFailure(FailureKind.NoEnclave, DialException.Timeout, $"no connection to {endpoint} came about in time", "Timeouts:Connect sets the time for a dial, Routing:MaxDialsPerEnclave how many run at a time."),
        PoolFullException full => new AttemptFailure(FailureKind.ConnectionsBusy, "limit", full.Message, "Routing:MaxConnectionsPerEnclave and MaxQueuedPerEnclave set the limits."),
        QueueTimeoutException waited => new AttemptFailure(FailureKind.ConnectionsBusy, "timeout", waited.Message, "Routing:QueueTimeout sets the time, MaxConnectionsPerEnclave how many connections there may be."),
        ObjectDisposedException => new AttemptFailure(FailureKind.NoEnclave, "unavailable", "the enclave has just left", ""),
        _ => new AttemptFailure(FailureKind.Internal, "internal", exception.Message, "Please report this."),
    };

    /// <summary>With a connection.</summary>
    public static AttemptFailure Of(Exception exception, Http1Forward forward, Attempt attempt, HttpContext context)
    {
        // What the client did wrong shows at the enclave's side too, as the end of the connection.
        if (forward.ClientFailure is BadHttpRequestException bad)
        {
            return bad.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? new AttemptFailure(FailureKind.BodyTooLarge, "413", "the request body is larger than allowed", "Limits:MaxRequestBodyBytes sets the limit.")
                : new AttemptFailure(FailureKind.BadRequestBody, "400", $"the request body is not valid: {bad.Message}", "");
        }

        if (forward.ClientFailure is { } unread && IsInvalidBody(unread))
            return new AttemptFailure(FailureKind.BadRequestBody, "400", $"the request body is not valid: {unread.Message}", "");
        if ((forward.ClientFailure ?? exception) is InvalidRequestException invalid)
            return new AttemptFailure(FailureKind.BadRequest, "400", $"the request cannot be forwarded as HTTP/1.1: {invalid.Message}", "");
        if (forward.ClientFailure is not null || exception is ClientGoneException || context.RequestAborted.IsCancellationRequested)
            return new AttemptFailure(FailureKind.ClientGone, "canceled", "the client went away", "");

        var code = Code(exception, forward.SendFailure);
        if (attempt.Status is null)
        {
            if (exception is InvalidResponseException nonsense)
                return new AttemptFailure(FailureKind.InvalidResponse, "InvalidResponse", $"the answer is not valid HTTP: {nonsense.Message}", "Does the application speak the HTTP version of Routing:HttpVersion on this port, without TLS?");
            return attempt.Phase == AttemptPhase.Sending
                ? new AttemptFailure(FailureKind.ConnectionTerminated, code, "the enclave ended the connection before it had the whole request", "Did the application crash, or does it refuse bodies of this size?")
                : new AttemptFailure(FailureKind.ConnectionTerminated, code, "the enclave ended the connection before it answered", "Did the application crash or restart? Look at its log; 'nitro-cli console' shows that of an enclave in debug mode.");
        }

        if (attempt.Phase == AttemptPhase.Tunnel)
            return new AttemptFailure(FailureKind.TunnelEnded, code, "the upgraded connection broke", "");
        return exception switch
        {
            InvalidResponseException nonsense => new AttemptFailure(FailureKind.ResponseCut, "InvalidResponse", $"the rest of the answer is not valid HTTP: {nonsense.Message}", ""),
            IOException or SocketException or ObjectDisposedException => new AttemptFailure(FailureKind.ResponseCut, code, "the enclave ended the connection in the middle of its answer", "Did the application crash or restart? Look at its log."),
            _ => new AttemptFailure(FailureKind.Internal, "internal", $"the answer could not be passed on: {exception.Message}", "Please report this."),
        };
    }

    /// <summary>
    /// Whether Kestrel found a body invalid where it does not say so: a chunk's size that overflows is an IOException, a
    /// NUL in a trailer an InvalidOperationException. A client that goes away has types of its own.
    /// </summary>
    public static bool IsInvalidBody(Exception exception) =>
        exception.GetType() == typeof(IOException) || exception.GetType() == typeof(InvalidOperationException);

    /// <summary>What YARP's pipeline is told.</summary>
    public static ForwarderError ErrorOf(FailureKind kind) => kind switch
    {
        FailureKind.NoEnclave or FailureKind.ConnectionsBusy => ForwarderError.NoAvailableDestinations,
        FailureKind.ClientGone => ForwarderError.RequestCanceled,
        FailureKind.BadRequest => ForwarderError.RequestCreation,
        FailureKind.BadRequestBody or FailureKind.BodyTooLarge => ForwarderError.RequestBodyClient,
        FailureKind.ResponseHeadTimeout or FailureKind.EnclaveIdle or FailureKind.ClientIdle => ForwarderError.RequestTimedOut,
        FailureKind.ResponseCut or FailureKind.ResponseIdle => ForwarderError.ResponseBodyDestination,
        FailureKind.TunnelEnded => ForwarderError.UpgradeResponseDestination,
        _ => ForwarderError.Request,
    };

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
        SocketException socket => Errno.FromSocketError(socket.SocketErrorCode).Name,
        _ => null,
    };
}
