using Microsoft.Extensions.Logging;
using ParentProxy.Vsock;

namespace ParentProxy.Sockets;

/// <summary>Writes down what happens to a listener.</summary>
/// <param name="logger">The log of who opened it.</param>
/// <param name="endPoint">How it is called there.</param>
/// <param name="setting">The setting that limits its connections.</param>
internal sealed partial class ListenerLog(ILogger logger, Func<string> endPoint, string setting) : IListenerEvents
{
    /// <inheritdoc/>
    public void OnRejected(int limit, long rejected) => Rejected(logger, endPoint(), limit, setting, rejected);

    /// <inheritdoc/>
    public void OnDescriptorsUsedUp(long? limit) =>
        DescriptorsUsedUp(logger, endPoint(), DescriptorReserve.Clients.Size, limit, setting);

    /// <inheritdoc/>
    public void OnAcceptFailed(Errno errno) => AcceptFailed(logger, endPoint(), errno.Name, setting);

    /// <inheritdoc/>
    public void OnRemade(int failures, Errno errno) => Remade(logger, endPoint(), failures, errno.Name);

    /// <inheritdoc/>
    public void OnAcceptingAgain(string reason, TimeSpan lasted) => AcceptingAgain(logger, endPoint(), lasted, reason);

    [LoggerMessage(
        EventId = 301,
        Level = LogLevel.Error,
        Message = "Cannot accept on {EndPoint}: {Errno}. With EMFILE raise LimitNOFILE of the unit, with ENFILE fs.file-max of the "
            + "machine, or lower {Setting}")]
    private static partial void AcceptFailed(ILogger logger, string endPoint, string errno, string setting);

    [LoggerMessage(
        EventId = 302,
        Level = LogLevel.Warning,
        Message = "Closed a new connection on {EndPoint}: {Connections} are open, which is {Setting}; {Rejected} closed so far")]
    private static partial void Rejected(ILogger logger, string endPoint, int connections, string setting, long rejected);

    [LoggerMessage(
        EventId = 306,
        Level = LogLevel.Error,
        Message = "Cannot accept on {EndPoint}: all but the last {Reserve} of {Limit} descriptors are open, which are kept for the "
            + "process itself (EMFILE). Raise LimitNOFILE of the unit or lower {Setting}")]
    private static partial void DescriptorsUsedUp(ILogger logger, string endPoint, int reserve, long? limit, string setting);

    [LoggerMessage(
        EventId = 307,
        Level = LogLevel.Information,
        Message = "New connections on {EndPoint} are accepted again; for {Lasted} they were not: {Reason}")]
    private static partial void AcceptingAgain(ILogger logger, string endPoint, TimeSpan lasted, string reason);

    [LoggerMessage(EventId = 308, Level = LogLevel.Error,
        Message = "The listening socket of {EndPoint} failed {Failures} times in a row, with {Errno} last; the address was opened anew")]
    private static partial void Remade(ILogger logger, string endPoint, int failures, string errno);
}
