using Microsoft.Extensions.Logging;

namespace ParentProxy.Telemetry.AccessLog;

internal static partial class AccessLogWarnings
{
    [LoggerMessage(
        EventId = 700, Level = LogLevel.Warning,
        Message = "Access log: {Lines} lines were lost since the last such warning: {Reason}")]
    public static partial void Lost(ILogger logger, int lines, string reason);

    [LoggerMessage(
        EventId = 702, Level = LogLevel.Warning,
        Message = "Access log: {Refusals} refused requests had no line since the last such warning: there are more than "
            + "{PerSecond} a second. parentproxy_requests_refused_total and parentproxy_rate_limited_requests_total count them all")]
    public static partial void LeftOut(ILogger logger, long refusals, int perSecond);

    [LoggerMessage(
        EventId = 701, Level = LogLevel.Warning,
        Message = "Access log: {Path} is full and cannot be moved away, it grows on: {Reason}. Trying again in {Pause}")]
    public static partial void NotRotated(ILogger logger, string path, string reason, TimeSpan pause);
}
