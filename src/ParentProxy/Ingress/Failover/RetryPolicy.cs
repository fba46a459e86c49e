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
        if (retry is { Enabled: true, MaxBufferedBodyBytes: > 0 } && !(context.Request.ContentLength > retry.MaxBufferedBodyBytes) && IsIdempotent(context.Request, retry))
            exchange.Body = new RecordedBody(retry.MaxBufferedBodyBytes);
    }

    /// <summary>Whether sending a request twice does no harm and can be done.</summary>
    public bool MayRepeat(HttpContext context, Exchange exchange)
    {
        var retry = configuration.Options.Retry;
        return retry.Enabled
            && !exchange.IsUpgrade
            && !context.Response.HasStarted
            && !context.RequestAborted.IsCancellationRequested
            && (!exchange.HasBody || exchange.Body is { IsWhole: true })
            && IsIdempotent(context.Request, retry);
    }

    /// <summary>
    /// Whether a request may follow at once on a fresh connection to the same enclave, which closed the idle one that it
    /// had. The enclave has hardly seen it, so this is no load that a budget would have to bound.
    /// </summary>
    public bool MayRepeatOnFresh(HttpContext context, Exchange exchange) =>
        exchange.Sent <= configuration.Options.Retry.MaxAttempts && MayRepeat(context, exchange);

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
