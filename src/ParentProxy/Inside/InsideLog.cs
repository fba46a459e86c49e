using Microsoft.Extensions.Logging;

namespace ParentProxy.Inside;

internal static partial class InsideLog
{
    [LoggerMessage(
        EventId = 1180, Level = LogLevel.Information, Message = "parent-proxy {Version} inside the enclave; configuration: {File}")]
    public static partial void Started(ILogger logger, string version, string file);

    [LoggerMessage(
        EventId = 1181, Level = LogLevel.Information, Message = "There is no application to start: serving until a signal comes")]
    public static partial void Serving(ILogger logger);

    [LoggerMessage(
        EventId = 1182, Level = LogLevel.Information, Message = "{Signal}: connections have {Timeout} to end (Enclave:StopTimeout)")]
    public static partial void Stopping(ILogger logger, string signal, TimeSpan timeout);

    [LoggerMessage(EventId = 1183, Level = LogLevel.Warning, Message = "{Path} {Reason}")]
    public static partial void ConfigurationWarning(ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 1184, Level = LogLevel.Critical, Message = "{Reason}")]
    public static partial void NotStarted(ILogger logger, string reason);

    [LoggerMessage(
        EventId = 1186, Level = LogLevel.Critical, Message = "A fault of parent-proxy ends the program; please report it with this trace")]
    public static partial void Fault(ILogger logger, Exception fault);

    [LoggerMessage(
        EventId = 1187,
        Level = LogLevel.Warning,
        Message = "{File} is not written: this machine has a network ({Interface}), which an enclave has not. Name another file, or "
            + "write the lines yourself")]
    public static partial void NotAnEnclave(ILogger logger, string file, string @interface);

    [LoggerMessage(EventId = 1185, Level = LogLevel.Information, Message = "The end, with exit code {Code}")]
    public static partial void Ended(ILogger logger, int code);
}
