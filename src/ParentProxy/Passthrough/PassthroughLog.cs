using Microsoft.Extensions.Logging;
using ParentProxy.Enclaves;

namespace ParentProxy.Passthrough;

internal static partial class PassthroughLog
{
    [LoggerMessage(
        EventId = 900,
        Message = "Connection of {Client} on {Listener} to enclave {Enclave} is over after {Duration}: {End}. "
            + "{BytesFromClient} bytes from the client, {BytesFromEnclave} from the enclave{Details}")]
    public static partial void Ended(
        ILogger logger,
        LogLevel level,
        string client,
        string listener,
        Enclave enclave,
        TimeSpan duration,
        string end,
        long bytesFromClient,
        long bytesFromEnclave,
        string details);

    [LoggerMessage(
        EventId = 901,
        Level = LogLevel.Warning,
        Message = "Connection of {Client} on {Listener} was refused ({Reason}): {Detail}")]
    public static partial void Refused(ILogger logger, string client, string listener, string reason, string detail);

    [LoggerMessage(
        EventId = 902,
        Level = LogLevel.Error,
        Message = "{Listener} accepts nobody any more, by a fault of this program; restart the service")]
    public static partial void AcceptEnded(ILogger logger, string listener, Exception exception);

    [LoggerMessage(
        EventId = 903,
        Level = LogLevel.Error,
        Message = "Connection of {Client} on {Listener} was closed by a fault of this program")]
    public static partial void Fault(ILogger logger, string listener, string client, Exception exception);

    [LoggerMessage(EventId = 904, Level = LogLevel.Information, Message = "Listening on {Listener}, to {Target}")]
    public static partial void Opened(ILogger logger, string listener, string target);

    [LoggerMessage(
        EventId = 905,
        Level = LogLevel.Information,
        Message = "{Listener} was taken from the configuration and is closed; {Connections} connections go on")]
    public static partial void Closed(ILogger logger, string listener, int connections);
}
