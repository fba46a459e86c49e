using Microsoft.Extensions.Logging;

namespace ParentProxy.Egress.Files;

internal static partial class FilesLog
{
    [LoggerMessage(EventId = 1050, Level = LogLevel.Information, Message = "{Enclave} got {Path}, {Bytes} bytes, on {Listener}")]
    public static partial void Sent(ILogger logger, EgressPeer enclave, string path, long bytes, string listener);

    [LoggerMessage(
        EventId = 1051,
        Level = LogLevel.Warning,
        Message = "{Enclave} got nothing on {Listener}: {Path} could not be opened: {Failure}")]
    public static partial void NotOpened(ILogger logger, EgressPeer enclave, string listener, string path, string failure);

    [LoggerMessage(
        EventId = 1052,
        Level = LogLevel.Warning,
        Message = "{Enclave} got but the first {Bytes} bytes of {Path} on {Listener}: {Failure}")]
    public static partial void Incomplete(ILogger logger, EgressPeer enclave, long bytes, string path, string listener, string failure);
}
