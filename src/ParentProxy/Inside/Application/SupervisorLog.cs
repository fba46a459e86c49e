using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;

namespace ParentProxy.Inside.Application;

internal static partial class SupervisorLog
{
    [LoggerMessage(
        EventId = 1150, Level = LogLevel.Information, Message = "Application {Program} was started as process {Pid}, user {User}")]
    public static partial void Started(ILogger logger, string program, int pid, string user);

    [LoggerMessage(EventId = 1151, Level = LogLevel.Information, Message = "Application is ready after {Duration} ({Sign})")]
    public static partial void Ready(ILogger logger, TimeSpan duration, string sign);

    [LoggerMessage(
        EventId = 1152,
        Level = LogLevel.Error,
        Message = "Application was not ready within {ReadyTimeout} (Enclave:Application:ReadyTimeout): {Sign}: {Failure}. It is ended")]
    public static partial void NotReady(ILogger logger, TimeSpan readyTimeout, string sign, string failure);

    [LoggerMessage(EventId = 1153, Message = "Application has ended after {Duration}: {Exit}")]
    public static partial void Ended(ILogger logger, LogLevel level, TimeSpan duration, ChildExit exit);

    [LoggerMessage(
        EventId = 1154,
        Level = LogLevel.Warning,
        Message = "Application is started again in {Delay}, restart {Restart} (Enclave:Application:Restart is {Policy})")]
    public static partial void Restarting(ILogger logger, TimeSpan delay, int restart, RestartPolicy policy);

    [LoggerMessage(
        EventId = 1155,
        Level = LogLevel.Information,
        Message = "{Signal} came: the application gets it, and has {StopTimeout} to end (Enclave:StopTimeout)")]
    public static partial void Stopping(ILogger logger, string signal, TimeSpan stopTimeout);

    [LoggerMessage(EventId = 1156, Level = LogLevel.Warning, Message = "Application is ended by SIGKILL: {Reason}")]
    public static partial void Killed(ILogger logger, string reason);

    [LoggerMessage(EventId = 1157, Level = LogLevel.Error, Message = "Application {Program} was not started: {Reason}")]
    public static partial void NotStarted(ILogger logger, string program, string reason);

    [LoggerMessage(EventId = 1158, Level = LogLevel.Debug, Message = "{Signal} came: the application gets it")]
    public static partial void PassedOn(ILogger logger, string signal);

    [LoggerMessage(
        EventId = 1159,
        Level = LogLevel.Warning,
        Message = "Application has ended and left {Count} processes behind ({Names}): they get SIGTERM, and after {Patience} SIGKILL")]
    public static partial void LeftBehind(ILogger logger, int count, string names, TimeSpan patience);

    [LoggerMessage(
        EventId = 1160, Level = LogLevel.Warning, Message = "{Count} processes that the application left behind ({Names}) get SIGKILL")]
    public static partial void LeftBehindKilled(ILogger logger, int count, string names);

    [LoggerMessage(
        EventId = 1161, Level = LogLevel.Information, Message = "{Signal} came while there was no application: the program ends")]
    public static partial void StoppedWithout(ILogger logger, string signal);
}
