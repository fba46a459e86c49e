using Microsoft.Extensions.Logging;
using ParentProxy.Endpoints;

namespace ParentProxy.Egress;

internal static partial class EgressLog
{
    [LoggerMessage(
        EventId = 1000,
        Message = "Egress of {Enclave} on {Listener} to {Destination} ({Address}, by {Rule}) is over after {Duration}: {End}. "
            + "{BytesFromEnclave} bytes from the enclave, {BytesToEnclave} to it")]
    public static partial void Ended(
        ILogger logger,
        LogLevel level,
        EgressPeer enclave,
        string listener,
        Destination destination,
        string address,
        string rule,
        TimeSpan duration,
        string end,
        long bytesFromEnclave,
        long bytesToEnclave);

    [LoggerMessage(
        EventId = 1001, Level = LogLevel.Warning, Message = "{Enclave} did not reach {What} on {Listener} ({Code}): {Reason}")]
    public static partial void NotReached(ILogger logger, EgressPeer enclave, string what, string listener, string code, string reason);

    [LoggerMessage(
        EventId = 1002,
        Level = LogLevel.Warning,
        Message = "{Enclave} did not reach {What}, {Times} more times within a minute ({Code}): {Reason}")]
    public static partial void NotReachedAgain(
        ILogger logger, EgressPeer enclave, string what, long times, string code, string reason);

    [LoggerMessage(
        EventId = 1004,
        Level = LogLevel.Error,
        Message = "{Listener} accepts nobody any more, by a fault of this program; restart the service")]
    public static partial void AcceptEnded(ILogger logger, string listener, Exception exception);

    [LoggerMessage(
        EventId = 1005,
        Level = LogLevel.Error,
        Message = "A connection of {Enclave} on {Listener} was closed by a fault of this program")]
    public static partial void Fault(ILogger logger, EgressPeer enclave, string listener, Exception exception);

    [LoggerMessage(EventId = 1006, Level = LogLevel.Information, Message = "Listening on {Listener} for enclaves: {Service}")]
    public static partial void Opened(ILogger logger, string listener, string service);

    [LoggerMessage(
        EventId = 1007,
        Level = LogLevel.Information,
        Message = "{Listener} was taken from the configuration and is closed; of its {Connections} connections tunnels and files go on")]
    public static partial void Closed(ILogger logger, string listener, int connections);

    [LoggerMessage(
        EventId = 1008,
        Level = LogLevel.Warning,
        Message = "The addresses of {Destination} are those of before, whose time is over, since it could not be resolved anew: {Report}")]
    public static partial void Stale(ILogger logger, Destination destination, string report);

    [LoggerMessage(EventId = 1009, Level = LogLevel.Debug, Message = "{Listener} hears: a connection of this machine was accepted")]
    public static partial void Heard(ILogger logger, string listener);
}
