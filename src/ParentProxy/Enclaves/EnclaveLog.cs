using Microsoft.Extensions.Logging;

namespace ParentProxy.Enclaves;

internal static partial class EnclaveLog
{
    [LoggerMessage(EventId = 100, Message = "Enclave {Enclave}: {From} -> {State}: {Reason}")]
    public static partial void StateChanged(ILogger logger, LogLevel level, Enclave enclave, string from, string state, string reason);
}
