using System.Diagnostics.Metrics;
using ParentProxy.Configuration;

namespace ParentProxy.Enclaves.Discovery;

/// <summary>How discovery is doing; without a series while it is off. All of it is read when it is asked for.</summary>
internal static class DiscoveryInstruments
{
    /// <summary>Adds them to the meter of the proxy; an age counts from now until the first call succeeds.</summary>
    public static void Add(Meter meter, ActiveConfiguration configuration, DiscoveryMonitor discovery, TimeProvider time)
    {
        var started = time.GetUtcNow();
        meter.CreateObservableGauge(
            "parentproxy.discovery.age",
            () => IfEnabled(_ => Math.Max(0, (time.GetUtcNow() - (discovery.Status.LastSuccess ?? started)).TotalSeconds)),
            "s",
            "Since nitro-cli last told of the enclaves; since the start when it never has.");
        meter.CreateObservableGauge(
            "parentproxy.discovery.interval", () => IfEnabled(options => options.Interval.TotalSeconds), "s", "Discovery:Interval.");
        meter.CreateObservableCounter(
            "parentproxy.discovery.calls", () => IfEnabled(_ => discovery.Status.Calls), null, "Calls of nitro-cli that ended.");
        meter.CreateObservableCounter(
            "parentproxy.discovery.failures", () => IfEnabled(_ => discovery.Status.Failures), null, "Calls of nitro-cli that failed.");

        IEnumerable<Measurement<T>> IfEnabled<T>(Func<DiscoveryOptions, T> read)
            where T : struct => configuration.Options.Discovery is { Enabled: true } options ? [new Measurement<T>(read(options))] : [];
    }
}
