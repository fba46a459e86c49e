using System.Diagnostics;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Http1;
using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Pipeline;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>
/// One attempt to have a request answered by one enclave: how far it came, how it ended. Written by whoever dials and
/// sends, read by failover and whoever reports. Its time-outs are watched by the <see cref="AttemptWatch"/>.
/// </summary>
internal sealed class Attempt : IDisposable
{
    /// <summary>Without a head for so long, the enclave is probed.</summary>
    private static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(1);

    /// <summary>Without a sign of life for so long, a connection may be one that the enclave has not accepted.</summary>
    private static readonly TimeSpan StuckAfter = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly TimeoutOptions _timeouts;
    private readonly AttemptWatch _watch;
    private readonly CancellationTokenRegistration _client;
    private CancellationTokenSource? _ended;
    private Http1Forward? _running;
    private AttemptPhase _phase = AttemptPhase.Connecting;
    private long _progress;
    private bool _slowReported;
    private int _pendingWrites;
    private int _pendingReads;
    private volatile bool _isSendingInterim;
    private long _connected;

    /// <summary>An attempt that begins now.</summary>
    public Attempt(Enclave enclave, TimeoutOptions timeouts, AttemptWatch watch, TimeProvider time, CancellationToken cancellationToken)
    {
        Enclave = enclave;
        _timeouts = timeouts;
        _time = time;
        _watch = watch;
        _client = cancellationToken.UnsafeRegister(static state => ((Attempt)state!).Cancel(), this);
        watch.Add(this);
    }

    /// <summary>The one before it in the watch's list.</summary>
    public Attempt? Previous { get; set; }

    /// <summary>The one after it in the watch's list.</summary>
    public Attempt? Next { get; set; }

    /// <summary>The enclave that is to have the request.</summary>
    public Enclave Enclave { get; }

    /// <summary>The request; null in tests.</summary>
    public Exchange? Exchange { get; init; }

    /// <summary>The span of the attempt; null without tracing, and where the request is not sampled.</summary>
    public Activity? Span { get; set; }

    /// <summary>What the enclave is told as <c>traceparent</c>; null without tracing, where that is the client's.</summary>
    public string? TraceParent => (Span ?? Exchange?.Span)?.Id;

    /// <summary>Decides whether the request may leave for another enclave; null where there is none.</summary>
    public RetryPolicy? Retries { get; init; }

    /// <summary>Whether the attempt is to end: a time is over, or the client is gone.</summary>
    public bool IsCancelled { get; private set; }

    /// <summary>Ends the attempt; made when it is first asked for, which most requests never do.</summary>
    public CancellationToken Cancellation
    {
        get
        {
            lock (_gate)
            {
                if (_phase == AttemptPhase.Ended)
                    return new CancellationToken(canceled: true);
                _ended ??= new CancellationTokenSource();
                if (IsCancelled)
                    _ended.Cancel();
                return _ended.Token;
            }
        }
    }

    /// <summary>How far it has come.</summary>
    public AttemptPhase Phase => _phase;

    /// <summary>Timestamp of when it had a connection; 0 before.</summary>
    public long ConnectedAt => _connected;

    /// <summary>For how long nothing may move now.</summary>
    public TimeSpan TimeLimit => Limit(_phase);

    /// <summary>For how long nothing has moved; while a response is awaited, since the request was out.</summary>
    public TimeSpan Quiet => _time.GetElapsedTime(Volatile.Read(ref _progress));

    /// <summary>How it failed, or null.</summary>
    public AttemptFailure? Failure { get; private set; }

    /// <summary>The status of the enclave's response, or null.</summary>
    public int? Status { get; private set; }

    /// <summary>Whether the connection had served a request before; null while there is none.</summary>
    public bool? IsReused { get; private set; }

    /// <summary>Whether any byte of the request may have reached the enclave.</summary>
    public bool HasSent { get; private set; }

    /// <summary>Bytes of the request that the enclave's side took.</summary>
    public long BytesSent { get; private set; }

    /// <summary>Whether any byte of a response came.</summary>
    public bool HasReceived { get; private set; }

    /// <summary>Notes a failure; the first one counts.</summary>
    public void Fail(AttemptFailure failure) => Failure ??= failure;

    /// <summary>Bytes are on their way to the enclave and may be stopped by it.</summary>
    public void BeginWrite() => Interlocked.Increment(ref _pendingWrites);

    /// <summary>The enclave's side took them.</summary>
    public void EndWrite()
    {
        Interlocked.Decrement(ref _pendingWrites);
        Progress();
    }

    /// <summary>Bytes of the response are waited for.</summary>
    public void BeginRead() => Interlocked.Increment(ref _pendingReads);

    /// <summary>They have come, or the end.</summary>
    public void EndRead()
    {
        Interlocked.Decrement(ref _pendingReads);
        Progress();
    }

    /// <summary>Whether an interim response is on its way to the client, perhaps in the middle of it.</summary>
    public bool IsSendingInterim => _isSendingInterim;

    /// <summary>An interim response is on its way to the client, and the enclave's next head is not yet waited for.</summary>
    public void BeginInterim() => _isSendingInterim = true;

    /// <summary>The client has taken it.</summary>
    public void EndInterim()
    {
        Progress();
        _isSendingInterim = false;
    }

    /// <summary>Bytes of the body came from the client.</summary>
    public void AddRequestBytes(long count)
    {
        Exchange?.Outcome.AddRequestBytes(count);
        Enclave.Metrics.AddRequestBytes(count);
    }

    /// <summary>Bytes of the body went to the client.</summary>
    public void AddResponseBytes(long count)
    {
        Exchange?.Outcome.AddResponseBytes(count);
        Enclave.Metrics.AddResponseBytes(count);
    }

    /// <summary>Bytes moved, in either direction: the time that is watched begins anew.</summary>
    public void Progress() => Volatile.Write(ref _progress, _time.GetTimestamp());

    /// <summary>
    /// Something of a response came that this side had waited for, so the application is at work just now: what was read from
    /// a buffer may have been there for long.
    /// </summary>
    public void NoteResponding()
    {
        if (Status is null or < 500 && _phase != AttemptPhase.Tunnel)
            Enclave.ReportResponse(_time.GetTimestamp(), isHead: false);
    }

    /// <summary>A connection is there; the request goes out on it.</summary>
    /// <param name="isReused">Whether it has served a request before; null when that is not known.</param>
    /// <param name="hasBody">Whether the request has a body.</param>
    /// <param name="dial">How long it was dialled for the request.</param>
    public void Connected(bool? isReused, bool hasBody, TimeSpan dial = default)
    {
        IsReused = isReused;
        _connected = _time.GetTimestamp();

        // Over HTTP/2 it is not known before the response.
        if (isReused is not null)
            Exchange?.Attempts.Connected(Enclave, _time.GetElapsedTime(Exchange.Started, _connected), dial);
        Enter(hasBody ? AttemptPhase.Sending : AttemptPhase.AwaitingHead, from: AttemptPhase.Connecting);
    }

    /// <summary>Bytes of the request are about to go out in a way that nobody watches.</summary>
    public void Sent() => HasSent = true;

    /// <summary>Takes over what the connection knows of the attempt.</summary>
    public void Observe(Http1Connection connection)
    {
        HasSent = connection.HasSent;
        BytesSent = connection.BytesSent;
        HasReceived = connection.HasReceived;
    }

    /// <summary>The request is out.</summary>
    public void RequestEnded() => Enter(AttemptPhase.AwaitingHead, from: AttemptPhase.Sending);

    /// <summary>The head of the response is in.</summary>
    /// <exception cref="OperationCanceledException">
    /// It comes too late: the time was over, or the request is another enclave's now.
    /// </exception>
    public void HeadReceived(int status, bool isTunnel)
    {
        // Whatever the phase: the end of the request may be told at the same moment, or later.
        lock (_gate)
        {
            if (Failure is not null)
                throw new OperationCanceledException();
            Status = status;
            HasReceived = true;
            var now = _time.GetTimestamp();
            if (status < 500)
                Enclave.ReportResponse(now, isHead: true);
            if (Exchange is { } exchange)
            {
                if (IsReused is null)
                    exchange.Attempts.Connected(Enclave, _time.GetElapsedTime(exchange.Started, _connected), dial: TimeSpan.Zero);
                exchange.Outcome.HeadReceived(isTunnel);
                exchange.Attempts.HeadReceived(_time.GetElapsedTime(_connected, now));
            }

            Enter(isTunnel ? AttemptPhase.Tunnel : AttemptPhase.Receiving, from: _phase);
        }
    }

    /// <summary>Looks at the time; called by the watch.</summary>
    public void Check(long now)
    {
        var slow = false;
        Http1Forward? stuck = null;
        lock (_gate)
        {
            if (_phase == AttemptPhase.Ended || Failure is not null)
                return;
            var quiet = _time.GetElapsedTime(Volatile.Read(ref _progress), now);
            if (_phase is AttemptPhase.Sending or AttemptPhase.AwaitingHead && quiet >= StuckAfter)
                stuck = _running;
            if (EnclaveIsOut() is { } left)
                Fail(left);
            else if (_phase == AttemptPhase.Connecting)
                return;
            else if (quiet >= Limit(_phase))
                Fail(TimeoutFailure());
            else if (_phase == AttemptPhase.AwaitingHead && !_isSendingInterim && !_slowReported && quiet >= SlowAfter)
                slow = _slowReported = true;
        }

        // Outside the gate: all of these run what waits for them.
        stuck?.MakeWay();
        if (slow)
            Enclave.ReportEvidence(new Evidence(EvidenceKind.Slow, "a request has had no response head for a second"));
        else if (Failure is not null)
            Cancel();
    }

    /// <summary>What is to be aborted with the attempt.</summary>
    public void Bind(Http1Forward running)
    {
        lock (_gate)
        {
            // Nothing may be sent any more by an attempt that has failed, also when its end is told only in a moment.
            _running = running;
            if (IsCancelled || Failure is not null)
                running.Abort();
        }
    }

    /// <summary>
    /// The connection leaves the attempt: after this no abort of it is under way any more. The client may still have to take the
    /// last of the response.
    /// </summary>
    public void LeaveConnection()
    {
        lock (_gate)
            _running?.LeaveConnection();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
            _phase = AttemptPhase.Ended;
        _watch.Remove(this);
        _client.Dispose();
        _ended?.Dispose();
        RequestSpans.End(this);
    }

    private void Cancel()
    {
        CancellationTokenSource? ended;
        lock (_gate)
        {
            if (IsCancelled || _phase == AttemptPhase.Ended)
                return;
            IsCancelled = true;

            // Under the gate: the connection must not serve another request when this hits it.
            _running?.Abort();
            ended = _ended;
        }

        try
        {
            ended?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself at this moment.
        }
    }

    private void Enter(AttemptPhase phase, AttemptPhase from)
    {
        lock (_gate)
        {
            // A response may come before the end of the request, which then no longer moves the phase.
            if (_phase != from || _phase == AttemptPhase.Ended)
                return;
            _phase = phase;
            Progress();
        }
    }

    /// <summary>
    /// The end of an attempt whose enclave left: by its probe, and the request may go elsewhere, or for good, with everything on it.
    /// </summary>
    private AttemptFailure? EnclaveIsOut()
    {
        var status = Enclave.Condition;
        if (status.State is not (EnclaveState.Unhealthy or EnclaveState.Gone))
            return null;
        if (_phase == AttemptPhase.Connecting)
        {
            return new AttemptFailure(
                FailureKind.LeftWhileWaiting,
                status.LastProbe?.Code ?? "out",
                $"the enclave left the rotation while a connection was waited for: {status.Reason}",
                "");
        }

        var mayMove = _phase is AttemptPhase.Sending or AttemptPhase.AwaitingHead && _running is not { HasReceived: true };
        if (mayMove && Exchange is { } exchange && Retries?.TryMove(this, exchange) == true)
        {
            var detail = $"the enclave left the rotation before it answered: {status.Reason}";
            return new AttemptFailure(FailureKind.EnclaveLeft, "moved", detail, "");
        }

        return status.State == EnclaveState.Gone
            ? new AttemptFailure(
                FailureKind.EnclaveRemoved,
                "removed",
                "the enclave was removed, and Timeouts:Drain is over",
                "Timeouts:Drain sets how long its requests may take to finish.")
            : null;
    }

    private TimeSpan Limit(AttemptPhase phase) => phase switch
    {
        AttemptPhase.AwaitingHead when !_isSendingInterim => _timeouts.ResponseHead,
        AttemptPhase.Tunnel => _timeouts.Tunnel,
        _ => _timeouts.Idle,
    };

    private AttemptFailure TimeoutFailure()
    {
        var (kind, what, setting) = _phase switch
        {
            AttemptPhase.AwaitingHead when _isSendingInterim =>
                (FailureKind.ClientIdle, "the client took no byte of an interim answer", "Timeouts:Idle"),
            AttemptPhase.AwaitingHead => (FailureKind.ResponseHeadTimeout, "no response head", "Timeouts:ResponseHead"),
            AttemptPhase.Tunnel => (FailureKind.TunnelIdle, "no byte on the upgraded connection", "Timeouts:Tunnel"),
            AttemptPhase.Receiving when Volatile.Read(ref _pendingReads) == 0 =>
                (FailureKind.ClientIdle, "the client took no byte of the answer", "Timeouts:Idle"),
            AttemptPhase.Receiving => (FailureKind.ResponseIdle, "no byte of the response body moved", "Timeouts:Idle"),
            _ when Volatile.Read(ref _pendingWrites) > 0 =>
                (FailureKind.EnclaveIdle, "the enclave took no byte of the request body", "Timeouts:Idle"),
            _ => (FailureKind.ClientIdle, "the client sent no byte of its request body", "Timeouts:Idle"),
        };
        var detail = FormattableString.Invariant($"{what} for {Limit(_phase).TotalSeconds:0.###} s");
        return new AttemptFailure(kind, "timeout", detail, $"{setting} sets the time.");
    }
}
