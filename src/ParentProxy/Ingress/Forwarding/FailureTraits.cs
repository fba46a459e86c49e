using Microsoft.Extensions.Logging;
using ParentProxy.Enclaves;
using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Kestrel.Refusals;
using Yarp.ReverseProxy.Forwarder;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>What a kind of failure means to whoever has to do with it: a row of <see cref="FailureTable"/>.</summary>
/// <param name="Status">The status of the response that the client gets.</param>
/// <param name="Error">The error in <c>Proxy-Status</c> (RFC 9209 §2.3) and in the type of the problem.</param>
/// <param name="Detail">What the public may know of it.</param>
internal sealed record FailureTraits(int Status, string Error, string Detail)
{
    /// <summary>The status in words.</summary>
    public string Title => Status switch
    {
        400 => "Bad Request",
        404 => "Not Found",
        408 => "Request Timeout",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Gateway Timeout",
    };

    /// <summary>What YARP's pipeline is told.</summary>
    public ForwarderError Yarp { get; init; } = ForwarderError.Request;

    /// <summary>How loud the log says it: what clients do to themselves every day is no warning.</summary>
    public LogLevel Level { get; init; } = LogLevel.Warning;

    /// <summary>Whether it tells something of the enclave, and not of the client or of a limit.</summary>
    public bool IsEnclavesOwn { get; init; }

    /// <summary>What it is evidence of against the enclave; null for nothing. <see cref="AttemptEvidence"/> knows what excuses.</summary>
    public EvidenceKind? Evidence { get; init; }

    /// <summary>How a tunnel has ended that ended with it.</summary>
    public TunnelEnd TunnelEnd { get; init; } = TunnelEnd.Fault;

    /// <summary>The reason under which it is counted as a refused request; null when it is none.</summary>
    public RefusalReason? Refusal { get; init; }

    /// <summary>The limit of ours that was reached; null when it was none.</summary>
    public RejectionLimit? Limit { get; init; }

    /// <summary>Whether the enclave could take no more just now, of which another one may have room.</summary>
    public bool IsBusy => Limit is RejectionLimit.Connections or RejectionLimit.Tunnels;

    /// <summary>Whether the access log tells of it whatever the status: behind a head that was good, the status is, too.</summary>
    public bool IsRemarkable { get; init; }

    /// <summary>Whether nobody is there to whom a response could go, or none can follow any more.</summary>
    public bool HasNoResponse { get; init; }

    /// <summary>Whether a request that has no status by then has 499.</summary>
    public bool IsClientClosed { get; init; }
}
