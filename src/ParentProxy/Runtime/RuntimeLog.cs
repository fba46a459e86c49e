using Microsoft.Extensions.Logging;

namespace ParentProxy.Runtime;

internal static partial class RuntimeLog
{
    [LoggerMessage(EventId = 800, Level = LogLevel.Critical, Message = "The {Work} ended by a fault; restart the service and report this")]
    public static partial void LoopFailed(ILogger logger, string work, Exception exception);
}
