namespace ParentProxy.Ingress.Forwarding;

/// <summary>Why a request got no response of an enclave, or not a whole one.</summary>
internal enum FailureKind
{
    /// <summary>No enclave could be dialled or waited for.</summary>
    NoEnclave,

    /// <summary>The enclave left while a connection to it was waited for; nothing was sent.</summary>
    LeftWhileWaiting,

    /// <summary>The accept queue of the enclave may be full; the dial is repeated for others, and nothing was sent.</summary>
    AcceptQueueFull,

    /// <summary>More requests wait for an enclave than may.</summary>
    TooManyWaiting,

    /// <summary>All connections to the enclave are busy, with too many waiting already.</summary>
    ConnectionsBusy,

    /// <summary>All connections to the enclave stayed busy for as long as a request may wait for one.</summary>
    QueueTimeout,

    /// <summary>There are as many upgraded connections to the enclave as may be.</summary>
    TunnelsBusy,

    /// <summary>The connection ended before the head of the response.</summary>
    ConnectionTerminated,

    /// <summary>The response is not HTTP.</summary>
    InvalidResponse,

    /// <summary>The enclave left the rotation before it answered; another one is to have the request.</summary>
    EnclaveLeft,

    /// <summary>The enclave was removed, and the time for its requests to finish is over.</summary>
    EnclaveRemoved,

    /// <summary>No head within <c>Timeouts:ResponseHead</c>.</summary>
    ResponseHeadTimeout,

    /// <summary>The enclave took nothing of the request for <c>Timeouts:Idle</c>.</summary>
    EnclaveIdle,

    /// <summary>The client sent nothing of its request, or took nothing of the response, for <c>Timeouts:Idle</c>.</summary>
    ClientIdle,

    /// <summary>The response ended before it was whole.</summary>
    ResponseCut,

    /// <summary>The response stood still for <c>Timeouts:Idle</c>.</summary>
    ResponseIdle,

    /// <summary>An upgraded connection stood still for <c>Timeouts:Tunnel</c>.</summary>
    TunnelIdle,

    /// <summary>An upgraded connection was cut off by the enclave.</summary>
    TunnelCut,

    /// <summary>An upgraded connection outlasted <c>Timeouts:Drain</c> when the program stopped.</summary>
    TunnelStopped,

    /// <summary>The request outlasted <c>Timeouts:Drain</c> when the program stopped.</summary>
    Stopped,

    /// <summary>Where the request ends can be read in several ways.</summary>
    BadFraming,

    /// <summary>The head of the request cannot be written as HTTP/1.1.</summary>
    BadRequest,

    /// <summary>The client's body is no valid message.</summary>
    BadRequestBody,

    /// <summary>The client's body is larger than allowed.</summary>
    BodyTooLarge,

    /// <summary>The form of the request target is none that is forwarded.</summary>
    BadTarget,

    /// <summary>There were more requests for this path than <c>Limits:RateLimits</c> lets through.</summary>
    RateLimited,

    /// <summary>The client went away.</summary>
    ClientGone,

    /// <summary>No route matches the request.</summary>
    NoRoute,

    /// <summary>A fault in this program.</summary>
    Internal,
}
