using Microsoft.Extensions.Logging;

namespace ParentProxy.Vsock;

/// <summary>What the Kestrel transport logs.</summary>
internal static partial class TransportLog
{
    [LoggerMessage(1, LogLevel.Warning, "Cannot accept vsock connections, trying again in {Pause}.")]
    internal static partial void AcceptPaused(ILogger logger, TimeSpan pause, Exception exception);

    [LoggerMessage(2, LogLevel.Debug, "A vsock connection ended before it was accepted.")]
    internal static partial void AcceptSkipped(ILogger logger, Exception exception);

    [LoggerMessage(3, LogLevel.Debug, "Connection {ConnectionId}: the peer has ended its sending.")]
    internal static partial void ReadEnd(ILogger logger, string connectionId);

    [LoggerMessage(4, LogLevel.Debug, "Connection {ConnectionId}: reset by the peer.")]
    internal static partial void Reset(ILogger logger, string connectionId, Exception exception);

    [LoggerMessage(5, LogLevel.Debug, "Connection {ConnectionId}: aborted: {Reason}")]
    internal static partial void Aborted(ILogger logger, string connectionId, string reason);

    [LoggerMessage(6, LogLevel.Error, "Connection {ConnectionId}: unexpected failure.")]
    internal static partial void Unexpected(ILogger logger, string connectionId, Exception exception);
}
