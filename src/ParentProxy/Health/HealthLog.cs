using Microsoft.Extensions.Logging;
using ParentProxy.Enclaves;

namespace ParentProxy.Health;

internal static partial class HealthLog
{
    [LoggerMessage(EventId = 200, Level = LogLevel.Debug, Message = "Probe of enclave {Enclave}: {Code}: {Detail}")]
    public static partial void Probed(ILogger logger, Enclave enclave, string code, string detail);

    [LoggerMessage(
        EventId = 201,
        Level = LogLevel.Critical,
        Message = "The probes of enclave {Enclave} ended by a fault; restart the service and report this")]
    public static partial void LoopFailed(ILogger logger, Enclave enclave, Exception exception);
}
