using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Endpoints;

namespace ParentProxy.Inside.Names;

internal static partial class NamesLog
{
    [LoggerMessage(
        EventId = 1120,
        Level = LogLevel.Warning,
        Message = "The parent does not answer for names on {Parent}: {Failure}. Until it does, questions are answered with what was said "
            + "before, or with SERVFAIL. Does parent-proxy run there, and has it Egress:Dns:Listen on this port?")]
    public static partial void ParentAway(ILogger logger, EnclaveEndpoint parent, string failure);

    [LoggerMessage(EventId = 1121, Level = LogLevel.Information, Message = "The parent answers for names on {Parent} again")]
    public static partial void ParentBack(ILogger logger, EnclaveEndpoint parent);

    [LoggerMessage(
        EventId = 1122,
        Level = LogLevel.Warning,
        Message = "No answer for {Name} ({Code}): {Report}. It was answered with {Answer}. {Unsaid} more since the last such line")]
    public static partial void NotKnown(ILogger logger, string name, string code, string report, string answer, long unsaid);

    [LoggerMessage(
        EventId = 1123,
        Level = LogLevel.Information,
        Message = "Names are not answered on {Address}: this enclave has IPv6 switched off, or lo is down ({Errno})")]
    public static partial void NoIPv6(ILogger logger, InsideAddress address, string errno);

    [LoggerMessage(EventId = 1124, Level = LogLevel.Information, Message = "Names are answered on {Addresses}, by the parent's {Parent}")]
    public static partial void Opened(ILogger logger, string addresses, EnclaveEndpoint parent);

    [LoggerMessage(
        EventId = 1125,
        Level = LogLevel.Warning,
        Message = "Datagrams on {Address} could not be received: {Errno}. It is tried again. {Unsaid} more times since the last such line")]
    public static partial void ReceiveFailed(ILogger logger, InsideAddress address, string errno, long unsaid);

    [LoggerMessage(EventId = 1126, Level = LogLevel.Error, Message = "A question was answered with SERVFAIL by a fault of this program")]
    public static partial void Fault(ILogger logger, Exception exception);

    [LoggerMessage(
        EventId = 1127, Level = LogLevel.Error, Message = "Names are not asked of {Parent} any more, by a fault of this program")]
    public static partial void LineFault(ILogger logger, EnclaveEndpoint parent, Exception exception);

    [LoggerMessage(
        EventId = 1128, Level = LogLevel.Error, Message = "Names are not answered on {Address} any more, by a fault of this program")]
    public static partial void ListenerFault(ILogger logger, InsideAddress address, Exception exception);
}
