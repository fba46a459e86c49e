using Microsoft.Extensions.Logging;

namespace ParentProxy.Ingress;

internal static partial class IngressLog
{
    [LoggerMessage(
        EventId = 300,
        Message = "{Method} {Path} failed (client {Client}, request {RequestId}, enclave {Enclave}): {Code}: "
            + "{Detail}. {Hint} Answer: {Answer}")]
    public static partial void RequestFailed(
        ILogger logger,
        LogLevel level,
        string method,
        string path,
        string client,
        string requestId,
        string enclave,
        string code,
        string detail,
        string hint,
        string answer);

    [LoggerMessage(
        EventId = 301,
        Level = LogLevel.Error,
        Message = "Cannot accept on {EndPoint}: {Errno}. With EMFILE raise LimitNOFILE of the unit, with ENFILE fs.file-max of the "
            + "machine, or lower Limits:MaxConnections")]
    public static partial void AcceptFailed(ILogger logger, string endPoint, string errno);

    [LoggerMessage(
        EventId = 302,
        Level = LogLevel.Warning,
        Message = "Closed a new connection on {EndPoint}: {Connections} are open, "
            + "which is Limits:MaxConnections; {Rejected} closed so far")]
    public static partial void ConnectionRejected(ILogger logger, string endPoint, int connections, long rejected);

    [LoggerMessage(EventId = 303, Level = LogLevel.Error, Message = "Request {RequestId} failed by a fault of this program")]
    public static partial void Fault(ILogger logger, string requestId, Exception exception);

    [LoggerMessage(
        EventId = 304,
        Level = LogLevel.Debug,
        Message = "Request {RequestId} is sent to enclave {Enclave} again: {Code} on a connection that had been "
            + "idle, before any byte of an answer")]
    public static partial void RepeatedOnFreshConnection(ILogger logger, string requestId, string enclave, string code);

    [LoggerMessage(
        EventId = 305,
        Message = "{Method} {Path} was tried again (client {Client}, request {RequestId}) and answered {Status} by enclave "
            + "{Enclave}. Before: {FailedAttempts}")]
    public static partial void RequestRetried(
        ILogger logger,
        LogLevel level,
        string method,
        string path,
        string client,
        string requestId,
        int status,
        string enclave,
        string failedAttempts);

    [LoggerMessage(
        EventId = 306,
        Level = LogLevel.Error,
        Message = "Cannot accept on {EndPoint}: all but the last {Reserve} of {Limit} descriptors are open, which are kept for the "
            + "process itself (EMFILE). Raise LimitNOFILE of the unit or lower Limits:MaxConnections")]
    public static partial void DescriptorsUsedUp(ILogger logger, string endPoint, int reserve, long? limit);

    [LoggerMessage(
        EventId = 307,
        Level = LogLevel.Information,
        Message = "New connections on {EndPoint} are accepted again; for {Lasted} they were not: {Reason}")]
    public static partial void AcceptingAgain(ILogger logger, string endPoint, TimeSpan lasted, string reason);

    [LoggerMessage(EventId = 308, Level = LogLevel.Error,
        Message = "The listening socket of {EndPoint} failed {Failures} times in a row, with {Errno} last; the address was opened anew")]
    public static partial void ListenerRemade(ILogger logger, string endPoint, int failures, string errno);

    [LoggerMessage(
        EventId = 309,
        Level = LogLevel.Warning,
        Message = "Closed a new connection on {EndPoint} from {Peer}: {Problem}; {Refused} closed so far as {Reason}")]
    public static partial void ConnectionRefused(
        ILogger logger, string endPoint, string peer, string problem, long refused, string reason);

    [LoggerMessage(
        EventId = 320,
        Level = LogLevel.Information,
        Message = "Certificate of {Endpoint} replaced: {Path} holds one for {Subject} until {NotAfter:yyyy-MM-dd HH:mm:ss}; new "
            + "connections are shown it")]
    public static partial void CertificateReplaced(ILogger logger, string endpoint, string path, string subject, DateTimeOffset notAfter);

    [LoggerMessage(
        EventId = 321,
        Level = LogLevel.Warning,
        Message = "Certificate of {Endpoint} not replaced, clients are shown the one before: {Path}: {Reason}")]
    public static partial void CertificateRefused(ILogger logger, string endpoint, string path, string reason);

    [LoggerMessage(
        EventId = 322,
        Level = LogLevel.Information,
        Message = "Client certificates of {Endpoint} are checked anew: {Path} holds {Subjects}")]
    public static partial void AuthoritiesReplaced(ILogger logger, string endpoint, string path, string subjects);

    [LoggerMessage(
        EventId = 323,
        Level = LogLevel.Warning,
        Message = "Client certificates of {Endpoint} are checked as before: {Path}: {Reason}")]
    public static partial void AuthoritiesRefused(ILogger logger, string endpoint, string path, string reason);
}
