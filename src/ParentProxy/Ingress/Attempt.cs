using ParentProxy.Configuration;
using ParentProxy.Enclaves;

namespace ParentProxy.Ingress;

/// <summary>
/// One try to have a request answered by one enclave: how far it came, how it ended. Written by whoever dials and
/// sends, read by failover, log and answer. Watches the time-outs with a single timer, which each phase only moves.
/// </summary>
internal sealed class Attempt : IDisposable
{
    /// <summary>Without a head for so long, the enclave is probed.</summary>
    private static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly TimeoutOptions _timeouts;
    private readonly CancellationTokenSource _ended;
    private readonly ITimer _timer;
    private AttemptPhase _phase;
    private long _progress;
    private bool _slowReported;
    private int _pendingWrites;
    private int _pendingReads;

    /// <summary>A try that begins now.</summary>
    public Attempt(Enclave enclave, TimeoutOptions timeouts, bool hasBody, TimeProvider time, CancellationToken cancellationToken)
    {
        Enclave = enclave;
        _timeouts = timeouts;
        _time = time;
        _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _phase = hasBody ? AttemptPhase.Sending : AttemptPhase.AwaitingHead;
        _progress = time.GetTimestamp();
        _timer = time.CreateTimer(static state => ((Attempt)state!).OnTimer(), this, Due(), Timeout.InfiniteTimeSpan);
    }

    /// <summary>The enclave that is tried.</summary>
    public Enclave Enclave { get; }

    /// <summary>Ends the try.</summary>
    public CancellationToken Cancellation => _ended.Token;

    /// <summary>How far it has come.</summary>
    public AttemptPhase Phase => _phase;

    /// <summary>How it failed, or null.</summary>
    public AttemptFailure? Failure { get; private set; }

    /// <summary>The status of the enclave's answer, or null.</summary>
    public int? Status { get; private set; }

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

    /// <summary>Bytes of the answer are waited for.</summary>
    public void BeginRead() => Interlocked.Increment(ref _pendingReads);

    /// <summary>They have come, or the end.</summary>
    public void EndRead()
    {
        Interlocked.Decrement(ref _pendingReads);
        Progress();
    }

    /// <summary>Bytes moved.</summary>
    public void Progress() => Volatile.Write(ref _progress, _time.GetTimestamp());

    /// <summary>The request is out.</summary>
    public void RequestEnded() => Enter(AttemptPhase.AwaitingHead, from: AttemptPhase.Sending);

    /// <summary>The head of the response is in.</summary>
    public void HeadReceived(int status, bool isTunnel)
    {
        Status = status;
        Enter(isTunnel ? AttemptPhase.Tunnel : AttemptPhase.Receiving, from: _phase);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
            _phase = AttemptPhase.Ended;
        _timer.Dispose();
        _ended.Dispose();
    }

    private void Enter(AttemptPhase phase, AttemptPhase from)
    {
        lock (_gate)
        {
            // An answer may come before the end of the request, which then no longer moves the phase.
            if (_phase != from || _phase == AttemptPhase.Ended)
                return;
            _phase = phase;
            Progress();
            _timer.Change(Due(), Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>How long until the timer has to look again; called with the gate held or before it is shared.</summary>
    private TimeSpan Due()
    {
        var quiet = _time.GetElapsedTime(Volatile.Read(ref _progress));
        var left = Limit(_phase) - quiet;
        if (_phase == AttemptPhase.AwaitingHead && !_slowReported && SlowAfter - quiet < left)
            left = SlowAfter - quiet;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private TimeSpan Limit(AttemptPhase phase) => phase switch
    {
        AttemptPhase.AwaitingHead => _timeouts.ResponseHead,
        AttemptPhase.Tunnel => _timeouts.Tunnel,
        _ => _timeouts.Idle,
    };

    private void OnTimer()
    {
        lock (_gate)
        {
            if (_phase == AttemptPhase.Ended)
                return;
            var quiet = _time.GetElapsedTime(Volatile.Read(ref _progress));
            if (quiet < Limit(_phase))
            {
                if (_phase == AttemptPhase.AwaitingHead && !_slowReported && quiet >= SlowAfter)
                {
                    _slowReported = true;
                    Enclave.ReportEvidence(new Evidence(EvidenceKind.Slow, "a request has had no response head for a second"));
                }

                _timer.Change(Due(), Timeout.InfiniteTimeSpan);
                return;
            }

            Fail(TimeoutFailure());
        }

        try
        {
            // Outside the gate: cancellation runs what waits for it.
            _ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself at this moment.
        }
    }

    private AttemptFailure TimeoutFailure()
    {
        var (kind, what, setting) = _phase switch
        {
            AttemptPhase.AwaitingHead => (FailureKind.ResponseHeadTimeout, "no response head", "Timeouts:ResponseHead"),
            AttemptPhase.Tunnel => (FailureKind.TunnelEnded, "no byte on the upgraded connection", "Timeouts:Tunnel"),
            AttemptPhase.Receiving when Volatile.Read(ref _pendingReads) == 0 => (FailureKind.ClientIdle, "the client took no byte of the answer", "Timeouts:Idle"),
            AttemptPhase.Receiving => (FailureKind.ResponseIdle, "no byte of the response body moved", "Timeouts:Idle"),
            _ when Volatile.Read(ref _pendingWrites) > 0 => (FailureKind.EnclaveIdle, "the enclave took no byte of the request body", "Timeouts:Idle"),
            _ => (FailureKind.ClientIdle, "the client sent no byte of its request body", "Timeouts:Idle"),
        };
        return new AttemptFailure(kind, "timeout", FormattableString.Invariant($"{what} for {Limit(_phase).TotalSeconds:0.###} s"), $"{setting} sets the time.");
    }
}
