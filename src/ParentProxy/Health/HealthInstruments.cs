using System.Diagnostics.Metrics;
using ParentProxy.Configuration;

namespace ParentProxy.Health;

/// <summary>The verdict of <c>/health</c> and what it is made of. All of it is read when it is asked for.</summary>
internal static class HealthInstruments
{
    /// <summary>Adds them to the meter of the proxy.</summary>
    /// <param name="meter">The meter.</param>
    /// <param name="configuration">What is in effect.</param>
    /// <param name="drain">How far the stop has come.</param>
    /// <param name="summary">The health of the whole at this moment.</param>
    public static void Add(Meter meter, ActiveConfiguration configuration, DrainState drain, Func<HealthSummary> summary)
    {
        meter.CreateObservableGauge(
            "parentproxy.enclaves.healthy", () => summary().Healthy, null, "Enclaves whose probes succeed, as /health counts them.");
        meter.CreateObservableGauge(
            "parentproxy.enclaves.known",
            () => summary().Total,
            null,
            "Enclaves that are configured or were discovered, as /health counts them.");
        meter.CreateObservableGauge(
            "parentproxy.enclaves.required",
            () => configuration.Options.Health.MinHealthy,
            null,
            "Health:MinHealthy: with fewer healthy enclaves /health is 503.");
        meter.CreateObservableGauge(
            "parentproxy.draining", () => drain.IsDraining ? 1 : 0, null, "Whether the program is on its way to its end.");
        meter.CreateObservableGauge(
            "parentproxy.ready",
            () => summary().IsReady ? 1 : 0,
            null,
            "1 while /health/ready is 200: traffic should come here; 0 while it is 503.");
    }
}
