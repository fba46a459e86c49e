using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Ingress.Kestrel.Refusals;
using ParentProxy.Telemetry.AccessLog;
using ParentProxy.Telemetry.Tracing;

namespace ParentProxy.Ingress.Pipeline;

/// <summary>Tells the access log of a request that is over.</summary>
internal static class AccessReport
{
    /// <summary>A response that took longer is logged as long as anything is.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(5);

    /// <summary>Writes the line of a request, if it is to have one.</summary>
    public static void Write(AccessLogger log, Exchange exchange)
    {
        var (attempts, outcome) = (exchange.Attempts, exchange.Outcome);
        if (outcome.Status is not { } status || !IsWanted(log, exchange, status))
            return;
        var (request, time) = (exchange.Context.Request, exchange.Time);
        var duration = time.GetElapsedTime(exchange.Started);
        log.Write(new AccessEvent
        {
            Time = time.GetUtcNow() - duration,
            Duration = duration,
            Method = request.Method,
            Target = RawTarget.Loggable(exchange.RawTarget),
            Protocol = request.Protocol,
            Status = status,
            RequestBytes = outcome.RequestBytes,
            ResponseBytes = outcome.ResponseBytes,
            Enclave = attempts.Reached?.Id,
            Attempts = attempts.Count,
            Queue = attempts.QueueTime,
            Connect = attempts.QueueTime is null ? null : attempts.ConnectTime,
            FirstByte = attempts.FirstByteTime,
            RetryReasons = attempts.Failed is { } failed ? Reasons(failed) : null,
            Failure = outcome.Refusal is { } reason ? RefusalReasons.Word(reason) : outcome.Failure?.Code,
            Detail = IsRefused(outcome) || outcome.TunnelEnd is not null ? outcome.Failure?.Detail : null,
            Tunnel = outcome.TunnelEnd is { } end ? TunnelEnds.Word(end) : null,
            Client = exchange.ClientAddress,
            RequestId = exchange.RequestId,
            ApplicationRequestId = outcome.ApplicationRequestId,
            TraceId = exchange.Span?.TraceId.ToHexString() ?? TraceFields.TraceId(request.Headers),
            Fields = request.Headers,
        });
    }

    private static bool IsWanted(AccessLogger log, Exchange exchange, int status) =>
        IsRefused(exchange.Outcome) ? log.WantsRefusal() : log.Wants(status, IsRemarkable(exchange, status));

    private static bool IsRefused(Outcome outcome) =>
        outcome.Refusal is not null || outcome.Failure?.Kind == FailureKind.RateLimited;

    /// <summary>A cut response has the status of a whole one. A tunnel is not slow for being used long.</summary>
    private static bool IsRemarkable(Exchange exchange, int status) =>
        status >= 500
        || exchange.Attempts.Failed is not null
        || (exchange.Outcome.Failure is { } failure && FailureTable.Of(failure.Kind).IsRemarkable)
        || exchange.Outcome.TunnelEnd is TunnelEnd.CutByEnclave or TunnelEnd.Fault
        || exchange.Outcome.Duration > Slow;

    private static string[] Reasons(List<FailedAttempt> failed) =>
        [.. failed.Select(attempt => attempt.Reason).Distinct().Select(reason => reason.ToString().ToLowerInvariant())];
}
