using Microsoft.AspNetCore.Http;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Ingress.Pipeline;

namespace ParentProxy.Ingress.Failover;

/// <summary>
/// Decides whether a request that was sent to an enclave may be sent once more: only when doing it twice does no harm
/// (RFC 9110 §9.2.2), no byte of an answer has come, its body can be had again, and the budget allows it.
/// </summary>
internal sealed class RetryPolicy(ActiveConfiguration configuration, EnclaveRegistry registry, TimeProvider time)
{
    private readonly RetryBudget _budget = new(time);
    private int _waiting;

    /// <summary>What was tried once more so far.</summary>
    public RetryCounts Counts { get; } = new();

    /// <summary>What was refused over a limit so far.</summary>
    public RejectionCounts Rejections { get; } = new();

    /// <summary>Requests that wait because no enclave can be dialled.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    private RetryOptions Options => configuration.Options.Retry;

    /// <summary>A request begins to wait for an enclave; false when too many do already.</summary>
    public bool TryBeginWaiting()
    {
        if (Interlocked.Increment(ref _waiting) <= Options.MaxWaiting)
            return true;
        EndWaiting();
        return false;
    }

    /// <summary>A request stops waiting.</summary>
    public void EndWaiting() => Interlocked.Decrement(ref _waiting);

    /// <summary>A request has come, a share of which makes the budget.</summary>
    public void CountRequest() => _budget.CountRequest();

    /// <summary>Whether doing a request twice does no harm.</summary>
    public bool IsIdempotent(HttpRequest request) => request.Method switch
    {
        "GET" or "HEAD" or "OPTIONS" or "TRACE" or "PUT" or "DELETE" => true,
        "POST" or "PATCH" => Options.HonorIdempotencyKey && request.Headers["Idempotency-Key"] is [{ Length: > 0 }],
        _ => false,
    };

    /// <summary>Notes that a request has a body, and has it recorded: to be sent again, or else until its first byte is out.</summary>
    /// <param name="context">The request.</param>
    /// <param name="exchange">What is known of it.</param>
    /// <param name="unsentBytes">More than is read of a body before the first of it goes out.</param>
    public void BodyFound(HttpContext context, Exchange exchange, int unsentBytes)
    {
        if (exchange.HasBody)
            return;
        exchange.HasBody = true;
        exchange.Body = Options is { Enabled: true, MaxBufferedBodyBytes: > 0 and var limit } && exchange.IsIdempotent && !(context.Request.ContentLength > limit)
            ? new RecordedBody(limit, onlyUnsent: false)
            : new RecordedBody(unsentBytes, onlyUnsent: true);
    }

    /// <summary>Whether the request can be sent again from its beginning: what was read of its body is still there.</summary>
    public static bool IsWhole(Exchange exchange) => !exchange.HasBody || exchange.Body is { IsWhole: true };

    /// <summary>
    /// Whether a request that has found its connection ended could always be saved. Else it takes none that the enclave may
    /// be about to end.
    /// </summary>
    public bool CanBeSaved(Exchange exchange, long? contentLength) =>
        Options.Enabled && exchange.IsIdempotent && !exchange.IsUpgrade && (!exchange.HasBody || (exchange.Body is { IsKept: true } && contentLength is not null));

    /// <summary>
    /// Takes a place for a request that follows at once on a fresh connection to the same enclave, which closed the idle one
    /// that it had. Never refused for the budget, since the enclave has hardly seen it; but a place that others have not then.
    /// </summary>
    public bool TryRepeatOnFresh(HttpContext context, Exchange exchange, Attempt attempt)
    {
        if (!attempt.HasSent)
            return IsWhole(exchange) && IsOpen(context);
        if (!MayRepeatOnFresh(context, exchange, exchange.Sent))
            return false;
        _budget.Take();
        return true;
    }

    /// <summary>
    /// Whether <see cref="TryRepeatOnFresh"/> would let a request follow that is under way on an idle connection, so that what
    /// it was answered there can be let go of.
    /// </summary>
    public bool MayRepeatOnFresh(HttpContext context, Exchange exchange) => MayRepeatOnFresh(context, exchange, exchange.Sent + 1);

    /// <summary>Takes the place of a retry for a request whose connection ended before any byte of an answer.</summary>
    public bool TryRepeat(Exchange exchange)
    {
        if (!MayRepeat(exchange) || exchange.Sent >= Options.MaxAttempts)
            return false;
        if (_budget.TryTake(Options.BudgetPercent))
            return true;
        Counts.CountDenied();
        return false;
    }

    /// <summary>
    /// Takes the place of a retry for a request that waits for an enclave which has left the rotation; false when no other
    /// enclave could take it, or it has to go on waiting. Runs beside the request, of which it touches nothing.
    /// </summary>
    public bool TryMove(Attempt attempt, Exchange exchange)
    {
        // The try under way is not counted in Sent yet.
        return exchange.Sent + 1 < Options.MaxAttempts
            && MayRepeat(exchange)
            && HasOther(exchange, attempt.Enclave)
            && _budget.TryTake(Options.BudgetPercent);
    }

    private static bool IsOpen(HttpContext context) => !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested;

    private bool MayRepeatOnFresh(HttpContext context, Exchange exchange, int sent) =>
        sent < Math.Max(2, Options.MaxAttempts) && MayRepeat(exchange) && IsOpen(context);

    private bool MayRepeat(Exchange exchange) => Options.Enabled && exchange is { IsIdempotent: true, IsUpgrade: false } && IsWhole(exchange);

    private bool HasOther(Exchange exchange, Enclave enclave)
    {
        foreach (var destination in exchange.Cluster?.DestinationsState.AllDestinations ?? [])
        {
            if (registry.Find(destination.DestinationId) is { IsUsable: true } other && other != enclave)
                return true;
        }

        return false;
    }
}
