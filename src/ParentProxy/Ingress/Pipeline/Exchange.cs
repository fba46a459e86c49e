using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using ParentProxy.Enclaves;
using ParentProxy.Health;
using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Ingress.Kestrel.Refusals;
using Yarp.ReverseProxy.Model;

namespace ParentProxy.Ingress.Pipeline;

/// <summary>What is known of one public request while it is served.</summary>
internal sealed class Exchange
{
    /// <summary>
    /// How much longer than its patience a request may take in all. It lets the dial of a request's first try have its
    /// whole time.
    /// </summary>
    private static readonly TimeSpan DialSlack = TimeSpan.FromMilliseconds(200);

    private long _requestBytes;
    private long _responseBytes;
    private long _settled;

    /// <summary>Where requests are counted that reach no enclave.</summary>
    public required EnclaveMetrics Unreached { get; init; }

    /// <summary>Where requests are counted that are refused for what they are.</summary>
    public required RefusalCounts Refusals { get; init; }

    /// <summary>The value of <c>X-Request-Id</c>, towards the enclave, and towards a client that sent it or gets none of the application's.</summary>
    public required string RequestId { get; init; }

    /// <summary>The <c>X-Request-Id</c> that the application gave its answer, where that is another one; null otherwise.</summary>
    public string? ApplicationRequestId { get; set; }

    /// <summary>Timestamp of the arrival.</summary>
    public required long Started { get; init; }

    /// <summary>Whether the peer is one of <c>ForwardedHeaders:TrustedProxies</c>.</summary>
    public required bool PeerIsTrusted { get; init; }

    /// <summary>The client as far as a trusted peer tells, else the peer; null on a unix socket.</summary>
    public required string? ClientAddress { get; init; }

    /// <summary>The request and its response.</summary>
    public required HttpContext Context { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>How far the stop of the program has come.</summary>
    public required DrainState Drain { get; init; }

    /// <summary>The request target as it stood on the wire.</summary>
    public required string RawTarget { get; init; }

    /// <summary>The span of the request; null without tracing.</summary>
    public Activity? Span { get; init; }

    /// <summary>Whether the forwarded fields stand in the request already as the enclave is to see them.</summary>
    public bool HasForwardedFields { get; set; }

    /// <summary>The latest try, or null before the first.</summary>
    public Attempt? Attempt { get; private set; }

    /// <summary>Where the enclave is chosen from.</summary>
    public ClusterState? Cluster { get; set; }

    /// <summary>What goes out over HTTP/1.1, the same for every try; null before the first.</summary>
    public RequestPlan? Plan { get; set; }

    /// <summary>Whether the request has a body.</summary>
    public bool HasBody { get; set; }

    /// <summary>What was read of the body, when that is kept to be sent again.</summary>
    public RecordedBody? Body { get; set; }

    /// <summary>The body as the client sends it, where <see cref="Body"/> stands before it in the request; null otherwise.</summary>
    public Stream? ClientBody { get; set; }

    /// <summary>Whether doing the request twice does no harm.</summary>
    public bool IsIdempotent { get; set; }

    /// <summary>Whether the client asks for another protocol.</summary>
    public bool IsUpgrade { get; set; }

    /// <summary>How often bytes of the request went out.</summary>
    public int Sent { get; set; }

    /// <summary>What went wrong before it was tried once more; null when nothing did.</summary>
    public List<FailedAttempt>? FailedAttempts { get; private set; }

    /// <summary>Timestamp from which on an enclave has been looked for: the arrival, or the end of a try that had one.</summary>
    public long SearchStarted { get; private set; }

    /// <summary>Whether there is another enclave to go to when this one turns a dial away.</summary>
    public bool CanRedispatch { get; set; }

    /// <summary>How long an enclave is looked for.</summary>
    public TimeSpan Patience { get; set; }

    /// <summary>Timestamp after which no enclave is dialled for the request any more.</summary>
    public long DialDeadline { get; private set; }

    /// <summary>How many tries were begun.</summary>
    public int AttemptCount { get; private set; }

    /// <summary>The enclave that last had the request, or null when none did.</summary>
    public Enclave? Reached { get; private set; }

    /// <summary>How long the request had no connection; null while it has had none.</summary>
    public TimeSpan? QueueTime { get; private set; }

    /// <summary>How much longer it had none because one was dialled for it; zero where that is not known.</summary>
    public TimeSpan ConnectTime { get; private set; }

    /// <summary>From the connection to the head of the enclave's response; null without one.</summary>
    public TimeSpan? FirstByteTime { get; set; }

    /// <summary>Bytes of the body that the client has sent; those of a tunnel, too.</summary>
    public long RequestBytes => Interlocked.Read(ref _requestBytes);

    /// <summary>Bytes of the body that were given to the client; those of a tunnel, too.</summary>
    public long ResponseBytes => Interlocked.Read(ref _responseBytes);

    /// <summary>Why the request failed, or null.</summary>
    public AttemptFailure? Failure { get; private set; }

    /// <summary>Why it was refused for what it is, or null.</summary>
    public RefusalReason? Refusal { get; private set; }

    /// <summary>The final status; null before the head of the response. 499 when the client was gone by then.</summary>
    public int? Status { get; private set; }

    /// <summary>Whether it became a tunnel.</summary>
    public bool IsTunnel { get; set; }

    /// <summary>How it ended as a tunnel, once it is over; null when it was none.</summary>
    public TunnelEnd? TunnelEnd { get; private set; }

    /// <summary>How long it took, once it is over; that of a tunnel until its head.</summary>
    public TimeSpan Duration { get; private set; }

    /// <summary>Whether the answer is ours, so that the request never was one to an enclave.</summary>
    public bool IsLocalResponse { get; set; }

    /// <summary>Whether the latest try came to nothing because its enclave had just left the configuration.</summary>
    public bool EnclaveHadLeft { get; set; }

    /// <summary>From a moment on an enclave is looked for, with the patience of a request that has just come.</summary>
    public void BeginSearch(long now, TimeProvider time)
    {
        SearchStarted = now;
        DialDeadline = now + (long)((Patience + DialSlack).TotalSeconds * time.TimestampFrequency);
    }

    /// <summary>A try begins.</summary>
    public void Begin(Attempt attempt)
    {
        Attempt = attempt;
        AttemptCount++;
        attempt.Span = RequestSpans.Begin(this, attempt.Enclave);
    }

    /// <summary>The latest try is over, and another enclave is looked for.</summary>
    public void Forget() => Attempt = null;

    /// <summary>An enclave has the request.</summary>
    /// <param name="enclave">The enclave.</param>
    /// <param name="waited">Since the arrival.</param>
    /// <param name="dial">For how long of this a connection was dialled for it.</param>
    public void Connected(Enclave enclave, TimeSpan waited, TimeSpan dial)
    {
        Reached = enclave;
        if (QueueTime is not null)
            return;
        ConnectTime = dial < waited ? dial : waited;
        QueueTime = waited - ConnectTime;
    }

    /// <summary>An enclave may have seen the request, which went over a connection that nobody knows.</summary>
    public void NoteReached(Enclave enclave) => Reached = enclave;

    /// <summary>Bytes of the request body came from the client.</summary>
    public void AddRequestBytes(long count) => Interlocked.Add(ref _requestBytes, count);

    /// <summary>Bytes of the response body went to the client.</summary>
    public void AddResponseBytes(long count) => Interlocked.Add(ref _responseBytes, count);

    /// <summary>The request has failed. When it is refused, that is counted before the client can hold the answer.</summary>
    public void Fail(AttemptFailure failure)
    {
        Failure = failure;

        // A client that takes nothing of its answer was not refused.
        if (failure.Kind == FailureKind.ClientIdle && Context.Response.HasStarted || FailureTable.Of(failure.Kind).Refusal is not { } reason)
            return;
        Refusal = reason;
        Refusals.Count(reason);
    }

    /// <summary>Settles the final status, once: the request is counted with it.</summary>
    public void Settle(int status)
    {
        if (Status is not null || IsLocalResponse)
            return;
        Status = status;
        _settled = Time.GetTimestamp();
        Metrics.Requests.Count(Context.Request.Method, status);
    }

    /// <summary>The request is over: notes how long it took, and how it ended when it was a tunnel.</summary>
    public void Record()
    {
        // Not when the enclave switched protocols, but to nothing that the client asked for.
        if (IsTunnel && Status is StatusCodes.Status101SwitchingProtocols or StatusCodes.Status200OK)
        {
            TunnelEnd = TunnelEnds.Of(Failure?.Kind);
            Metrics.Tunnels.Count(TunnelEnds.Word(TunnelEnd.Value));
        }

        // How long a tunnel is used says nothing about how fast anything is.
        Duration = IsTunnel ? Time.GetElapsedTime(Started, _settled) : Time.GetElapsedTime(Started);
        Metrics.RecordRequest(Duration, QueueTime, FirstByteTime);
    }

    /// <summary>Notes a try that another one follows.</summary>
    public void NoteFailedAttempt(RetryReason reason, string enclave, string code)
    {
        FailedAttempts ??= [];

        // A request that waits for an enclave to come back is turned away many times.
        if (FailedAttempts is [.., var last] && last.Reason == reason && last.Enclave == enclave && last.Code == code)
            FailedAttempts[^1] = last with { Times = last.Times + 1 };
        else
            FailedAttempts.Add(new FailedAttempt(reason, enclave, code, 1));
    }

    private EnclaveMetrics Metrics => Reached?.Metrics ?? Unreached;

    /// <summary>The exchange of a request on the public pipeline.</summary>
    public static Exchange Of(HttpContext context) =>
        context.Features.Get<Exchange>() ?? throw new InvalidOperationException("The request did not pass the public pipeline.");
}
