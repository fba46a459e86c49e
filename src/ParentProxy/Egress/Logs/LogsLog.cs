using Microsoft.Extensions.Logging;

namespace ParentProxy.Egress.Logs;

internal static partial class LogsLog
{
    // Enclave and CID are not in the message, but properties of the event all the same, named as the parameters are. Nothing that an
    // enclave writes names a property: its fields are all inside of Fields.
#pragma warning disable SYSLIB1015
    [LoggerMessage(EventId = 1040, Message = "{Source}: {Line}")]
    public static partial void Text(ILogger logger, LogLevel level, string source, string line, string? Enclave, uint? Cid);

    [LoggerMessage(EventId = 1041, Message = "{Source}: {Fields}")]
    public static partial void Fields(
        ILogger logger, LogLevel level, string source, Dictionary<string, object?> fields, string? Enclave, uint? Cid);
#pragma warning restore SYSLIB1015

    [LoggerMessage(
        EventId = 1042,
        Level = LogLevel.Warning,
        Message = "{Enclave} wrote more than {LinesPerSecond} lines a second to the log (Egress:Logs:LinesPerSecond): {Lines} were "
            + "dropped since the last such warning")]
    public static partial void OverRate(ILogger logger, EgressPeer enclave, int linesPerSecond, long lines);

    [LoggerMessage(
        EventId = 1043,
        Level = LogLevel.Warning,
        Message = "{Lines} lines of {Enclave} were lost since the last such warning: the log was not written as fast as they came. "
            + "See what Serilog:WriteTo writes to")]
    public static partial void Lost(ILogger logger, EgressPeer enclave, long lines);
}
