using Microsoft.Extensions.Logging;

namespace ParentProxy.Telemetry.Metrics;

internal static partial class MetricsLog
{
    [LoggerMessage(EventId = 600, Level = LogLevel.Error, Message = "A scrape failed: the metrics could not be collected. A file OTEL_DIAGNOSTICS.json makes OpenTelemetry say why")]
    public static partial void ScrapeFailed(ILogger logger);
}
