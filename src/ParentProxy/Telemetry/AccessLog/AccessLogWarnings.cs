using Microsoft.Extensions.Logging;

namespace ParentProxy.Telemetry.AccessLog;

internal static partial class AccessLogWarnings
{
    [LoggerMessage(EventId = 700, Level = LogLevel.Warning, Message = "Access log: {Lines} lines were lost since the last such warning: {Reason}")]
    public static partial void Lost(ILogger logger, int lines, string reason);

    [LoggerMessage(EventId = 701, Level = LogLevel.Warning, Message = "Access log: {Path} is full and cannot be moved away, it grows on: {Reason}. Trying again in {Pause}")]
    public static partial void NotRotated(ILogger logger, string path, string reason, TimeSpan pause);
}
