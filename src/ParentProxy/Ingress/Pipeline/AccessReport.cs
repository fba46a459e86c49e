using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Ingress.Kestrel.Refusals;
using ParentProxy.Telemetry.AccessLog;
using ParentProxy.Telemetry.Tracing;

namespace ParentProxy.Ingress.Pipeline;

/// <summary>Tells the access log of a request that is over.</summary>
internal static class AccessReport
{
    /// <summary>An answer that took longer is logged as long as anything is.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(5);

    /// <summary>Writes the line of a request, if it is to have one.</summary>
    public static void Write(AccessLogger log, Exchange exchange)
    {
        if (exchange.Status is not { } status || !IsWanted(log, exchange, status))
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
            RequestBytes = exchange.RequestBytes,
            ResponseBytes = exchange.ResponseBytes,
            Enclave = exchange.Reached?.Id,
            Attempts = exchange.AttemptCount,
            Queue = exchange.QueueTime,
            Connect = exchange.QueueTime is null ? null : exchange.ConnectTime,
            FirstByte = exchange.FirstByteTime,
            RetryReasons = exchange.FailedAttempts is { } tries ? Reasons(tries) : null,
            Failure = exchange.Refusal is { } reason ? RefusalReasons.Word(reason) : exchange.Failure?.Code,
            Detail = exchange.Refusal is null && exchange.TunnelEnd is null ? null : exchange.Failure?.Detail,
            Tunnel = exchange.TunnelEnd is { } end ? TunnelEnds.Word(end) : null,
            Client = exchange.ClientAddress,
            RequestId = exchange.RequestId,
            ApplicationRequestId = exchange.ApplicationRequestId,
            TraceId = exchange.Span?.TraceId.ToHexString() ?? TraceFields.TraceId(request.Headers),
            Fields = request.Headers,
        });
    }

    private static bool IsWanted(AccessLogger log, Exchange exchange, int status) =>
        exchange.Refusal is null ? log.Wants(status, IsRemarkable(exchange, status)) : log.WantsRefusal();

    /// <summary>A cut answer has the status of a whole one. A tunnel is not slow for being used long.</summary>
    private static bool IsRemarkable(Exchange exchange, int status) =>
        status >= 500
        || exchange.FailedAttempts is not null
        || (exchange.Failure is { } failure && FailureTable.Of(failure.Kind).IsRemarkable)
        || exchange.TunnelEnd is TunnelEnd.CutByEnclave or TunnelEnd.Fault
        || exchange.Duration > Slow;

    private static string[] Reasons(List<FailedAttempt> tries) =>
        [.. tries.Select(t => t.Reason).Distinct().Select(reason => reason.ToString().ToLowerInvariant())];
}
