using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Health;
using ParentProxy.Hosting;
using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Kestrel;
using ParentProxy.Ingress.Kestrel.Refusals;
using ParentProxy.Runtime;
using ParentProxy.Telemetry.AccessLog;

namespace ParentProxy.Telemetry.Metrics;

/// <summary>What is told of the proxy as a whole. All of it is read when it is asked for.</summary>
internal sealed class ProxyInstruments(
    ActiveConfiguration configuration,
    EnclaveRegistry registry,
    RetryPolicy retries,
    DiscoveryMonitor discovery,
    DrainState drain,
    ReloadStatus reloads,
    AccessLogger accessLog,
    RefusalCounts refusals,
    Func<IEnumerable<IngressListener>> listeners,
    Func<string?> refusal,
    TimeProvider time)
{
    private static readonly RetryReason[] Reasons = Enum.GetValues<RetryReason>();

    private readonly DateTimeOffset _started = time.GetUtcNow();

    /// <summary>Adds them to a meter.</summary>
    public void Add(Meter meter)
    {
        AddRequests(meter);
        AddListeners(meter);
        AddHealth(meter);
        AddDiscovery(meter);
        AddHosting(meter);
        AddAccessLog(meter);
    }

    private static Measurement<T> Labelled<T>(T value, string label, string text) where T : struct => new(value, new KeyValuePair<string, object?>(label, text));

    private static double Seconds(DateTimeOffset moment) => moment.ToUnixTimeMilliseconds() / 1000.0;

    private void AddRequests(Meter meter)
    {
        meter.CreateObservableCounter("parentproxy.retries", () => Reasons.Select(reason => Labelled(retries.Counts.Of(reason), "reason", reason.ToString().ToLowerInvariant())), null, "Tries after the first one of a request by the reason for them; of connect and busy nothing had been sent.");
        meter.CreateObservableCounter("parentproxy.retries.denied", () => retries.Counts.Denied, null, "Requests that were not sent again because the budget was spent.");
        meter.CreateObservableGauge("parentproxy.retry_budget.ratio", () => configuration.Options.Retry.BudgetPercent / 100.0, null, "Retry:BudgetPercent as a share of the requests.");
        meter.CreateObservableGauge("parentproxy.requests.waiting", () => new[]
        {
            Labelled(registry.All.Sum(enclave => enclave.Queued), "reason", "connection"),
            Labelled(retries.Waiting, "reason", "enclave"),
        }, null, "Requests that wait for a free connection, or because no enclave can be dialled.");
        meter.CreateObservableCounter("parentproxy.requests.rejected", () => new[]
        {
            Labelled(retries.Rejections.Connections, "limit", "connections"),
            Labelled(retries.Rejections.Tunnels, "limit", "tunnels"),
            Labelled(retries.Rejections.Waiting, "limit", "waiting"),
        }, null, "Requests that were refused over a limit.");
        meter.CreateObservableCounter("parentproxy.requests.refused", () => RefusalReasons.All.Select(reason => Labelled(refusals.Of(reason), "reason", RefusalReasons.Word(reason))), null, "Requests that were refused for what they are, by us or by Kestrel.");
    }

    private void AddListeners(Meter meter)
    {
        meter.CreateObservableGauge("parentproxy.client_connections", () => listeners().Select(l => Labelled(l.Connections, "listener", l.EndPoint.ToString() ?? "")), null, "Open connections of clients.");
        meter.CreateObservableCounter("parentproxy.client_connections.rejected", () => listeners().Select(l => Labelled(l.Rejected, "listener", l.EndPoint.ToString() ?? "")), null, "Connections of clients that were closed at once over Limits:MaxConnections.");
    }

    private void AddHealth(Meter meter)
    {
        meter.CreateObservableGauge("parentproxy.enclaves.healthy", () => Summary().Healthy, null, "Enclaves whose probes succeed, as /health counts them.");
        meter.CreateObservableGauge("parentproxy.enclaves.known", () => Summary().Total, null, "Enclaves that are configured or were discovered, as /health counts them.");
        meter.CreateObservableGauge("parentproxy.enclaves.required", () => configuration.Options.Health.MinHealthy, null, "Health:MinHealthy: with fewer healthy enclaves /health is 503.");
        meter.CreateObservableGauge("parentproxy.draining", () => drain.IsDraining ? 1 : 0, null, "Whether the program is on its way to its end.");

        meter.CreateObservableGauge("parentproxy.ready", () => Summary().IsReady ? 1 : 0, null, "1 while /health/ready is 200: traffic should come here; 0 while it is 503.");

        HealthSummary Summary() => HealthSummary.Of(registry, configuration, drain, refusal());
    }

    private void AddDiscovery(Meter meter)
    {
        meter.CreateObservableGauge("parentproxy.discovery.age", () => IfEnabled(options => Math.Max(0, (time.GetUtcNow() - (discovery.Status.LastSuccess ?? _started)).TotalSeconds)), "s", "Since nitro-cli last told of the enclaves; since the start when it never has.");
        meter.CreateObservableGauge("parentproxy.discovery.interval", () => IfEnabled(options => options.Interval.TotalSeconds), "s", "Discovery:Interval.");
        meter.CreateObservableCounter("parentproxy.discovery.calls", () => IfEnabled(_ => discovery.Status.Calls), null, "Calls of nitro-cli that ended.");
        meter.CreateObservableCounter("parentproxy.discovery.failures", () => IfEnabled(_ => discovery.Status.Failures), null, "Calls of nitro-cli that failed.");

        IEnumerable<Measurement<T>> IfEnabled<T>(Func<DiscoveryOptions, T> read) where T : struct =>
            configuration.Options.Discovery is { Enabled: true } options ? [new Measurement<T>(read(options))] : [];
    }

    private void AddAccessLog(Meter meter)
    {
        meter.CreateObservableCounter("parentproxy.access_log.lines", () => accessLog.Lines, null, "Lines of the access log that were written.");
        meter.CreateObservableCounter("parentproxy.access_log.dropped", () => accessLog.Dropped, null, "Lines of the access log that were lost: the sink was too slow, or refused them.");
    }

    private void AddHosting(Meter meter)
    {
        meter.CreateObservableCounter("parentproxy.config.reloads", () => new[]
        {
            Labelled(reloads.Successes, "result", "success"),
            Labelled(reloads.Failures, "result", "failure"),
        }, null, "Reloads of the configuration; of a failure nothing takes effect.");
        meter.CreateObservableGauge("parentproxy.config.last_reload.successful", () => reloads.LastSucceeded ? 1 : 0, null, "Whether the last reload took effect.");
        meter.CreateObservableGauge("parentproxy.config.last_reload.success.timestamp", () => Seconds(reloads.InEffectSince), "s", "When the configuration took effect that is in effect, in seconds since 1970.");
        meter.CreateObservableGauge("parentproxy.build.info", () => new Measurement<int>(
            1,
            new KeyValuePair<string, object?>("version", ProgramVersion.Text),
            new KeyValuePair<string, object?>("runtime", RuntimeInformation.FrameworkDescription)), null, "What runs here.");
    }
}
