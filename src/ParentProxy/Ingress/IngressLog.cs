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
        EventId = 309,
        Level = LogLevel.Warning,
        Message = "Closed a new connection on {EndPoint} from {Peer}: {Problem}; {Refused} closed so far as {Reason}")]
    public static partial void ConnectionRefused(
        ILogger logger, string endPoint, string peer, string problem, long refused, string reason);

    [LoggerMessage(
        EventId = 310,
        Level = LogLevel.Warning,
        Message = "Requests for {Path} are refused with 429: {Count} since the last such line, the latest of client {Client} over "
            + "{Limit}. Limits:RateLimits sets the limits; parentproxy_rate_limited_requests_total counts all")]
    public static partial void RateLimited(ILogger logger, string path, long count, string client, string limit);

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
