using System.Diagnostics.Metrics;

namespace ParentProxy.Telemetry.AccessLog;

/// <summary>How many lines became of the requests. Both counts are read when they are asked for.</summary>
internal static class AccessLogInstruments
{
    /// <summary>Adds them to the meter of the proxy.</summary>
    public static void Add(Meter meter, AccessLogger accessLog)
    {
        meter.CreateObservableCounter(
            "parentproxy.access_log.lines", () => accessLog.Lines, null, "Lines of the access log that were written.");
        meter.CreateObservableCounter(
            "parentproxy.access_log.dropped",
            () => accessLog.Dropped,
            null,
            "Lines of the access log that were lost: the sink was too slow, or refused them.");
    }
}
