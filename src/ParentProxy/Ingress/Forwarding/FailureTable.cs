using System.Diagnostics;
using Microsoft.Extensions.Logging;
using ParentProxy.Enclaves;
using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Kestrel.Refusals;
using Yarp.ReverseProxy.Forwarder;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>
/// What each kind of failure means, one row a kind. Also the one place that says what the public may know of it: no CID, no path,
/// no name of an enclave, no text of an exception.
/// </summary>
internal static class FailureTable
{
    private static readonly FailureTraits Unavailable =
        new(503, "destination_unavailable", "No backend can take the request right now. Try again shortly.")
        {
            Yarp = ForwarderError.NoAvailableDestinations,
        };

    private static readonly FailureTraits Busy = new(503, "connection_limit_reached", "The backend is busy. Try again shortly.");

    private static readonly FailureTraits ConnectionsBusy =
        Busy with { Limit = RejectionLimit.Connections, Yarp = ForwarderError.NoAvailableDestinations };

    private static readonly FailureTraits WentAway = new(502, "connection_terminated", "The backend went away before it answered.");

    private static readonly FailureTraits NotForwarded = new(502, "proxy_internal_error", "The request could not be forwarded.");

    private static readonly FailureTraits Tunnel =
        NotForwarded with { HasNoResponse = true, Yarp = ForwarderError.UpgradeResponseDestination };

    private static readonly FailureTraits BadHead =
        new(400, "http_request_error", "The request is not valid.") { Yarp = ForwarderError.RequestCreation, Level = LogLevel.Debug };

    private static readonly FailureTraits[] Rows = [.. Enum.GetValues<FailureKind>().Select(Row)];

    /// <summary>The row of a kind.</summary>
    public static FailureTraits Of(FailureKind kind) => Rows[(int)kind];

    private static FailureTraits Row(FailureKind kind) => kind switch
    {
        // No enclave takes it.
        FailureKind.NoEnclave => Unavailable with { IsEnclavesOwn = true },
        FailureKind.LeftWhileWaiting or FailureKind.AcceptQueueFull => Unavailable,
        FailureKind.TooManyWaiting =>
            Busy with { Detail = "Too many requests are waiting for a backend. Try again shortly.", Limit = RejectionLimit.Waiting },
        FailureKind.ConnectionsBusy or FailureKind.QueueTimeout => ConnectionsBusy,
        FailureKind.TunnelsBusy => Busy with { Limit = RejectionLimit.Tunnels },

        // An enclave that has it gives no response, or half of one.
        FailureKind.ConnectionTerminated => new(502, "connection_terminated", "The backend closed the connection before it answered.")
        {
            IsEnclavesOwn = true,
            Evidence = EvidenceKind.ResponseCut,
        },
        FailureKind.EnclaveLeft => WentAway,
        FailureKind.EnclaveRemoved => WentAway with { IsRemarkable = true, TunnelEnd = TunnelEnd.EnclaveRemoved },
        FailureKind.InvalidResponse => new(502, "http_protocol_error", "The backend's answer is not valid HTTP.")
        {
            IsEnclavesOwn = true,
            Evidence = EvidenceKind.ResponseCut,
            IsRemarkable = true,
        },
        FailureKind.ResponseHeadTimeout => new(504, "http_response_timeout", "The backend did not answer in time.")
        {
            Yarp = ForwarderError.RequestTimedOut,
            IsEnclavesOwn = true,
        },
        FailureKind.EnclaveIdle => new(504, "connection_write_timeout", "The backend stopped taking the request.")
        {
            Yarp = ForwarderError.RequestTimedOut,
            IsEnclavesOwn = true,
        },
        FailureKind.ResponseCut => new(502, "http_response_incomplete", "The backend's answer ended before it was whole.")
        {
            Yarp = ForwarderError.ResponseBodyDestination,
            IsEnclavesOwn = true,
            Evidence = EvidenceKind.ResponseCut,
            IsRemarkable = true,
        },
        FailureKind.ResponseIdle => NotForwarded with
        {
            Yarp = ForwarderError.ResponseBodyDestination,
            IsEnclavesOwn = true,
            Evidence = EvidenceKind.Slow,
            IsRemarkable = true,
        },

        // A tunnel ends.
        FailureKind.TunnelIdle => Tunnel with { Level = LogLevel.Debug, IsClientClosed = true, TunnelEnd = TunnelEnd.Timeout },
        FailureKind.TunnelCut => Tunnel with { IsEnclavesOwn = true, TunnelEnd = TunnelEnd.CutByEnclave },
        FailureKind.TunnelStopped => Tunnel with { Level = LogLevel.Debug, TunnelEnd = TunnelEnd.Stopped },

        // The program ends.
        FailureKind.Stopped => new(503, "destination_unavailable", "The proxy stops. Try again shortly.")
        {
            Yarp = ForwarderError.RequestCanceled,
            Level = LogLevel.Debug,
            HasNoResponse = true,
            IsRemarkable = true,
        },

        // The client is refused, or gone.
        FailureKind.BadFraming => BadHead with { Refusal = RefusalReason.Framing },
        FailureKind.BadRequest => BadHead with { Refusal = RefusalReason.Head },
        FailureKind.BadRequestBody => new(400, "http_request_error", "The body of the request is not valid.")
        {
            Yarp = ForwarderError.RequestBodyClient,
            Level = LogLevel.Debug,
            Refusal = RefusalReason.Body,
        },
        FailureKind.BodyTooLarge => new(413, "http_request_denied", "The body of the request is larger than allowed.")
        {
            Yarp = ForwarderError.RequestBodyClient,
            Level = LogLevel.Debug,
            Refusal = RefusalReason.BodySize,
        },
        FailureKind.BadTarget => new(400, "http_request_denied", "This form of request target is not forwarded.")
        {
            Level = LogLevel.Debug,
            Refusal = RefusalReason.Target,
        },
        FailureKind.ClientIdle => new(408, "http_request_error", "The rest of the request did not arrive in time.")
        {
            Yarp = ForwarderError.RequestTimedOut,
            Level = LogLevel.Debug,
            Refusal = RefusalReason.BodyTimeout,
        },
        FailureKind.RateLimited => new(429, "http_request_denied", "There are too many requests of this kind. Try again later.")
        {
            Level = LogLevel.Debug,
        },
        FailureKind.ClientGone => NotForwarded with
        {
            Yarp = ForwarderError.RequestCanceled,
            Level = LogLevel.Debug,
            HasNoResponse = true,
            IsClientClosed = true,
            TunnelEnd = TunnelEnd.CutByClient,
        },
        FailureKind.NoRoute => new(404, "destination_not_found", "No route matches the request.") { Refusal = RefusalReason.Route },
        FailureKind.Internal => NotForwarded,
        _ => throw new UnreachableException($"No row for {kind}."),
    };
}
