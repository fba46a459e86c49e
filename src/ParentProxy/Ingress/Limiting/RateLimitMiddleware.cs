using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Ingress.Pipeline;

namespace ParentProxy.Ingress.Limiting;

/// <summary>Refuses the requests that are over a rate of <c>Limits:RateLimits</c>, before anything of them reaches an enclave.</summary>
internal sealed class RateLimitMiddleware(RequestDelegate next, RateLimits limits, ILogger<RateLimitMiddleware> logger)
{
    /// <summary>Refuses one request, or leaves it to those behind.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        var exchange = Exchange.Of(context);
        return limits.Find(exchange.RawTarget) is { } rule && rule.Exceeded(exchange.ClientAddress) is { } scope
            ? RefuseAsync(context, exchange, rule, scope)
            : next(context);
    }

    private Task RefuseAsync(HttpContext context, Exchange exchange, RateLimitRule rule, RateLimitScope scope)
    {
        var options = rule.Options;
        var key = scope == RateLimitScope.Client ? nameof(options.PerClient) : nameof(options.Total);
        var limit = string.Create(CultureInfo.InvariantCulture, $"{key} {rule.Rate(scope)} in {options.Window:c}");
        if (rule.Counts.Count(scope) is > 0 and var count)
            IngressLog.RateLimited(logger, options.Path, count, exchange.ClientAddress ?? "-", limit);
        var failure = new AttemptFailure(
            FailureKind.RateLimited, "rate_limited", $"over {limit} for {options.Path}", "Limits:RateLimits sets the limit.");
        return ExchangeMiddleware.FailAsync(context, exchange, failure, rule.RetryAfter(scope));
    }
}
