using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Ingress.Pipeline;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace ParentProxy.Ingress.Failover;

/// <summary>
/// First in YARP's pipeline: offers load balancing the enclaves that are usable, waits when there is none, and makes another
/// attempt elsewhere: for any request while nothing of it was sent, and as <see cref="RetryPolicy"/> allows when it was. Above
/// the forwarder, because only here another enclave can be chosen.
/// </summary>
internal sealed class FailoverMiddleware(
    RequestDelegate next,
    EnclaveRegistry registry,
    EnclaveSelector selector,
    ActiveConfiguration configuration,
    RetryPolicy retries,
    TimeProvider time,
    ILogger<FailoverMiddleware> logger)
{
    /// <summary>Before a request is sent to the same enclave again, which may be about to end.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(25);

    /// <summary>Serves one request, and says what became of it.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        var exchange = Exchange.Of(context);
        AttemptFailure? failure;
        try
        {
            failure = RawTarget.ForEnclave(context.Request, exchange.RawTarget) is null
                ? new AttemptFailure(FailureKind.BadTarget, "400", "the request target names no path", "")
                : await ForwardAsync(context, exchange);
        }
        finally
        {
            exchange.Outgoing.ReleaseBody();
        }

        if (failure is null)
        {
            if (exchange.Attempts.Failed is { } failed)
                FailoverReport.Retried(logger, exchange, failed);
            return;
        }

        exchange.Outcome.Fail(failure);
        var traits = FailureTable.Of(failure.Kind);
        if (traits.Limit is { } limit)
            retries.Rejections.Count(limit);
        FailoverReport.Failed(logger, exchange, failure);
        if (!traits.HasNoResponse)
            await ProblemResponse.WriteAsync(context, failure.Kind, exchange.RequestId);
        else if (!context.Response.HasStarted)
            context.Abort(); // Else Kestrel would answer 200 in our place, should the client be there after all.
    }

    /// <summary>Finds an enclave that answers; gives why none did, or null when one has.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<AttemptFailure?> ForwardAsync(HttpContext context, Exchange exchange)
    {
        var options = configuration.Options;
        var proxy = context.GetReverseProxyFeature();
        var (search, attempts) = (exchange.Search, exchange.Attempts);
        search.Begin(proxy.Route.Cluster!, Longer(options.Timeouts.Connect, options.Retry.WaitForEnclave), exchange.Started);
        retries.CountRequest();
        while (true)
        {
            // 1. Who could take it. The signal is taken first: no change after the look is missed.
            var changed = registry.Changed.Next;
            var usable = selector.Usable(search.Members, static member => member.DestinationId);
            var candidates = Candidates(search, usable, attempts.Current?.Failure);

            // 2. Nobody: that is its failure, or it looks again after a while.
            if (candidates.Count == 0)
            {
                var patience = usable.Count == 0 ? options.Retry.WaitForEnclave : search.Patience;
                if (await PauseAsync(context, exchange, usable.Count > 0, patience, changed) is { } failure)
                    return failure;
                continue;
            }

            // 3. Forward it to the one of them that YARP's policies choose. A session stays with its enclave.
            proxy.AvailableDestinations =
                search.HasAffinity ? candidates : selector.PreferRoom(candidates, static member => member.DestinationId);
            search.Choose(candidates.Count);
            attempts.Prepare();
            CountRetry(attempts);
            await next(context);

            // 4. Judge how that went.
            var attempt = attempts.Current;
            if (attempt is null && !attempts.EnclaveHadLeft)
                return LocalResponseBeforeForwarding(context);
            CountEnd(attempts);
            if (attempt is { Failure: null })
                return null;

            // 5. Decide whether it is worth another attempt: elsewhere first.
            var last = attempt?.Failure;
            if (WhyAgain(context, exchange, attempt) is not { } reason || !MayGoOn(search, last, reason))
                return last;
            var id = proxy.ProxiedDestination!.DestinationId;
            attempts.NoteFailed(reason, attempt?.Enclave.ToString() ?? id, last?.Code ?? "left");
            search.NoteTried(id, hasFullQueue: last is { Kind: FailureKind.AcceptQueueFull });
            context.Response.Clear();
            context.Features.Set<IForwarderErrorFeature>(null);
        }
    }

    private IReadOnlyList<DestinationState> Candidates(EnclaveSearch search, IReadOnlyList<DestinationState> usable, AttemptFailure? last)
    {
        var untried = search.Untried(usable);

        // Who has queued for long does not queue once more.
        return last is { Kind: FailureKind.QueueTimeout } ? selector.WithRoom(untried, static member => member.DestinationId) : untried;
    }

    /// <summary>Lets time pass before the enclaves are looked at again; gives a failure when there is no sense in that.</summary>
    private async Task<AttemptFailure?> PauseAsync(
        HttpContext context, Exchange exchange, bool isAnyUsable, TimeSpan patience, Task changed)
    {
        var (search, last) = (exchange.Search, exchange.Attempts.Current?.Failure);

        // All of those that were free may have full accept queues: now it waits for one to take it.
        if (search.TryBecomePatient())
            return null;
        if (last is not null && FailureTable.Of(last.Kind).IsBusy)
            return last;
        if (isAnyUsable && last is not null and not { Kind: FailureKind.NoEnclave })
        {
            // To the same one: there is no other.
            await Task.Delay(Pause(exchange.Attempts.Failed!.Sum(attempt => attempt.Times)), time, context.RequestAborted);
        }
        else
        {
            // None is usable, or all of them could not be dialled just now: the probes that this started speak first.
            var ids = () => search.Members.Select(member => member.DestinationId);
            switch (await selector.WaitAsync(ids, search.Started, patience, changed, context.RequestAborted))
            {
                case WaitEnd.TooMany:
                    return TooManyWaiting();
                case WaitEnd.TimedOut:
                    return last ?? NoneUsable(search);
            }
        }

        search.ForgetTried();
        return null;
    }

    /// <summary>Counts the attempt that is about to begin, where it follows on another one.</summary>
    private void CountRetry(Attempts attempts)
    {
        if (attempts.Failed is not [.., var last])
            return;
        retries.Counts.Count(last.Reason);
        attempts.Before?.Metrics.CountRetry();
    }

    /// <summary>Counts where the attempt went, and notes what it says of the enclave.</summary>
    private void CountEnd(Attempts attempts)
    {
        if (attempts.Current is not { } attempt)
            return;
        if (attempts.Before is { } before && before.Id != attempt.Enclave.Id)
            before.Metrics.CountFailover();
        if (attempt.Failure is { } failure && FailureTable.Of(failure.Kind).IsEnclavesOwn)
            attempt.Enclave.Metrics.Errors.Note(time.GetUtcNow(), failure.Code, failure.Detail);
    }

    /// <summary>Why another attempt is to be made; null when none is. Takes its place from the budget where it needs one.</summary>
    private RetryReason? WhyAgain(HttpContext context, Exchange exchange, Attempt? attempt)
    {
        if (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested || !exchange.Outgoing.IsWhole)
            return null;
        switch (attempt?.Failure?.Kind)
        {
            case null or FailureKind.NoEnclave or FailureKind.LeftWhileWaiting or FailureKind.AcceptQueueFull:
                // Nothing was sent: the dial failed or met a full queue, or the enclave had just left. Any method may be sent then.
                return RetryReason.Connect;
            case FailureKind.ConnectionsBusy or FailureKind.QueueTimeout or FailureKind.TunnelsBusy:
                return RetryReason.Busy;
            case FailureKind.EnclaveLeft:
                return RetryReason.Moved;
            case FailureKind.ConnectionTerminated when attempt is { HasSent: false, HasReceived: false }:
                // The connection had ended before the first byte was out.
                return RetryReason.Connect;
            case FailureKind.ConnectionTerminated when !attempt.HasReceived && retries.TryRepeat(exchange):
                return RetryReason.Reset;
            default:
                return null;
        }
    }

    /// <summary>
    /// Whether there is time left. The time for which an enclave is looked for is that without one: not in its queue, not at its
    /// work, after which the search begins anew.
    /// </summary>
    private static bool MayGoOn(EnclaveSearch search, AttemptFailure? last, RetryReason reason)
    {
        if (reason != RetryReason.Reset
            && last is { Kind: FailureKind.NoEnclave or FailureKind.AcceptQueueFull or FailureKind.ConnectionTerminated })
            return !search.IsOver;
        search.Restart();
        return true;
    }

    private static TimeSpan Pause(int attempts) => FirstPause * (1 << Math.Clamp(attempts - 1, 0, 4)) * (0.5 + Random.Shared.NextDouble());

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    /// <summary>Session affinity answers by itself when the enclave of a session is away and its policy is to refuse then.</summary>
    private static AttemptFailure? LocalResponseBeforeForwarding(HttpContext context) =>
        context.Response.StatusCode != StatusCodes.Status503ServiceUnavailable ? null : new AttemptFailure(
            FailureKind.NoEnclave,
            "affinity",
            "the enclave of this session is not usable",
            "SessionAffinity:FailurePolicy Redistribute would give the session to another one.");

    private AttemptFailure TooManyWaiting() => new(
        FailureKind.TooManyWaiting,
        "limit",
        $"{configuration.Options.Retry.MaxWaiting} requests wait for an enclave already",
        "Retry:MaxWaiting sets the limit.");

    private AttemptFailure NoneUsable(EnclaveSearch search)
    {
        var states = search.Members
            .Select(member => registry.Find(member.DestinationId))
            .OfType<Enclave>()
            .Select(e => $"{e} is {e.Status.State.ToString().ToLowerInvariant()} ({e.Status.LastProbe?.Code ?? "not probed"})")
            .ToList();
        var detail = $"no enclave is usable: {(states.Count == 0 ? "none is known" : string.Join(", ", states))}";
        return new AttemptFailure(FailureKind.NoEnclave, "unavailable", detail, "The admin listener's /health tells why.");
    }
}
