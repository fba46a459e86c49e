using Microsoft.Extensions.Logging;
using ParentProxy.Endpoints;
using ParentProxy.Vsock;

namespace ParentProxy.Inside.Clock;

internal static partial class ClockLog
{
    [LoggerMessage(
        EventId = 1140,
        Level = LogLevel.Information,
        Message = "The clock differs from the parent's by {Offset} s, give or take {Uncertainty} s; the parent's own error is {Error} s")]
    public static partial void Compared(ILogger logger, double offset, double uncertainty, double error);

    [LoggerMessage(
        EventId = 1141,
        Level = LogLevel.Warning,
        Message = "The clock cannot be compared with the parent's on {Parent}: {Failure}. It is left alone and tried again. Does "
            + "parent-proxy run there, and has it Egress:Time:Listen on this port?")]
    public static partial void Failed(ILogger logger, EnclaveEndpoint parent, string failure);

    [LoggerMessage(
        EventId = 1142,
        Level = LogLevel.Warning,
        Message = "The parent says that its own clock is set by nobody (synchronized=false), so the one of the enclave is left alone. The "
            + "log of the parent says what to do there")]
    public static partial void Unsynchronized(ILogger logger);

    [LoggerMessage(
        EventId = 1143,
        Level = LogLevel.Warning,
        Message = "The clock differs from the parent's by {Offset} s, which is more than Enclave:Time:StepThreshold. {Advice}")]
    public static partial void Large(ILogger logger, double offset, string advice);

    [LoggerMessage(
        EventId = 1144,
        Level = LogLevel.Information,
        Message = "The clock differs from the parent's by {Offset} s, less than Enclave:Time:StepThreshold again")]
    public static partial void Small(ILogger logger, double offset);

    [LoggerMessage(
        EventId = 1145,
        Level = LogLevel.Warning,
        Message = "The clock was set by {Offset} s at once, to agree with the parent's")]
    public static partial void Stepped(ILogger logger, double offset);

    [LoggerMessage(
        EventId = 1146,
        Level = LogLevel.Warning,
        Message = "The clock differs from the parent's by {Offset} s and cannot be adjusted ({Call}: {Errno}, {Description}). That is "
            + "tried again at each comparison. It needs CAP_SYS_TIME: run this program as root in the enclave, or set "
            + "Enclave:Time:Adjust to Observe")]
    public static partial void NotAdjusted(ILogger logger, double offset, string call, Errno errno, string description);

    [LoggerMessage(
        EventId = 1147,
        Level = LogLevel.Error,
        Message = "The clock is not compared with the parent's any more, by a fault of this program")]
    public static partial void Fault(ILogger logger, Exception exception);
}
