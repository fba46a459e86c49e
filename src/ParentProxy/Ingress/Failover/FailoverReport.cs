using System.Globalization;
using Microsoft.Extensions.Logging;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Ingress.Pipeline;

namespace ParentProxy.Ingress.Failover;

/// <summary>What the log says of requests that did not go well at once.</summary>
internal static class FailoverReport
{
    /// <summary>A request was answered after more than one attempt.</summary>
    public static void Retried(ILogger logger, Exchange exchange, List<FailedAttempt> failed)
    {
        // While an enclave restarts every request is redispatched some times; that they were sent again is news.
        var isNews = failed.Exists(attempt => attempt.Reason is not (RetryReason.Connect or RetryReason.Busy));
        var level = isNews ? LogLevel.Information : LogLevel.Debug;
        if (!logger.IsEnabled(level))
            return;
        IngressLog.RequestRetried(
            logger,
            level,
            exchange.Context.Request.Method,
            RawTarget.Path(exchange.RawTarget).ToString(),
            exchange.ClientAddress ?? "local",
            exchange.RequestId,
            exchange.Context.Response.StatusCode,
            Enclave(exchange),
            string.Join("; ", failed));
    }

    /// <summary>A request has failed.</summary>
    public static void Failed(ILogger logger, Exchange exchange, AttemptFailure failure)
    {
        var traits = FailureTable.Of(failure.Kind);
        if (!logger.IsEnabled(traits.Level))
            return;
        IngressLog.RequestFailed(
            logger,
            traits.Level,
            exchange.Context.Request.Method,
            RawTarget.Path(exchange.RawTarget).ToString(),
            exchange.ClientAddress ?? "local",
            exchange.RequestId,
            Enclave(exchange),
            failure.Code,
            exchange.Attempts.Failed is { } others ? $"{failure.Detail}, after other tries ({string.Join("; ", others)})" : failure.Detail,
            failure.Hint,
            exchange.Context.Response.HasStarted ? "cut" : traits.Status.ToString(CultureInfo.InvariantCulture));
    }

    private static string Enclave(Exchange exchange) => exchange.Attempts.Current?.Enclave.ToString() ?? "none";
}
