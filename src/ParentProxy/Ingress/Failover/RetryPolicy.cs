using Microsoft.AspNetCore.Http;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Ingress.Forwarding;

namespace ParentProxy.Ingress.Failover;

/// <summary>
/// Decides whether a request that was sent to an enclave may be sent once more: only when doing it twice does no harm
/// (RFC 9110 §9.2.2), no byte of an answer has come, its body can be had again, and the budget allows it.
/// </summary>
internal sealed class RetryPolicy(ActiveConfiguration configuration, EnclaveRegistry registry, TimeProvider time)
{
    /// <summary>More than is read of a body before the first of it goes out.</summary>
    private const int BytesBeforeSending = 64 * 1024;

    private readonly RetryBudget _budget = new(time);

    /// <summary>What was tried once more so far.</summary>
    public RetryCounts Counts { get; } = new();

    /// <summary>A request has come, a share of which makes the budget.</summary>
    public void CountRequest() => _budget.CountRequest();

    /// <summary>Notes that a request has a body, and has it recorded when it may have to be sent again.</summary>
    public void BodyFound(HttpContext context, Exchange exchange)
    {
        if (exchange.HasBody)
            return;
        exchange.HasBody = true;
        var retry = configuration.Options.Retry;
        exchange.Body = retry is { Enabled: true, MaxBufferedBodyBytes: > 0 } && !(context.Request.ContentLength > retry.MaxBufferedBodyBytes) && IsIdempotent(context.Request, retry)
            ? new RecordedBody(retry.MaxBufferedBodyBytes, onlyUnsent: false)
            : new RecordedBody(BytesBeforeSending, onlyUnsent: true);
    }

    /// <summary>Whether a request of which nothing was sent can be sent elsewhere: what was read of its body is still there.</summary>
    public static bool IsWhole(HttpContext context, Exchange exchange) =>
        !context.Response.HasStarted && (!exchange.HasBody || exchange.Body is { IsWhole: true });

    /// <summary>Whether sending a request twice does no harm and can be done.</summary>
    public bool MayRepeat(HttpContext context, Exchange exchange)
    {
        var retry = configuration.Options.Retry;
        return retry.Enabled
            && !exchange.IsUpgrade
            && !context.RequestAborted.IsCancellationRequested
            && IsWhole(context, exchange)
            && IsIdempotent(context.Request, retry);
    }

    /// <summary>
    /// Takes a place for a request that follows at once on a fresh connection to the same enclave, which closed the idle one
    /// that it had. Never refused for the budget, since the enclave has hardly seen it; but a place that others have not then.
    /// </summary>
    public bool TryRepeatOnFresh(HttpContext context, Exchange exchange)
    {
        if (exchange.Sent > configuration.Options.Retry.MaxAttempts || !MayRepeat(context, exchange))
            return false;
        _budget.Take();
        return true;
    }

    /// <summary>Takes the place of a retry for a request whose connection ended before any byte of an answer.</summary>
    public bool TryRepeat(HttpContext context, Exchange exchange)
    {
        if (!MayRepeat(context, exchange) || exchange.Sent >= configuration.Options.Retry.MaxAttempts)
            return false;
        if (_budget.TryTake(configuration.Options.Retry.BudgetPercent))
            return true;
        Counts.CountDenied();
        return false;
    }

    /// <summary>
    /// Takes the place of a retry for a request that waits for an enclave which has left the rotation; false when no other
    /// enclave could take it, or it has to go on waiting.
    /// </summary>
    public bool TryMove(Attempt attempt, Exchange exchange)
    {
        // The try under way is not counted in Sent yet.
        return exchange.Sent + 1 < configuration.Options.Retry.MaxAttempts
            && MayRepeat(exchange.Context, exchange)
            && HasOther(exchange, attempt.Enclave)
            && _budget.TryTake(configuration.Options.Retry.BudgetPercent);
    }

    private static bool IsIdempotent(HttpRequest request, RetryOptions retry) => request.Method switch
    {
        "GET" or "HEAD" or "OPTIONS" or "TRACE" or "PUT" or "DELETE" => true,
        "POST" or "PATCH" => retry.HonorIdempotencyKey && request.Headers["Idempotency-Key"] is [{ Length: > 0 }],
        _ => false,
    };

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
