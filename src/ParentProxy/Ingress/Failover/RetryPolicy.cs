using Microsoft.AspNetCore.Http;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Ingress.Pipeline;

namespace ParentProxy.Ingress.Failover;

/// <summary>
/// Decides whether a request that was sent to an enclave may be sent once more: only when doing it twice does no harm
/// (RFC 9110 §9.2.2), no byte of a response has come, its body can be had again, and the budget allows it.
/// </summary>
internal sealed class RetryPolicy(ActiveConfiguration configuration, EnclaveSelector selector, TimeProvider time)
{
    private readonly RetryBudget _budget = new(time);

    /// <summary>Attempts that followed on others so far, by reason.</summary>
    public RetryCounts Counts { get; } = new();

    /// <summary>What was refused over a limit so far.</summary>
    public RejectionCounts Rejections { get; } = new();

    private RetryOptions Options => configuration.Options.Retry;

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
    /// <param name="outgoing">What is sent of it.</param>
    /// <param name="unsentBytes">More than is read of a body before the first of it goes out.</param>
    public void BodyFound(HttpContext context, OutgoingRequest outgoing, int unsentBytes)
    {
        if (outgoing.Body is not null)
            return;
        outgoing.Record(Options is { Enabled: true, MaxBufferedBodyBytes: > 0 and var limit }
            && outgoing.IsIdempotent
            && !(context.Request.ContentLength > limit)
            ? new RecordedBody(limit, onlyUnsent: false)
            : new RecordedBody(unsentBytes, onlyUnsent: true));
    }

    /// <summary>
    /// Whether a request that has found its connection ended could always be saved. Else it takes none that the enclave may
    /// be about to end.
    /// </summary>
    public bool CanBeSaved(OutgoingRequest outgoing, long? contentLength) =>
        Options.Enabled
        && outgoing is { IsIdempotent: true, IsUpgrade: false }
        && (outgoing.Body is null || (outgoing.Body.IsKept && contentLength is not null));

    /// <summary>
    /// Takes a place for a request that follows at once on a fresh connection to the same enclave, which closed the idle one
    /// that it had. Never refused for the budget, since the enclave has hardly seen it; but a place that others have not then.
    /// </summary>
    public bool TryRepeatOnFresh(HttpContext context, Exchange exchange, Attempt attempt)
    {
        if (!attempt.HasSent)
            return exchange.Outgoing.IsWhole && IsOpen(context);
        if (!MayRepeatOnFresh(context, exchange, exchange.Attempts.Sent))
            return false;
        _budget.Take();
        return true;
    }

    /// <summary>
    /// Whether <see cref="TryRepeatOnFresh"/> would let a request follow that is under way on an idle connection, so that
    /// the response that came there can be let go of.
    /// </summary>
    public bool MayRepeatOnFresh(HttpContext context, Exchange exchange) => MayRepeatOnFresh(context, exchange, exchange.Attempts.Sent + 1);

    /// <summary>Takes the place of a retry for a request whose connection ended before any byte of a response.</summary>
    public bool TryRepeat(Exchange exchange)
    {
        if (!MayRepeat(exchange) || exchange.Attempts.Sent >= Options.MaxAttempts)
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
        // The attempt under way is not counted in Sent yet.
        return exchange.Attempts.Sent + 1 < Options.MaxAttempts
            && MayRepeat(exchange)
            && selector.HasOther(exchange.Search.Members, static member => member.DestinationId, attempt.Enclave)
            && _budget.TryTake(Options.BudgetPercent);
    }

    private static bool IsOpen(HttpContext context) => !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested;

    private bool MayRepeatOnFresh(HttpContext context, Exchange exchange, int sent) =>
        sent < Math.Max(2, Options.MaxAttempts) && MayRepeat(exchange) && IsOpen(context);

    private bool MayRepeat(Exchange exchange) =>
        Options.Enabled && exchange.Outgoing is { IsIdempotent: true, IsUpgrade: false, IsWhole: true };
}
