using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Runtime;

namespace ParentProxy.Enclaves;

/// <summary>
/// A named backend whose address changes: one generation of it, at one endpoint. Holds its state and its connections;
/// the rules by which the state changes stand here and nowhere else.
/// </summary>
internal sealed class Enclave
{
    /// <summary>For how many probes in a row a response that goes on excuses that they are not answered.</summary>
    private const int MaxExcusesWithoutHead = 10;

    /// <summary>Without any, nothing would warm up.</summary>
    private const double SmallestShare = 0.1;

    /// <summary>Why one is untrusted at first.</summary>
    public const string NotVerifiedYet = "no attestation document of it was verified yet";

    /// <summary>How long requests have to leave an enclave that is out.</summary>
    private static readonly TimeSpan ToLeave = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly EnclaveRegistry _registry;
    private readonly ActiveConfiguration _configuration;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private EnclaveStatus _status;
    private EnclaveStatus _shown;
    private SettingAside? _aside;
    private EnclaveConnector? _connector;
    private string? _instance;
    private int _successes;
    private int _failures;
    private int _inFlight;
    private int _waiting;
    private int _weight = 1;
    private bool _isBackup;
    private long _returned;
    private long _lastResponse;
    private long _lastHead;
    private int _excusesWithoutHead;
    private EnclaveTrust? _trust;
    private bool _isTrusted;
    private int _epoch;
    private volatile Outage _outage;
    private long _outSince;

    /// <summary>A new enclave, which nothing is known of.</summary>
    public Enclave(
        string id,
        string name,
        EnclaveEndpoint endpoint,
        string? cluster,
        EnclaveRegistry registry,
        EnclaveMetrics metrics,
        ActiveConfiguration configuration,
        TimeProvider time,
        ILogger logger)
    {
        Id = id;
        Name = name;
        Endpoint = endpoint;
        Cluster = cluster;
        Metrics = metrics;
        _registry = registry;
        _configuration = configuration;
        _time = time;
        _logger = logger;
        _status = IsGated
            ? new EnclaveStatus(EnclaveState.Untrusted, time.GetUtcNow(), NotVerifiedYet, ProbeHealthy: false, null)
            : configuration.Options.Health.Probe.Enabled
            ? new EnclaveStatus(EnclaveState.Starting, time.GetUtcNow(), "not probed yet", ProbeHealthy: false, null)
            : new EnclaveStatus(
                EnclaveState.Healthy, time.GetUtcNow(), "not probed: Health:Probe:Enabled is false", ProbeHealthy: true, null);
        _shown = _status;
        _outSince = time.GetTimestamp();
    }

    /// <summary>Unique; the label of the metrics.</summary>
    public string Id { get; }

    /// <summary>What operators call it.</summary>
    public string Name { get; }

    /// <summary>Where it is dialled.</summary>
    public EnclaveEndpoint Endpoint { get; }

    /// <summary>The EnclaveID of the run behind it, as discovery last saw it; null when it never did.</summary>
    public string? Instance => Volatile.Read(ref _instance);

    /// <summary>Its share of the requests against the others', where the policy reads it; 0 where it is set aside for that.</summary>
    public int Weight
    {
        get => Volatile.Read(ref _weight);
        set => Volatile.Write(ref _weight, value);
    }

    /// <summary>Whether it gets traffic only while none of its service is usable that is no backup.</summary>
    public bool IsBackup
    {
        get => Volatile.Read(ref _isBackup);
        set => Volatile.Write(ref _isBackup, value);
    }

    /// <summary>Which part of the requests that would be its own it gets: less than 1 for a while after its return.</summary>
    public double Share
    {
        get
        {
            var slowStart = _configuration.Options.Routing.SlowStart;
            var returned = Volatile.Read(ref _returned);
            if (returned == 0 || slowStart <= TimeSpan.Zero)
                return 1;
            return Math.Clamp(_time.GetElapsedTime(returned) / slowStart, SmallestShare, 1);
        }
    }

    /// <summary>What is counted of it; goes on with the next one of its id.</summary>
    public EnclaveMetrics Metrics { get; }

    /// <summary>
    /// How long it has taken no traffic since the start although it was configured, over all its runs; what lasts now counts.
    /// </summary>
    public TimeSpan Downtime
    {
        get
        {
            lock (_gate)
                return Metrics.EndedDowntime + (IsOut(_shown.State) ? _time.GetElapsedTime(_outSince) : TimeSpan.Zero);
        }
    }

    /// <summary>Whether it has a connection free or may open one; over HTTP/2 a connection always takes one more.</summary>
    public bool HasRoom => Pool?.HasRoom ?? true;

    /// <summary>The YARP cluster whose destination it is, or null for an entry of <c>Enclaves</c>.</summary>
    public string? Cluster { get; }

    /// <summary>What a probe does there; as <c>Health:Probe:Type</c> says when null.</summary>
    public ProbeType? Probe { get; set; }

    /// <summary>Whether it follows on another one of its name.</summary>
    public bool IsSuccessor { get; init; }

    /// <summary>Whether <c>/health</c> counts it.</summary>
    public bool IsCounted => Cluster is null;

    /// <summary>Whether it stays out and nobody has said yet what that means for the requests it has.</summary>
    public bool HasUntoldOutage => _outage == Outage.Untold;

    /// <summary>
    /// The state now, with its reason and what the last probe gave; replaced whole. One that is set aside is draining, whatever is
    /// known of it.
    /// </summary>
    public EnclaveStatus Status => Volatile.Read(ref _shown);

    /// <summary>What probes, traffic and attestation say of it, also while it is set aside.</summary>
    public EnclaveStatus Condition => Volatile.Read(ref _status);

    /// <summary>What its attestation documents came to; null while nobody asks for them.</summary>
    public EnclaveTrust? Attestation
    {
        get => Volatile.Read(ref _trust);
        set => Volatile.Write(ref _trust, value);
    }

    /// <summary>How often it went out: what was learnt of it before says nothing about what is there now.</summary>
    public int Epoch => Volatile.Read(ref _epoch);

    /// <summary>Set when a document is wanted sooner than planned: it came back from an outage, or answers for the first time.</summary>
    public WakeSignal AttestationWanted { get; } = new();

    /// <summary>Whether it may get traffic now.</summary>
    public bool IsUsable => Status.State == EnclaveState.Healthy;

    /// <summary>Whether its probe failed, so that dialling it again is no use.</summary>
    public bool IsOutByProbe => Condition is { State: EnclaveState.Unhealthy or EnclaveState.Gone };

    /// <summary>Whether it has left the configuration.</summary>
    public bool IsRetired => Condition.State is EnclaveState.Draining or EnclaveState.Gone;

    /// <summary>
    /// Whether connections to it come about, for all that is known; one that was never dialled has the benefit of the doubt.
    /// </summary>
    public bool IsReachable =>
        Condition is { State: EnclaveState.Healthy } or { LastProbe.Connected: true } or { State: EnclaveState.Starting, LastProbe: null };

    /// <summary>Requests that it is working on, tunnels included.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Connections that are open to it.</summary>
    public int OpenConnections => Volatile.Read(ref _connector)?.OpenConnections ?? 0;

    /// <summary>Those of them that wait for a request; over HTTP/2 that is not known.</summary>
    public int IdleConnections => Pool?.Idle ?? 0;

    /// <summary>Those of them that were upgraded; over HTTP/2 they are not counted apart.</summary>
    public int Tunnels => Pool?.Tunnels ?? 0;

    /// <summary>Requests that wait for a connection to it; over HTTP/2 that is not known.</summary>
    public int Queued => Pool?.Queued ?? 0;

    /// <summary>Requests that wait until it can be dialled.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Set when it should be probed sooner than planned.</summary>
    public WakeSignal ProbeWanted { get; } = new();

    /// <summary>The evidence that waits for a probe, or null.</summary>
    public Evidence? PendingEvidence { get; private set; }

    /// <summary>Leases the way to it for something that is no traffic; null once it is retired. To be released.</summary>
    public EnclaveConnector? LeaseConnector()
    {
        // One that was retired meanwhile has another in its place already, or none.
        while (Volatile.Read(ref _connector) is { } connector)
        {
            if (connector.TryLease())
                return connector;
        }

        return null;
    }

    /// <summary>
    /// Whether what was chosen for it may still be sent there. Where attestation decides, one that is out is another one until it is
    /// verified.
    /// </summary>
    public bool MayServe => IsGated ? Condition.State == EnclaveState.Healthy : Condition.State != EnclaveState.Untrusted;

    /// <summary>
    /// Begins a request, or a connection that is passed through; false once the enclave is retired, set aside or untrusted.
    /// </summary>
    /// <param name="connector">The way to it, leased until <see cref="EndRequest"/>.</param>
    public bool TryBeginRequest([NotNullWhen(true)] out EnclaveConnector? connector)
    {
        // Counted first: a removed enclave is gone when it has none.
        Interlocked.Increment(ref _inFlight);
        connector = LeaseConnector();

        // It may have been chosen a moment before it was distrusted; whoever leased before that is sent away with its connections.
        // Or before it was set aside: an operator who sees nothing in flight any more is to see nothing come after that.
        if (connector is not null && MayServe && Volatile.Read(ref _aside) is null)
            return true;
        connector?.Release();
        connector = null;
        Interlocked.Decrement(ref _inFlight);
        return false;
    }

    /// <summary>Ends what <see cref="TryBeginRequest"/> has begun.</summary>
    public void EndRequest(EnclaveConnector connector)
    {
        Interlocked.Decrement(ref _inFlight);
        connector.Release();
    }

    /// <summary>Whether this EnclaveID means that the enclave was restarted. To be seen for the first time is no restart.</summary>
    public bool IsOtherThan(string? instance) => instance is not null && Instance is { } known && known != instance;

    /// <summary>Notes the EnclaveID of the run behind it; null leaves what was noted.</summary>
    public void SeenAs(string? instance) => Volatile.Write(ref _instance, instance ?? Instance);

    /// <summary>Puts a connector into service, or none; what runs over the one before it finishes.</summary>
    public void UseConnector(EnclaveConnector? connector) => Interlocked.Exchange(ref _connector, connector)?.Dispose();

    /// <summary>A request begins to wait for this enclave: it is probed every 100 ms meanwhile.</summary>
    public void BeginWaiting()
    {
        if (Interlocked.Increment(ref _waiting) == 1)
            ProbeWanted.Set();
    }

    /// <summary>A request stops waiting.</summary>
    public void EndWaiting() => Interlocked.Decrement(ref _waiting);

    /// <summary>
    /// A dial failed for good. With probes the enclave is out until one succeeds, unless it is the last; without, it
    /// is unhealthy and dialled again with back-off. What failed for want of descriptors here changes nothing.
    /// </summary>
    public void ReportDialFailed(DialException failure)
    {
        if (failure.IsLocal)
            return;
        WakeDiscovery();
        if (_configuration.Options.Health.Probe.Enabled)
        {
            ReportEvidence(new Evidence(EvidenceKind.DialFailed, $"{failure.Code} while dialling"));
            return;
        }

        lock (_gate)
        {
            if (_status.State == EnclaveState.Healthy)
                Change(EnclaveState.Unhealthy, failure.Message, probeHealthy: false);
        }

        if (IsGated)
            _registry.Reconnect(this);
        ProbeWanted.Set();
    }

    /// <summary>Traffic showed something that a probe has to confirm.</summary>
    public void ReportEvidence(Evidence evidence)
    {
        if (IsRetired)
            return;
        if (evidence.Kind == EvidenceKind.DialFailed)
            DoubtIdentity(evidence);
        else if (evidence.Kind == EvidenceKind.ResponseCut)
            AttestationWanted.Set();
        if (!_configuration.Options.Health.Probe.Enabled)
            return;
        lock (_gate)
        {
            if (evidence.Kind is EvidenceKind.DialFailed or EvidenceKind.ResponseCut && _status.State == EnclaveState.Healthy)
            {
                // Two at a time would each take the other for the one that is left.
                lock (_registry.Ejecting)
                {
                    if (_registry.MayEject(this))
                        Change(EnclaveState.Ejected, $"{evidence.Reason}; out until a probe succeeds", _status.ProbeHealthy);
                }
            }

            PendingEvidence ??= evidence;
        }

        ProbeWanted.Set();
    }

    /// <summary>The application is at work: the head of a response came that is no server error, or more of such a response.</summary>
    /// <param name="now">Timestamp of now.</param>
    /// <param name="isHead">Whether it was the head of a response: then it has begun to work on a request.</param>
    public void ReportResponse(long now, bool isHead)
    {
        if (isHead)
            Volatile.Write(ref _lastHead, now);
        Volatile.Write(ref _lastResponse, now);
    }

    /// <summary>Takes the pending evidence, for the probe that is about to test it.</summary>
    public Evidence? TakeEvidence()
    {
        lock (_gate)
        {
            var evidence = PendingEvidence;
            PendingEvidence = null;
            return evidence;
        }
    }

    /// <summary>Takes in what a probe gave, and changes the state where it decides that.</summary>
    /// <param name="result">What it gave.</param>
    /// <param name="onEvidence">Whether it tested evidence: then one failure is enough.</param>
    public void ReportProbe(ProbeResult result, bool onEvidence)
    {
        var probe = _configuration.Options.Health.Probe;
        bool wasAnswering, isOut;
        lock (_gate)
        {
            var wasHealthy = _status.State == EnclaveState.Healthy;
            wasAnswering = _status.LastProbe is { Ok: true };

            // Answers to requests keep an enclave in; only a probe's own brings one back.
            if (_status.State == EnclaveState.Healthy && result is { Ok: false, QueuedSince: { } since } && IsExcused(since))
            {
                var detail = $"{result.Detail}, but requests were answered meanwhile: the application is busy";
                result = result with { Ok = true, Code = ProbeResult.Busy, Detail = detail };
            }

            Metrics.CountProbe(result);
            if (IsRetired)
                return;
            _successes = result.Ok ? _successes + 1 : 0;
            _failures = result.Ok ? 0 : _failures + 1;
            if (result.Code == "ok")
                _excusesWithoutHead = 0;
            var next = _status.State switch
            {
                EnclaveState.Healthy when !result.Ok && (onEvidence || _failures >= probe.UnhealthyAfter) => EnclaveState.Unhealthy,
                EnclaveState.Ejected when !result.Ok => EnclaveState.Unhealthy,

                // What took it out while the probe ran, the next one has to look at.
                EnclaveState.Ejected when PendingEvidence is null => EnclaveState.Healthy,

                // Nothing good is known of a starting enclave that a first failure could be weighed against.
                EnclaveState.Starting when !result.Ok => EnclaveState.Unhealthy,
                EnclaveState.Starting or EnclaveState.Unhealthy when result.Ok && _successes >= probe.HealthyAfter => EnclaveState.Healthy,
                var same => same,
            };
            var isStillOut = next == _status.State && next is not (EnclaveState.Healthy or EnclaveState.Untrusted);
            if (next != _status.State)
            {
                // With the state at once: who waits for the first probe reads what came of it.
                Change(next, result.Detail, probeHealthy: next == EnclaveState.Healthy, result);
            }
            else
            {
                Set(_status with { LastProbe = result, Reason = isStillOut ? result.Detail : _status.Reason });
                if (_outage == Outage.None && StaysOut(next, probe.UnhealthyAfter))
                    _outage = Outage.Untold;
            }

            isOut = wasHealthy && _status.State != EnclaveState.Healthy && IsGated;
        }

        if (isOut)
            _registry.Reconnect(this);

        if (!result.Connected)
            WakeDiscovery();
        if (result.Ok && !wasAnswering)
            AttestationWanted.Set();

        // Also without a change: a request may wait for just this verdict.
        _registry.Changed.Set();
    }

    /// <summary>Takes it on oneself to say what an outage means for the requests it has; once for each.</summary>
    public bool TryTellOutage()
    {
        lock (_gate)
        {
            if (_outage != Outage.Untold)
                return false;
            _outage = Outage.Told;
            return true;
        }
    }

    /// <summary>Attestation does not vouch for it: it gets nothing new until it does, whatever its probes say.</summary>
    /// <param name="reason">Why, for an operator.</param>
    /// <returns>Whether that changed its state.</returns>
    public bool Distrust(string reason)
    {
        lock (_gate)
        {
            _isTrusted = false;
            if (IsRetired)
                return false;
            if (_status.State == EnclaveState.Untrusted)
            {
                Set(_status with { Reason = reason });
                return false;
            }

            Change(EnclaveState.Untrusted, reason, probeHealthy: false);
            return true;
        }
    }

    /// <summary>
    /// Attestation vouches for it: its last probe says what it is now. Not for one that was out since: behind the same address another
    /// enclave may be back.
    /// </summary>
    /// <param name="reason">Why it is trusted.</param>
    /// <param name="epoch">What <see cref="Epoch"/> was before it was asked.</param>
    /// <returns>Whether it is trusted now.</returns>
    public bool Trust(string reason, int epoch)
    {
        lock (_gate)
        {
            if (epoch != _epoch || _status.State is EnclaveState.Unhealthy or EnclaveState.Ejected)
                return false;
            _isTrusted = true;
            if (_status.State != EnclaveState.Untrusted)
                return true;
            var next = _status.LastProbe switch
            {
                { Ok: true } => EnclaveState.Healthy,
                { Ok: false } => EnclaveState.Unhealthy,
                null => _configuration.Options.Health.Probe.Enabled ? EnclaveState.Starting : EnclaveState.Healthy,
            };
            Change(next, reason, probeHealthy: next == EnclaveState.Healthy);
        }

        ProbeWanted.Set();
        return IsTrusted;
    }

    /// <summary>Whether attestation vouches for it, and it was not out since.</summary>
    public bool IsTrusted
    {
        get
        {
            lock (_gate)
                return _isTrusted;
        }
    }

    /// <summary>
    /// Sets it aside: it gets nothing new, and what it has goes on for as long as it takes. It is probed as before, and takes traffic
    /// at once when it is put back, as whatever it is by then.
    /// </summary>
    /// <param name="why">Why, for an operator; null puts it back.</param>
    public void SetAside(string? why)
    {
        lock (_gate)
        {
            if (_aside?.Reason == why)
                return;
            var from = _shown.State;
            if (why is null && _returned > _aside!.Started)
            {
                // What came back meanwhile gets its first traffic now.
                Volatile.Write(ref _returned, _time.GetTimestamp());
                _registry.StartsSlowly();
            }

            // Who changes the reason alone has not set it aside anew.
            Volatile.Write(ref _aside, why is null ? null : (_aside ?? new SettingAside(why, _time.GetUtcNow(), _time.GetTimestamp())) with
            {
                Reason = why,
            });
            Set(_status);
            if (from == _shown.State)
                return;
            CountOutage(from, _shown.State);
            EnclaveLog.StateChanged(_logger, LogLevel.Information, this, Word(from), Word(_shown.State), why ?? _shown.Reason);
        }

        _registry.Changed.Set();
    }

    /// <summary>The enclave left the configuration: it gets nothing new.</summary>
    public void Drain(string reason)
    {
        lock (_gate)
            Change(EnclaveState.Draining, reason, probeHealthy: false);
        UseConnector(null);
        ProbeWanted.Set();
        AttestationWanted.Set();
    }

    /// <summary>Nothing of the enclave is left.</summary>
    public void Leave()
    {
        lock (_gate)
            Change(EnclaveState.Gone, "removed", probeHealthy: false);
    }

    /// <inheritdoc/>
    public override string ToString() => Id == Name ? $"{Id} ({Endpoint})" : $"{Id} ({Name}, {Endpoint})";

    /// <summary>Whether it gets traffic only while attestation vouches for it.</summary>
    private bool IsGated => _configuration.Options.Attestation.Mode == AttestationMode.Enforce;

    private IConnectionPool? Pool => Volatile.Read(ref _connector)?.Pool;

    /// <summary>
    /// An enclave that is restarted cannot be dialled for a while, and nothing else tells that another one is there: what comes next must
    /// not reach it unverified, even where it is the last.
    /// </summary>
    private void DoubtIdentity(Evidence evidence)
    {
        lock (_gate)
        {
            if (!IsGated || _status.State != EnclaveState.Healthy)
                return;
            _epoch++;
            _isTrusted = false;
            Change(
                EnclaveState.Untrusted,
                $"{evidence.Reason}; its attestation is verified anew, since it may have been restarted",
                probeHealthy: false);
        }

        _registry.Reconnect(this);
        AttestationWanted.Set();
    }

    private void WakeDiscovery()
    {
        if (Endpoint.Transport == EnclaveTransport.Vsock)
            _registry.DialFailed.Set();
    }

    /// <summary>
    /// Whether what was answered since then excuses a probe that may have queued. A response that has begun long ago does so for
    /// a while only: an application may be stuck behind the one thread that still feeds it.
    /// </summary>
    private bool IsExcused(long since)
    {
        if (IsSince(Volatile.Read(ref _lastHead), since))
        {
            _excusesWithoutHead = 0;
            return true;
        }

        return IsSince(Volatile.Read(ref _lastResponse), since) && ++_excusesWithoutHead <= MaxExcusesWithoutHead;
    }

    private static bool IsSince(long timestamp, long since) => timestamp != 0 && timestamp >= since;

    /// <summary>
    /// Whether it has just turned out that it stays out: a probe has failed again, so long after the one that took it out that
    /// the requests which could leave have left.
    /// </summary>
    private bool StaysOut(EnclaveState next, int unhealthyAfter) =>
        next == EnclaveState.Unhealthy && _failures >= unhealthyAfter && _time.GetUtcNow() - _status.Since >= ToLeave;

    private static bool IsOut(EnclaveState state) =>
        state is EnclaveState.Starting or EnclaveState.Unhealthy or EnclaveState.Ejected or EnclaveState.Untrusted;

    private void CountOutage(EnclaveState from, EnclaveState to)
    {
        if (!IsOut(from) && IsOut(to))
        {
            _outSince = _time.GetTimestamp();
            Metrics.CountOutage();
        }
        else if (IsOut(from) && !IsOut(to))
        {
            Metrics.AddDowntime(_time.GetElapsedTime(_outSince));
        }
    }

    private static string Word(EnclaveState state) => state.ToString().ToLowerInvariant();

    private void Change(EnclaveState state, string reason, bool probeHealthy, ProbeResult? probe = null)
    {
        var from = _status.State;
        var isDoubted = state == EnclaveState.Healthy && IsGated && !_isTrusted;
        if (state is EnclaveState.Unhealthy or EnclaveState.Ejected)
        {
            _isTrusted = false;
            _epoch++;
        }
        else if (isDoubted)
        {
            // Behind the same address another enclave may be back.
            (state, probeHealthy) = (EnclaveState.Untrusted, false);
            reason = $"{reason}; it was out, and its attestation is verified anew before it gets traffic";
        }

        _outage = Outage.None;
        var shownBefore = _shown.State;

        // One that traffic took out and its probe confirmed at once has lost nothing of its warmth.
        if (state == EnclaveState.Healthy
            && (from is EnclaveState.Unhealthy or EnclaveState.Untrusted || (from == EnclaveState.Starting && IsSuccessor)))
        {
            Volatile.Write(ref _returned, _time.GetTimestamp());
            _registry.StartsSlowly();
        }

        Set(_status with
        {
            State = state,
            Since = _time.GetUtcNow(),
            Reason = reason,
            ProbeHealthy = probeHealthy,
            LastProbe = probe ?? _status.LastProbe,
        });

        // What happens to one that is set aside, an operator does to it, or at least nobody suffers from it.
        var isAside = _shown != _status;
        CountOutage(shownBefore, _shown.State);
        if (!isAside && state is not (EnclaveState.Draining or EnclaveState.Gone))
            Metrics.CountStateChange(state);
        if (isAside)
            reason = $"{reason}; no traffic either way: {_shown.Reason}";
        var level = !isAside && state is EnclaveState.Unhealthy or EnclaveState.Ejected or EnclaveState.Untrusted
            ? LogLevel.Warning
            : LogLevel.Information;
        EnclaveLog.StateChanged(_logger, level, this, Word(from), Word(state), reason);
        _registry.Changed.Set();

        // Only now: who is woken looks at the state.
        if (isDoubted)
            AttestationWanted.Set();
    }

    /// <summary>Takes over what is known, and shows it unless the enclave is set aside. Under the gate.</summary>
    private void Set(EnclaveStatus status)
    {
        Volatile.Write(ref _status, status);
        var shown = _aside is { } aside && status.State is not (EnclaveState.Draining or EnclaveState.Gone)
            ? new EnclaveStatus(EnclaveState.Draining, aside.Since, aside.Reason, ProbeHealthy: false, status.LastProbe)
            : status;
        Volatile.Write(ref _shown, shown);
    }

    /// <summary>That it is set aside.</summary>
    /// <param name="Reason">Why, for an operator.</param>
    /// <param name="Since">Since when.</param>
    /// <param name="Started">Timestamp of the same.</param>
    private sealed record SettingAside(string Reason, DateTimeOffset Since, long Started);

    private enum Outage
    {
        None,
        Untold,
        Told,
    }
}
