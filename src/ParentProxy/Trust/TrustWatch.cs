using Microsoft.Extensions.Logging;
using ParentProxy.Attestation;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Runtime;
using ParentProxy.Trust.Clients;

namespace ParentProxy.Trust;

/// <summary>
/// Keeps up what is known of one enclave's attestation: asks for a document with a nonce of its own each time, judges it, and, where
/// <c>Attestation:Mode</c> is <c>enforce</c>, lets the enclave have traffic or not.
/// </summary>
/// <remarks>
/// A document that a check rejects is final: the enclave is out at once. That there is no document is not: the enclave may be busy, and
/// stays in until the last one that passed is older than <c>Attestation:MaxAge</c>.
/// </remarks>
internal sealed class TrustWatch(
    Enclave enclave,
    EnclaveRegistry registry,
    AttestationVerifier verifier,
    ActiveConfiguration configuration,
    TimeProvider time,
    ILogger logger)
{
    /// <summary>However often it is wanted, the security module of an enclave is slow, and serves others as well.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Clients can have an application cut its answers, each of which makes a document wanted.</summary>
    private static readonly TimeSpan ShortestPauseInTraffic = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly WakeSignal _changed = new();
    private AttestationOptions? _options;
    private PassedDocument? _passed;
    private bool _hasExpired;

    /// <summary>Takes over the settings as they are: what was verified is judged by new rules, without a new document.</summary>
    public void Follow()
    {
        var options = configuration.Options.Attestation;
        var isDistrusted = false;
        lock (_gate)
        {
            if (options == _options)
                return;
            EnclaveTrust? judged = null;
            if (options.Mode == AttestationMode.Off)
                (_passed, enclave.Attestation) = (null, null);
            else if (_passed is { } passed && options.Policy != _options?.Policy)
                judged = JudgeAnew(passed, options);
            if (options.Mode != AttestationMode.Enforce)
                enclave.Trust($"Attestation:Mode is {options.Mode.ToString().ToLowerInvariant()}", enclave.Epoch);
            else if (_passed is null || _passed.Epoch != enclave.Epoch || !enclave.IsTrusted)
                isDistrusted = Distrust((judged ?? enclave.Attestation)?.Detail ?? Enclave.NotVerifiedYet);
            _options = options;
            if (judged is not null)
                Publish(judged);
        }

        if (isDistrusted)
            registry.Reconnect(enclave);

        _changed.Set();
    }

    /// <summary>Nobody will ask any more, for a fault of ours: where that decides on traffic, it gets none.</summary>
    public void GiveUp(Exception fault)
    {
        var options = configuration.Options.Attestation;
        bool isDistrusted;
        lock (_gate)
        {
            _passed = null;
            var trust = Describe(TrustVerdict.Failed, "fault", $"a fault of the proxy: {fault.Message}", options);
            isDistrusted = options.Mode == AttestationMode.Enforce && Distrust(trust.Detail);
            Publish(trust);
        }

        if (isDistrusted)
            registry.Reconnect(enclave);
    }

    /// <summary>Asks again and again until the enclave is retired.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (!enclave.IsRetired)
        {
            var (changed, wanted) = (_changed.Next, enclave.AttestationWanted.Next);
            var options = configuration.Options.Attestation;
            if (options.Mode == AttestationMode.Off)
            {
                await Task.WhenAny(changed, wanted).WaitAsync(cancellationToken);
                continue;
            }

            var started = time.GetTimestamp();
            var passes = await CheckAsync(options, Expire(options), cancellationToken);
            failures = passes ? 0 : failures + 1;

            // What it was wanted for while it was asked, a document that passed has answered; not what came after.
            var next = enclave.AttestationWanted.Next;
            if (passes && enclave.Condition.State != EnclaveState.Untrusted)
                wanted = next;
            await WaitAsync(wanted, started, failures, cancellationToken);
        }
    }

    /// <summary>Keeps the questions to several enclaves, and of several proxies, from falling into step.</summary>
    private static double Jitter() => 0.9 + (0.2 * Random.Shared.NextDouble());

    /// <summary>
    /// Waits for the next turn, or for being wanted; sees to it meanwhile that a verdict does not outlive its age. Other settings plan
    /// the turn anew; where nothing passes any more by them, or nobody asked before, it is now.
    /// </summary>
    private async Task WaitAsync(Task wanted, long started, int failures, CancellationToken cancellationToken)
    {
        var jitter = Jitter();
        var shortest = enclave.IsUsable ? ShortestPauseInTraffic : ShortestPause;
        if (shortest - time.GetElapsedTime(started) is var rest && rest > TimeSpan.Zero)
            await Task.Delay(rest, time, cancellationToken);
        while (!wanted.IsCompleted)
        {
            var changed = _changed.Next;
            var options = configuration.Options.Attestation;
            var left = (TrustSchedule.Pause(options.Interval, failures) * jitter) - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero || options.Mode == AttestationMode.Off)
                return;
            var expiry = Expire(options);
            await WakeSignal.WaitAsync(Task.WhenAny(changed, wanted), expiry < left ? expiry : left, time, cancellationToken);
            if (changed.IsCompleted && !HasPassed)
                return;
        }
    }

    private bool HasPassed
    {
        get
        {
            lock (_gate)
                return _passed is not null;
        }
    }

    /// <summary>Takes the enclave out when the last document that passed is too old; else says how long that one is good for.</summary>
    private TimeSpan Expire(AttestationOptions options)
    {
        bool isDistrusted;
        lock (_gate)
        {
            if (_passed is not { } passed)
                return TimeSpan.MaxValue;
            var left = options.MaxAge - time.GetElapsedTime(passed.Timestamp);
            if (left > TimeSpan.Zero)
                return left;
            _passed = null;
            _hasExpired = true;
            isDistrusted = options.Mode == AttestationMode.Enforce && Distrust(
                $"the last document that was verified is of {passed.At.UtcDateTime:u}, longer ago than Attestation:MaxAge, "
                    + $"{options.MaxAge:c}, allows; since then: {enclave.Attestation?.Detail}");
        }

        if (isDistrusted)
            registry.Reconnect(enclave);
        return TimeSpan.MaxValue;
    }

    /// <returns>Whether a document came, and passed.</returns>
    private async Task<bool> CheckAsync(AttestationOptions options, TimeSpan expiry, CancellationToken cancellationToken)
    {
        if (enclave.LeaseConnector() is not { } connector)
            return false;

        // One that is out meanwhile may be another one afterwards, which this document is not of.
        var epoch = enclave.Epoch;
        var request = new AttestationRequest { Nonce = AttestationNonce.Create() };
        try
        {
            var endpoint = AttestationClients.EndpointOf(connector.Endpoint, options);
            var peer = new AttestationPeer(
                endpoint,
                token => connector.DialAsync(endpoint, connector.ConnectTimeout, token),
                expiry < options.Timeout ? expiry : options.Timeout,
                time);
            var client = AttestationClients.For(peer, options, configuration.Options);
            var document = await client.RequestAsync(request, cancellationToken);
            return Judge(document, request.NonceBytes, epoch, options);
        }
        catch (AttestationRequestException ex)
        {
            Fail(ex, options);
            return false;
        }
        finally
        {
            connector.Release();
        }
    }

    private bool Judge(byte[] document, byte[] nonce, int epoch, AttestationOptions options)
    {
        var now = time.GetUtcNow();
        var result = verifier.VerifyAt(document, options.Policy with { Nonce = nonce }, now);
        bool isTrusted, isDistrusted;
        lock (_gate)
        {
            if (IsOutdated(options))
                return false;
            _hasExpired = false;
            _passed = Passes(result, options)
                ? new PassedDocument(document, nonce, result.Document!, epoch, now, time.GetTimestamp())
                : null;
            var trust = Describe(result, options);
            enclave.Metrics.Attestations.Count(trust.Code ?? Word(trust.Verdict));
            isTrusted = _passed is not null && enclave.Trust(trust.Detail, epoch);
            isDistrusted = _passed is null && options.Mode == AttestationMode.Enforce && Distrust(trust.Detail);
            Publish(trust);
        }

        if (isDistrusted)
            registry.Reconnect(enclave);
        return isTrusted;
    }

    private void Fail(AttestationRequestException failure, AttestationOptions options)
    {
        bool isDistrusted;
        lock (_gate)
        {
            if (IsOutdated(options))
                return;
            enclave.Metrics.Attestations.Count(failure.Code);

            // That the last good one is too old says more than the attempt that failed just now.
            isDistrusted = _passed is null && !_hasExpired && options.Mode == AttestationMode.Enforce && Distrust(failure.Message);
            Publish(Describe(TrustVerdict.Failed, failure.Code, failure.Message, options));
        }

        if (isDistrusted)
            registry.Reconnect(enclave);
    }

    /// <summary>Whether what it was asked under holds no more: then the next answer counts.</summary>
    private bool IsOutdated(AttestationOptions options) => options != configuration.Options.Attestation;

    /// <returns>What came of it; null when what is known holds.</returns>
    private EnclaveTrust? JudgeAnew(PassedDocument passed, AttestationOptions options)
    {
        var result = verifier.VerifyAt(passed.Bytes, options.Policy with { Nonce = passed.Nonce }, passed.At);
        if (!Passes(result, options))
            _passed = null;

        // That nothing came of a later attempt still holds.
        else if (enclave.Attestation is { Verdict: TrustVerdict.Failed })
            return null;
        return Describe(result, options);
    }

    // In debug mode nothing can be pinned, and to allow it is to let it pass.
    private static bool Passes(AttestationResult result, AttestationOptions options) =>
        result.Verdict == AttestationVerdict.Verified || (result.IsDebug && options.AllowDebug);

    /// <returns>
    /// Whether it lost its traffic: then its connections have to go as well, once the lock is free, since whoever changes the registry
    /// holds that one first.
    /// </returns>
    private bool Distrust(string reason) => enclave.Distrust($"attestation: {reason}");

    private static string Word(TrustVerdict verdict) => verdict.ToString().ToLowerInvariant();

    private EnclaveTrust Describe(AttestationResult result, AttestationOptions options)
    {
        var (verdict, detail) = result switch
        {
            { Failure: { } failure } => (TrustVerdict.Rejected, failure.Message),
            { Verdict: AttestationVerdict.Verified, Document: { } document } =>
                (TrustVerdict.Verified, $"{document.ModuleId} at {document.Timestamp.UtcDateTime:u}, with the PCRs that are pinned"),
            { IsDebug: true } => (TrustVerdict.Unpinned, $"{result.Document.ModuleId} runs in debug mode: nobody can tell which image"),
            _ => (TrustVerdict.Unpinned, $"{result.Document!.ModuleId} is an enclave, but Attestation:Pcrs does not say of which image"),
        };
        return Describe(verdict, result.Failure?.Reason.Code(), detail, options);
    }

    private EnclaveTrust Describe(TrustVerdict verdict, string? code, string detail, AttestationOptions options)
    {
        var before = enclave.Attestation;
        return new EnclaveTrust(
            verdict,
            code,
            detail,
            time.GetUtcNow(),
            _passed?.At ?? before?.VerifiedAt,
            _passed?.Content.ModuleId ?? before?.ModuleId,
            _passed?.Content.IsDebug ?? before?.IsDebug ?? false,
            options.Policy.Root.IsCustom);
    }

    /// <summary>Shows what came of it, and wakes who waits: last, when the enclave has its traffic or has lost it.</summary>
    private void Publish(EnclaveTrust trust)
    {
        var before = enclave.Attestation;
        enclave.Attestation = trust;
        registry.Changed.Set();
        if (before is not null && (before.Verdict, before.Code) == (trust.Verdict, trust.Code))
            return;
        if (trust.Verdict == TrustVerdict.Verified)
            TrustLog.Verified(logger, enclave, trust.Detail);
        else
            TrustLog.NotVerified(logger, enclave, Word(trust.Verdict), trust.Detail);
    }
}
