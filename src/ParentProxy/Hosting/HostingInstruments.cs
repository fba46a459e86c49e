using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using ParentProxy.Runtime;
using ParentProxy.Telemetry.Metrics;

namespace ParentProxy.Hosting;

/// <summary>What runs here, and how its reloads went. All of it is read when it is asked for.</summary>
internal static class HostingInstruments
{
    /// <summary>Adds them to the meter of the proxy.</summary>
    public static void Add(Meter meter, ReloadStatus reloads)
    {
        meter.CreateObservableCounter(
            "parentproxy.config.reloads",
            () => new[]
            {
                Labelled.Value(reloads.Successes, "result", "success"),
                Labelled.Value(reloads.Failures, "result", "failure"),
            },
            null,
            "Reloads of the configuration; of a failure nothing takes effect.");
        meter.CreateObservableGauge(
            "parentproxy.config.last_reload.successful",
            () => reloads.LastSucceeded ? 1 : 0,
            null,
            "Whether the last reload took effect.");
        meter.CreateObservableGauge(
            "parentproxy.config.last_reload.success.timestamp",
            () => reloads.InEffectSince.ToUnixTimeMilliseconds() / 1000.0,
            "s",
            "When the configuration took effect that is in effect, in seconds since 1970.");
        meter.CreateObservableGauge(
            "parentproxy.build.info",
            () => new Measurement<int>(
                1,
                new KeyValuePair<string, object?>("version", ProgramVersion.Text),
                new KeyValuePair<string, object?>("runtime", RuntimeInformation.FrameworkDescription)),
            null,
            "What runs here.");
    }
}
