using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Ingress.Forwarding;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace ParentProxy.Ingress;

/// <summary>
/// First in YARP's pipeline: offers load balancing the enclaves that are usable, waits when there is none, and tries
/// again while nothing of the request was sent. Above the forwarder, because only here another enclave can be chosen.
/// </summary>
internal sealed class FailoverMiddleware(RequestDelegate next, EnclaveRegistry registry, ActiveConfiguration configuration, TimeProvider time, ILogger<FailoverMiddleware> logger)
{
    /// <summary>How long a request waits for news at most before it looks again.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How much longer than its patience a request may take in all. It lets the dial of a request's first try have its
    /// whole time.
    /// </summary>
    private static readonly TimeSpan DialSlack = TimeSpan.FromMilliseconds(200);

    private int _waiting;

    /// <summary>Serves one request.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        var exchange = Exchange.Of(context);
        var failure = RawTarget.ForEnclave(context.Request, exchange.RawTarget) is null
            ? new AttemptFailure(FailureKind.BadTarget, "400", "the request target names no path", "")
            : await ForwardAsync(context, exchange);
        if (failure is null)
            return;

        Report(context, exchange, failure);
        if (failure.Kind is not (FailureKind.ClientGone or FailureKind.TunnelEnded))
            await FailureAnswer.WriteAsync(context, failure.Kind, exchange.RequestId);
        else if (!context.Response.HasStarted)
            context.Abort(); // Else Kestrel would answer 200 in our place, should the client be there after all.
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<AttemptFailure?> ForwardAsync(HttpContext context, Exchange exchange)
    {
        var options = configuration.Options;
        var proxy = context.GetReverseProxyFeature();
        var cluster = proxy.Route.Cluster!;
        var patience = Longer(options.Timeouts.Connect, options.Retry.WaitForEnclave);
        exchange.DialDeadline = exchange.Started + (long)((patience + DialSlack).TotalSeconds * time.TimestampFrequency);
        AttemptFailure? last = null;
        HashSet<string>? tried = null;
        while (true)
        {
            var changed = registry.Changed.Next;
            var usable = Usable(cluster);
            if (usable.Count == 0)
            {
                if (Interlocked.Increment(ref _waiting) > options.Retry.MaxWaiting)
                {
                    Interlocked.Decrement(ref _waiting);
                    return new AttemptFailure(FailureKind.TooManyWaiting, "limit", $"{options.Retry.MaxWaiting} requests wait for an enclave already", "Retry:MaxWaiting sets the limit.");
                }

                var found = await WaitAsync(cluster, exchange, options.Retry.WaitForEnclave, context.RequestAborted);
                if (!found)
                    return last ?? NoneUsable(cluster);
                continue;
            }

            var untried = tried is null ? usable : Without(usable, tried);
            if (untried.Count == 0)
            {
                // All of them failed just now; the probes that this started have to speak first.
                if (Left() <= TimeSpan.Zero)
                    return last ?? NoneUsable(cluster);
                tried = null;
                await WakeSignal.WaitAsync(changed, Shorter(Left(), LookAgain), time, context.RequestAborted);
                continue;
            }

            proxy.AvailableDestinations = untried;
            exchange.Attempt = null;
            exchange.EnclaveHadLeft = false;
            await next(context);
            if (exchange.Attempt is null && !exchange.EnclaveHadLeft)
                return AnsweredBeforeForwarding(context);
            last = exchange.Attempt?.Failure;
            if (exchange.Attempt is not null && last?.Kind != FailureKind.NoEnclave)
                return last;

            // Nothing was sent: the dial failed, or the enclave had just left. Any method may be tried again.
            if (Left() <= TimeSpan.Zero || context.Response.HasStarted)
                return last ?? NoneUsable(cluster);
            context.Response.Clear();
            context.Features.Set<IForwarderErrorFeature>(null);
            (tried ??= new HashSet<string>(StringComparer.OrdinalIgnoreCase)).Add(proxy.ProxiedDestination!.DestinationId);
        }

        TimeSpan Left() => patience - time.GetElapsedTime(exchange.Started);
    }

    /// <summary>Session affinity answers by itself when the enclave of a session is away and its policy is to refuse then.</summary>
    private static AttemptFailure? AnsweredBeforeForwarding(HttpContext context) => context.Response.StatusCode == StatusCodes.Status503ServiceUnavailable
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

    /// <summary>Waits until an enclave is usable; false when the time is over. Leaves the room that was entered for it.</summary>
    private async Task<bool> WaitAsync(ClusterState cluster, Exchange exchange, TimeSpan patience, CancellationToken cancellationToken)
    {
        var awaited = new HashSet<Enclave>();
        try
        {
            while (true)
            {
                var changed = registry.Changed.Next;
                if (Usable(cluster).Count > 0)
                    return true;

                // A reload may bring another one meanwhile.
                foreach (var enclave in cluster.DestinationsState.AllDestinations.Select(d => registry.Find(d.DestinationId)).OfType<Enclave>())
                {
                    if (awaited.Add(enclave))
                        enclave.BeginWaiting();
                }

                var left = patience - time.GetElapsedTime(exchange.Started);
                if (left <= TimeSpan.Zero)
                    return false;
                await WakeSignal.WaitAsync(changed, Shorter(left, LookAgain), time, cancellationToken);
            }
        }
        finally
        {
            foreach (var enclave in awaited)
                enclave.EndWaiting();
            Interlocked.Decrement(ref _waiting);
        }
    }

    private AttemptFailure NoneUsable(ClusterState cluster)
    {
        var states = cluster.DestinationsState.AllDestinations
            .Select(d => registry.Find(d.DestinationId))
            .OfType<Enclave>()
            .Select(e => $"{e} is {e.Status.State.ToString().ToLowerInvariant()} ({e.Status.LastProbe?.Code ?? "not probed"})");
        return new AttemptFailure(FailureKind.NoEnclave, "unavailable", $"no enclave is usable: {string.Join(", ", states)}", "The admin listener's /health tells why.");
    }

    private void Report(HttpContext context, Exchange exchange, AttemptFailure failure)
    {
        var level = failure.Kind is FailureKind.ClientGone or FailureKind.TunnelEnded or FailureKind.BadTarget or FailureKind.BadRequest or FailureKind.BadRequestBody or FailureKind.BodyTooLarge or FailureKind.ClientIdle
            ? LogLevel.Debug
            : LogLevel.Warning;
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
            failure.Detail,
            failure.Hint,
            context.Response.HasStarted ? "cut" : FailureAnswer.Status(failure.Kind).ToString(System.Globalization.CultureInfo.InvariantCulture));
    }
}
