using Microsoft.Extensions.Logging;

namespace ParentProxy.Inside.Bridges;

internal static partial class BridgeLog
{
    [LoggerMessage(EventId = 1100, Level = LogLevel.Information, Message = "Listening on {Bridge}")]
    public static partial void Opened(ILogger logger, Bridge bridge);

    [LoggerMessage(EventId = 1101, Level = LogLevel.Information, Message = "{Listener} is closed; {Connections} connections go on")]
    public static partial void Closed(ILogger logger, string listener, int connections);

    [LoggerMessage(
        EventId = 1102,
        Level = LogLevel.Warning,
        Message = "A connection on {Bridge} was closed ({Code}): {Reason} It happened {Times} times more since this was said last")]
    public static partial void RefusedAgain(ILogger logger, Bridge bridge, string code, string reason, long times);

    [LoggerMessage(EventId = 1103, Level = LogLevel.Warning, Message = "A connection on {Bridge} was closed ({Code}): {Reason}")]
    public static partial void Refused(ILogger logger, Bridge bridge, string code, string reason);

    [LoggerMessage(
        EventId = 1104,
        Level = LogLevel.Error,
        Message = "{Listener} accepts nobody any more, by a fault of this program; start it again")]
    public static partial void AcceptEnded(ILogger logger, string listener, Exception exception);

    [LoggerMessage(EventId = 1105, Level = LogLevel.Error, Message = "A connection on {Bridge} was closed by a fault of this program")]
    public static partial void Fault(ILogger logger, Bridge bridge, Exception exception);

    [LoggerMessage(
        EventId = 1106,
        Level = LogLevel.Debug,
        Message = "A connection on {Bridge} is over after {Duration} ({Result}). {BytesIn} bytes came inside, {BytesOut} left")]
    public static partial void Ended(
        ILogger logger, Bridge bridge, TimeSpan duration, BridgeResult result, long bytesIn, long bytesOut);
}
