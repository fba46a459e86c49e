using Microsoft.Extensions.Logging;
using ParentProxy.Vsock;

namespace ParentProxy.Egress.Time;

internal static partial class TimeLog
{
    [LoggerMessage(
        EventId = 1045,
        Level = LogLevel.Warning,
        Message = "The clock of this machine counts as not synchronized, and enclaves that ask for the time are told so: nobody told "
            + "the kernel that it is (adjtimex, STA_UNSYNC). See chronyc tracking; chrony tells the kernel only with rtcsync in "
            + "chrony.conf")]
    public static partial void NotSynchronized(ILogger logger);

    [LoggerMessage(
        EventId = 1046,
        Level = LogLevel.Warning,
        Message = "Whether the clock of this machine is synchronized cannot be read (adjtimex: {Errno}), and enclaves that ask for the "
            + "time are told that it is not. Under systemd, the unit's ProtectClock=yes refuses it: run systemctl edit parent-proxy, write "
            + "[Service] and below it the lines ProtectClock=no and SystemCallFilter=adjtimex clock_adjtime, then run systemctl restart "
            + "parent-proxy. In a container, let its seccomp profile allow these two calls")]
    public static partial void NotReadable(ILogger logger, Errno errno);

    [LoggerMessage(
        EventId = 1047,
        Level = LogLevel.Information,
        Message = "The clock of this machine is synchronized, with an error of {MaxError} at most")]
    public static partial void Synchronized(ILogger logger, TimeSpan maxError);
}
