using Microsoft.Extensions.Logging;
using ParentProxy.Enclaves;

namespace ParentProxy.Trust;

internal static partial class TrustLog
{
    [LoggerMessage(EventId = 1200, Level = LogLevel.Information, Message = "Attestation of enclave {Enclave}: verified: {Detail}")]
    public static partial void Verified(ILogger logger, Enclave enclave, string detail);

    [LoggerMessage(EventId = 1201, Level = LogLevel.Warning, Message = "Attestation of enclave {Enclave}: {Verdict}: {Detail}")]
    public static partial void NotVerified(ILogger logger, Enclave enclave, string verdict, string detail);

    [LoggerMessage(
        EventId = 1202,
        Level = LogLevel.Critical,
        Message = "The attestation of enclave {Enclave} ended by a fault; restart the service and report this")]
    public static partial void LoopFailed(ILogger logger, Enclave enclave, Exception exception);
}
