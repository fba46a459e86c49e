using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using ParentProxy.Enclaves;
using ParentProxy.Health;
using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Ingress.Kestrel.Refusals;

namespace ParentProxy.Ingress.Pipeline;

/// <summary>
/// One public request: what is known of it at its arrival, which never changes, and the owners of what becomes of it, each the
/// only one that writes its part.
/// </summary>
internal sealed class Exchange
{
    /// <summary>A request that has just arrived.</summary>
    /// <param name="unreached">Where requests are counted that reach no enclave.</param>
    /// <param name="refusals">Where requests are counted that are refused for what they are.</param>
    /// <param name="time">The clock.</param>
    public Exchange(EnclaveMetrics unreached, RefusalCounts refusals, TimeProvider time)
    {
        Time = time;
        Started = time.GetTimestamp();
        Search = new EnclaveSearch(time);
        Outcome = new Outcome(this, unreached, refusals);
    }

    /// <summary>
    /// The value of <c>X-Request-Id</c>, towards the enclave, and towards a client that sent it or gets none of the application's.
    /// </summary>
    public required string RequestId { get; init; }

    /// <summary>Timestamp of the arrival.</summary>
    public long Started { get; }

    /// <summary>Whether the peer is one of <c>ForwardedHeaders:TrustedProxies</c>.</summary>
    public required bool PeerIsTrusted { get; init; }

    /// <summary>The client as far as a trusted peer tells, else the peer; null on a unix socket.</summary>
    public required string? ClientAddress { get; init; }

    /// <summary>The request and its response.</summary>
    public required HttpContext Context { get; init; }

    /// <summary>The clock of all timestamps here.</summary>
    public TimeProvider Time { get; }

    /// <summary>How far the stop of the program has come.</summary>
    public required DrainState Drain { get; init; }

    /// <summary>The request target as it stood on the wire.</summary>
    public required string RawTarget { get; init; }

    /// <summary>The span of the request; null without tracing.</summary>
    public Activity? Span { get; init; }

    /// <summary>Where an enclave is looked for, and for how long.</summary>
    public EnclaveSearch Search { get; }

    /// <summary>What was made of it so far, and which enclave has it.</summary>
    public Attempts Attempts { get; } = new();

    /// <summary>What is sent to an enclave, and whether that can be sent twice.</summary>
    public OutgoingRequest Outgoing { get; } = new();

    /// <summary>How it ends, for the client and for whoever counts.</summary>
    public Outcome Outcome { get; }

    /// <summary>The exchange of a request on the public pipeline.</summary>
    public static Exchange Of(HttpContext context) =>
        context.Features.Get<Exchange>() ?? throw new InvalidOperationException("The request did not pass the public pipeline.");
}
