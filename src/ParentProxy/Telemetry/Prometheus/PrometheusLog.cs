using Microsoft.Extensions.Logging;

namespace ParentProxy.Telemetry.Prometheus;

internal static partial class PrometheusLog
{
    [LoggerMessage(EventId = 600, Level = LogLevel.Error, Message = "A scrape failed: the metrics could not be collected")]
    public static partial void ScrapeFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 601, Level = LogLevel.Warning, Message = "The metrics {Family} are left out of every scrape: instruments of different types have that name")]
    public static partial void FamilyLeftOut(ILogger logger, string family);
}
