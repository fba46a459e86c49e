using Microsoft.Extensions.Logging;

namespace ParentProxy.Enclaves.Discovery;

internal static partial class DiscoveryLog
{
    [LoggerMessage(EventId = 500, Message = "Discovery: enclave {Name} ({EnclaveId}) {What}")]
    public static partial void Enclave(ILogger logger, LogLevel level, string name, string enclaveId, string what);

    [LoggerMessage(EventId = 501, Level = LogLevel.Warning, Message = "Discovery failed, what is known stays: {Failure}")]
    public static partial void Failed(ILogger logger, DescribeFailure failure);

    [LoggerMessage(EventId = 502, Level = LogLevel.Information, Message = "Discovery works again: {Program} told of {Count}")]
    public static partial void Recovered(ILogger logger, string program, int count);

    [LoggerMessage(
        EventId = 503,
        Level = LogLevel.Information,
        Message = "Discovery: {Program} tells of no enclave, what is known stays ({Known}). Is none running, or may this user not "
            + "talk to nitro-cli's sockets in /run/nitro_enclaves?")]
    public static partial void Empty(ILogger logger, string program, int known);

    [LoggerMessage(
        EventId = 504, Level = LogLevel.Warning, Message = "Discovery: {Program} printed what cannot be read and is left out: {Skipped}")]
    public static partial void Skipped(ILogger logger, string program, string skipped);

    [LoggerMessage(
        EventId = 505, Level = LogLevel.Information, Message = "Discovery is off (Discovery:Enabled): what it found leaves ({Count})")]
    public static partial void SwitchedOff(ILogger logger, int count);

    [LoggerMessage(
        EventId = 506, Level = LogLevel.Error, Message = "Discovery: what was found could not be put into effect; it is tried again")]
    public static partial void Fault(ILogger logger, Exception exception);
}
