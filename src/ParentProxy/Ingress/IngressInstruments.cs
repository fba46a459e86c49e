using System.Diagnostics.Metrics;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Kestrel.Refusals;
using ParentProxy.Ingress.Limiting;
using ParentProxy.Telemetry.Metrics;

namespace ParentProxy.Ingress;

/// <summary>What is told of requests as a whole and of the public listeners. All of it is read when it is asked for.</summary>
internal static class IngressInstruments
{
    private static readonly RetryReason[] Reasons = Enum.GetValues<RetryReason>();
    private static readonly RateLimitScope[] Scopes = Enum.GetValues<RateLimitScope>();

    /// <summary>Adds them to the meter of the proxy.</summary>
    public static void Add(
        Meter meter,
        ActiveConfiguration configuration,
        EnclaveRegistry registry,
        EnclaveSelector selector,
        RetryPolicy retries,
        IngressServer server)
    {
        AddRetries(meter, configuration, retries);
        AddRequests(meter, registry, selector, retries, server.Refusals);
        AddRateLimits(meter, server.RateLimits);
        AddListeners(meter, server);
    }

    private static void AddRetries(Meter meter, ActiveConfiguration configuration, RetryPolicy retries)
    {
        meter.CreateObservableCounter(
            "parentproxy.retries",
            () => Reasons.Select(reason => Labelled.Value(retries.Counts.Of(reason), "reason", reason.ToString().ToLowerInvariant())),
            null,
            "Tries after the first one of a request by the reason for them; of connect and busy nothing had been sent.");
        meter.CreateObservableCounter(
            "parentproxy.retries.denied",
            () => retries.Counts.Denied,
            null,
            "Requests that were not sent again because the budget was spent.");
        meter.CreateObservableGauge(
            "parentproxy.retry_budget.ratio",
            () => configuration.Options.Retry.BudgetPercent / 100.0,
            null,
            "Retry:BudgetPercent as a share of the requests.");
    }

    private static void AddRequests(
        Meter meter, EnclaveRegistry registry, EnclaveSelector selector, RetryPolicy retries, RefusalCounts refusals)
    {
        meter.CreateObservableGauge(
            "parentproxy.requests.waiting",
            () => new[]
            {
                Labelled.Value(registry.All.Sum(enclave => enclave.Queued), "reason", "connection"),
                Labelled.Value(selector.Waiting, "reason", "enclave"),
            },
            null,
            "Requests that wait for a free connection, or because no enclave can be dialled.");
        meter.CreateObservableCounter(
            "parentproxy.requests.rejected",
            () => new[]
            {
                Labelled.Value(retries.Rejections.Connections, "limit", "connections"),
                Labelled.Value(retries.Rejections.Tunnels, "limit", "tunnels"),
                Labelled.Value(retries.Rejections.Waiting, "limit", "waiting"),
            },
            null,
            "Requests that were refused over a limit.");
        meter.CreateObservableCounter(
            "parentproxy.requests.refused",
            () => RefusalReasons.All.Select(reason => Labelled.Value(refusals.Of(reason), "reason", RefusalReasons.Word(reason))),
            null,
            "Requests that were refused for what they are, by us or by Kestrel.");
    }

    private static void AddRateLimits(Meter meter, RateLimits limits) => meter.CreateObservableCounter(
        "parentproxy.rate_limited_requests",
        () => limits.Rules.SelectMany(rule => Scopes.Select(scope => new Measurement<long>(
            rule.Counts.Of(scope),
            new KeyValuePair<string, object?>("path", rule.Options.Path),
            new KeyValuePair<string, object?>("scope", scope.ToString().ToLowerInvariant())))),
        null,
        "Requests that were refused with 429 over Limits:RateLimits.");

    private static void AddListeners(Meter meter, IngressServer server)
    {
        meter.CreateObservableGauge(
            "parentproxy.client_connections",
            () => server.Open.Select(l => Labelled.Value(l.Connections, "listener", l.EndPoint.ToString() ?? "")),
            null,
            "Open connections of clients.");
        meter.CreateObservableCounter(
            "parentproxy.client_connections.rejected",
            () => server.Open.Select(l => Labelled.Value(l.Rejected, "listener", l.EndPoint.ToString() ?? "")),
            null,
            "Connections of clients that were closed at once over Limits:MaxConnections.");
        meter.CreateObservableCounter(
            "parentproxy.client_connections.refused",
            () => server.Open.SelectMany(l => ConnectionRefusals.All.Select(reason => new Measurement<long>(
                l.Refusals.Of(reason),
                new KeyValuePair<string, object?>("listener", l.EndPoint.ToString()),
                new KeyValuePair<string, object?>("reason", ConnectionRefusals.Word(reason))))),
            null,
            "Connections that were closed because they begin with a wrong PROXY protocol header, or without the one required.");
    }
}
