using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Ingress.Pipeline;
using ParentProxy.Runtime;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace ParentProxy.Ingress.Failover;

/// <summary>
/// First in YARP's pipeline: offers load balancing the enclaves that are usable, waits when there is none, and tries again
/// elsewhere: any request while nothing of it was sent, and as <see cref="RetryPolicy"/> allows when it was. Above the
/// forwarder, because only here another enclave can be chosen.
/// </summary>
internal sealed class FailoverMiddleware(RequestDelegate next, EnclaveRegistry registry, ActiveConfiguration configuration, RetryPolicy retries, TimeProvider time, ILogger<FailoverMiddleware> logger)
{
    /// <summary>How long a request waits for news at most before it looks again.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    /// <summary>Before a request is sent to the same enclave again, which may be about to end.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(25);

    /// <summary>Serves one request.</summary>
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
            exchange.Body?.Dispose();
        }

        if (failure is null)
        {
            if (exchange.FailedAttempts is not null)
                ReportRetried(context, exchange);
            return;
        }

        exchange.Fail(failure);
        if (FailureTable.Of(failure.Kind) is { Limit: { } limit })
            retries.Rejections.Count(limit);
        Report(context, exchange, failure);
        if (!FailureTable.Of(failure.Kind).HasNoResponse)
            await ProblemResponse.WriteAsync(context, failure.Kind, exchange.RequestId);
        else if (!context.Response.HasStarted)
            context.Abort(); // Else Kestrel would answer 200 in our place, should the client be there after all.
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<AttemptFailure?> ForwardAsync(HttpContext context, Exchange exchange)
    {
        var options = configuration.Options;
        var proxy = context.GetReverseProxyFeature();
        var cluster = proxy.Route.Cluster!;
        exchange.Cluster = cluster;
        exchange.Patience = Longer(options.Timeouts.Connect, options.Retry.WaitForEnclave);
        exchange.BeginSearch(exchange.Started, time);
        retries.CountRequest();
        AttemptFailure? last = null;
        HashSet<string>? tried = null;
        RetryReason? again = null;
        Enclave? left = null;
        var (hasMetFullQueue, isPatient) = (false, false);
        while (true)
        {
            var changed = registry.Changed.Next;
            var usable = Usable(cluster);
            var untried = tried is null ? usable : Without(usable, tried);

            // Who has queued for long does not queue once more.
            if (last is { Kind: FailureKind.QueueTimeout })
                untried = untried.FindAll(HasRoom);
            if (untried.Count == 0)
            {
                if (hasMetFullQueue)
                {
                    // All of those that were free may have full accept queues: now it waits for one to take it.
                    (hasMetFullQueue, isPatient, tried) = (false, true, null);
                    continue;
                }

                if (last is not null && FailureTable.Of(last.Kind).IsBusy)
                    return last;
                var isSentAgain = usable.Count > 0 && last is not null && last.Kind != FailureKind.NoEnclave;
                if (isSentAgain)
                {
                    // To the same one: there is no other.
                    await Task.Delay(Pause(exchange.FailedAttempts!.Sum(t => t.Times)), time, context.RequestAborted);
                }
                else
                {
                    // None is usable, or all of them could not be dialled just now: the probes that this started speak first.
                    var (isOver, refusal) = await WaitAsync(cluster, exchange, changed, usable.Count == 0 ? options.Retry.WaitForEnclave : exchange.Patience, context.RequestAborted);
                    if (isOver)
                        return refusal ?? last ?? NoneUsable(cluster);
                }

                tried = null;
                continue;
            }

            proxy.AvailableDestinations = WithRoom(cluster, untried);
            if (again is { } why)
            {
                retries.Counts.Count(why);
                left?.Metrics.CountRetry();
            }

            exchange.CanRedispatch = untried.Count > 1 && !isPatient && !HasAffinity(cluster);
            exchange.Forget();
            exchange.EnclaveHadLeft = false;
            await next(context);
            var attempt = exchange.Attempt;
            if (left is not null && attempt is not null && left.Id != attempt.Enclave.Id)
                left.Metrics.CountFailover();
            left = attempt?.Enclave ?? left;
            if (attempt is { Failure: { } error } && FailureTable.Of(error.Kind).IsEnclavesOwn)
                attempt.Enclave.Metrics.Errors.Note(time.GetUtcNow(), error.Code, error.Detail);
            if (attempt is null && !exchange.EnclaveHadLeft)
                return LocalResponseBeforeForwarding(context);
            last = attempt?.Failure;
            if (attempt is not null && last is null)
                return null;
            if (WhyAgain(context, exchange, attempt) is not { } reason)
                return last;

            // The time for which an enclave is looked for is that without one: not in its queue, not at its work.
            hasMetFullQueue |= last is { Kind: FailureKind.AcceptQueueFull };
            if (last is not { Kind: FailureKind.NoEnclave or FailureKind.AcceptQueueFull or FailureKind.ConnectionTerminated } || reason == RetryReason.Reset)
                exchange.BeginSearch(time.GetTimestamp(), time);
            else if (exchange.Patience <= time.GetElapsedTime(exchange.SearchStarted))
                return last;
            again = reason;
            exchange.NoteFailedAttempt(reason, attempt?.Enclave.ToString() ?? proxy.ProxiedDestination!.DestinationId, last?.Code ?? "left");
            context.Response.Clear();
            context.Features.Set<IForwarderErrorFeature>(null);
            (tried ??= new HashSet<string>(StringComparer.OrdinalIgnoreCase)).Add(proxy.ProxiedDestination!.DestinationId);
        }
    }

    /// <summary>Why a request is to be tried once more; null when it is not. Takes its place from the budget where it needs one.</summary>
    private RetryReason? WhyAgain(HttpContext context, Exchange exchange, Attempt? attempt)
    {
        if (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested || !RetryPolicy.IsWhole(exchange))
            return null;
        switch (attempt?.Failure?.Kind)
        {
            case null or FailureKind.NoEnclave or FailureKind.LeftWhileWaiting or FailureKind.AcceptQueueFull:
                // Nothing was sent: the dial failed, or was turned away, or the enclave had just left. Any method may be tried again.
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

    private static TimeSpan Pause(int tries) => FirstPause * (1 << Math.Clamp(tries - 1, 0, 4)) * (0.5 + Random.Shared.NextDouble());

    /// <summary>Session affinity answers by itself when the enclave of a session is away and its policy is to refuse then.</summary>
    private static AttemptFailure? LocalResponseBeforeForwarding(HttpContext context) => context.Response.StatusCode == StatusCodes.Status503ServiceUnavailable
        ? new AttemptFailure(FailureKind.NoEnclave, "affinity", "the enclave of this session is not usable", "SessionAffinity:FailurePolicy Redistribute would give the session to another one.")
        : null;

    private static List<DestinationState> Without(List<DestinationState> usable, HashSet<string> tried) =>
        usable.FindAll(d => !tried.Contains(d.DestinationId));

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private List<DestinationState> Usable(ClusterState cluster)
    {
        var all = cluster.DestinationsState.AllDestinations;
        var usable = new List<DestinationState>(all.Count);
        foreach (var destination in all)
        {
            if (registry.Find(destination.DestinationId) is { IsUsable: true })
                usable.Add(destination);
        }

        return usable;
    }

    /// <summary>Those that have a connection free or may open one: only when none has, a request queues. A session stays with its enclave.</summary>
    private List<DestinationState> WithRoom(ClusterState cluster, List<DestinationState> usable)
    {
        if (usable.Count == 1 || HasAffinity(cluster))
            return usable;
        var free = 0;
        foreach (var destination in usable)
            free += HasRoom(destination) ? 1 : 0;
        return free == 0 || free == usable.Count ? usable : usable.FindAll(HasRoom);
    }

    private static bool HasAffinity(ClusterState cluster) => cluster.Model.Config.SessionAffinity is { Enabled: true };

    private bool HasRoom(DestinationState destination) => registry.Find(destination.DestinationId) is { HasRoom: true };

    /// <summary>
    /// Waits until an enclave is usable, or, where one is that could not be dialled, for the next news of any.
    /// </summary>
    /// <returns>Whether the search is over, and why when it was not for the time.</returns>
    private async Task<(bool IsOver, AttemptFailure? Refusal)> WaitAsync(ClusterState cluster, Exchange exchange, Task changed, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (!retries.TryBeginWaiting())
            return (true, new AttemptFailure(FailureKind.TooManyWaiting, "limit", $"{configuration.Options.Retry.MaxWaiting} requests wait for an enclave already", "Retry:MaxWaiting sets the limit."));

        var awaited = new HashSet<Enclave>();
        try
        {
            while (true)
            {
                // A reload may bring another one meanwhile.
                foreach (var enclave in cluster.DestinationsState.AllDestinations.Select(d => registry.Find(d.DestinationId)).OfType<Enclave>())
                {
                    if (awaited.Add(enclave))
                        enclave.BeginWaiting();
                }

                var left = patience - time.GetElapsedTime(exchange.SearchStarted);
                if (left <= TimeSpan.Zero)
                    return (true, null);
                await WakeSignal.WaitAsync(changed, Shorter(left, LookAgain), time, cancellationToken);
                changed = registry.Changed.Next;
                if (Usable(cluster).Count > 0)
                    return (false, null);
            }
        }
        finally
        {
            foreach (var enclave in awaited)
                enclave.EndWaiting();
            retries.EndWaiting();
        }
    }

    private AttemptFailure NoneUsable(ClusterState cluster)
    {
        var states = cluster.DestinationsState.AllDestinations
            .Select(d => registry.Find(d.DestinationId))
            .OfType<Enclave>()
            .Select(e => $"{e} is {e.Status.State.ToString().ToLowerInvariant()} ({e.Status.LastProbe?.Code ?? "not probed"})")
            .ToList();
        return new AttemptFailure(FailureKind.NoEnclave, "unavailable", $"no enclave is usable: {(states.Count == 0 ? "none is known" : string.Join(", ", states))}", "The admin listener's /health tells why.");
    }

    private void ReportRetried(HttpContext context, Exchange exchange)
    {
        // While an enclave restarts every request is turned away some times; that they were sent again is news.
        var level = exchange.FailedAttempts!.Exists(t => t.Reason is not (RetryReason.Connect or RetryReason.Busy)) ? LogLevel.Information : LogLevel.Debug;
        if (!logger.IsEnabled(level))
            return;
        IngressLog.RequestRetried(
            logger,
            level,
            context.Request.Method,
            RawTarget.Path(exchange.RawTarget).ToString(),
            exchange.ClientAddress ?? "local",
            exchange.RequestId,
            context.Response.StatusCode,
            exchange.Attempt?.Enclave.ToString() ?? "none",
            string.Join("; ", exchange.FailedAttempts));
    }

    private void Report(HttpContext context, Exchange exchange, AttemptFailure failure)
    {
        var (level, status) = (FailureTable.Of(failure.Kind).Level, FailureTable.Of(failure.Kind).Status);
        if (!logger.IsEnabled(level))
            return;
        IngressLog.RequestFailed(
            logger,
            level,
            context.Request.Method,
            RawTarget.Path(exchange.RawTarget).ToString(),
            exchange.ClientAddress ?? "local",
            exchange.RequestId,
            exchange.Attempt?.Enclave.ToString() ?? "none",
            failure.Code,
            exchange.FailedAttempts is { } tries ? $"{failure.Detail}, after other tries ({string.Join("; ", tries)})" : failure.Detail,
            failure.Hint,
            context.Response.HasStarted ? "cut" : status.ToString(CultureInfo.InvariantCulture));
    }
}
