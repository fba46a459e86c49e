using Microsoft.Extensions.Logging;

namespace ParentProxy.Enclaves;

internal static partial class EnclaveLog
{
    [LoggerMessage(EventId = 100, Message = "Enclave {Enclave}: {From} -> {State}: {Reason}")]
    public static partial void StateChanged(ILogger logger, LogLevel level, Enclave enclave, string from, string state, string reason);

    [LoggerMessage(
        EventId = 101,
        Level = LogLevel.Warning,
        Message = "Enclave {Enclave} has been out since {Since:u} with {Count} requests that were sent to it and go nowhere else, "
            + "the oldest {Oldest} ago: {Waits}. They are answered when it comes back, and fail when that time is over")]
    public static partial void RequestsHeld(
        ILogger logger, Enclave enclave, DateTimeOffset since, int count, TimeSpan oldest, string waits);
}
