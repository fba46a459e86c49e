using Microsoft.Extensions.Logging;

namespace ParentProxy.Egress.Logs;

internal static partial class LogsLog
{
    // Of a message that does not name them, enclave and CID are properties all the same, which is meant. Nothing that an enclave writes
    // names a property: its fields are all inside of Fields.
#pragma warning disable SYSLIB1015
    [LoggerMessage(EventId = 1040, Message = "{Source}: {Line}")]
    public static partial void Text(ILogger logger, LogLevel level, string source, string line, string? enclave, uint? cid);

    [LoggerMessage(EventId = 1041, Message = "{Source}: {Fields}")]
    public static partial void Fields(
        ILogger logger, LogLevel level, string source, Dictionary<string, object?> fields, string? enclave, uint? cid);
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
