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
        Level = LogLevel.Warning,
        Message = "Closed a new connection on {Listener}: {Connections} are open, which is MaxConnections of this listener; "
            + "{Rejected} closed so far")]
    public static partial void ConnectionRejected(ILogger logger, string listener, int connections, long rejected);

    [LoggerMessage(
        EventId = 903,
        Level = LogLevel.Error,
        Message = "Cannot accept on {Listener}: {Errno}. With EMFILE raise LimitNOFILE of the unit, with ENFILE fs.file-max of the "
            + "machine, or lower MaxConnections of this Passthrough listener")]
    public static partial void AcceptFailed(ILogger logger, string listener, string errno);

    [LoggerMessage(
        EventId = 904,
        Level = LogLevel.Error,
        Message = "Cannot accept on {Listener}: all but the last {Reserve} of {Limit} descriptors are open, which are kept for the "
            + "process itself (EMFILE). Each connection takes two. Raise LimitNOFILE of the unit, or lower MaxConnections of the "
            + "Passthrough listeners or Limits:MaxConnections")]
    public static partial void DescriptorsUsedUp(ILogger logger, string listener, int reserve, long? limit);

    [LoggerMessage(
        EventId = 905,
        Level = LogLevel.Information,
        Message = "New connections on {Listener} are accepted again; for {Lasted} they were not: {Reason}")]
    public static partial void AcceptingAgain(ILogger logger, string listener, TimeSpan lasted, string reason);

    [LoggerMessage(EventId = 906, Level = LogLevel.Error,
        Message = "The listening socket of {Listener} failed {Failures} times in a row, with {Errno} last; the address was opened anew")]
    public static partial void ListenerRemade(ILogger logger, string listener, int failures, string errno);

    [LoggerMessage(
        EventId = 907,
        Level = LogLevel.Error,
        Message = "{Listener} accepts nobody any more, by a fault of this program; restart the service")]
    public static partial void AcceptEnded(ILogger logger, string listener, Exception exception);

    [LoggerMessage(
        EventId = 908,
        Level = LogLevel.Error,
        Message = "Connection of {Client} on {Listener} was closed by a fault of this program")]
    public static partial void Fault(ILogger logger, string listener, string client, Exception exception);

    [LoggerMessage(EventId = 909, Level = LogLevel.Information, Message = "Listening on {Listener}, to {Target}")]
    public static partial void Opened(ILogger logger, string listener, string target);

    [LoggerMessage(
        EventId = 910,
        Level = LogLevel.Information,
        Message = "{Listener} was taken from the configuration and is closed; {Connections} connections go on")]
    public static partial void Closed(ILogger logger, string listener, int connections);
}
