using Microsoft.Extensions.Logging;

namespace ParentProxy.Telemetry.Metrics;

internal static partial class MetricsLog
{
    [LoggerMessage(EventId = 600, Level = LogLevel.Error,
        Message = "A scrape failed: the metrics could not be collected. To see why, create OTEL_DIAGNOSTICS.json "
            + "(OpenTelemetry self-diagnostics) in the working directory and scrape again")]
    public static partial void ScrapeFailed(ILogger logger);
}
