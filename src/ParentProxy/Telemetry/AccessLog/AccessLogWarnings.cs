using Microsoft.Extensions.Logging;

namespace ParentProxy.Telemetry.AccessLog;

internal static partial class AccessLogWarnings
{
    [LoggerMessage(EventId = 600, Level = LogLevel.Warning, Message = "Access log: {Lines} lines were lost since the last such warning: {Reason}")]
    public static partial void Lost(ILogger logger, int lines, string reason);
}
