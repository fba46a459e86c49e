using System.Net.Sockets;

namespace ParentProxy.Vsock;

/// <summary>Tells why a connect failed.</summary>
internal static class ConnectFailure
{
    /// <summary>The exception that the caller of a failed connect gets.</summary>
    /// <param name="failure">What the runtime threw.</param>
    /// <param name="endPoint">The address as the caller gave it.</param>
    /// <param name="timedOut">Whether the deadline of this attempt has passed.</param>
    /// <param name="probe">Repeats the connect(2) and gives its immediate error, see <see cref="VsockSocket.ProbeConnect"/>.</param>
    /// <param name="cancellationToken">The caller's token.</param>
    internal static Exception Explain(
        Exception failure, VsockEndPoint endPoint, bool timedOut, Func<Errno?> probe, CancellationToken cancellationToken) => failure switch
        {
            // The runtime cancels a connect by closing the socket under it; depending on who wins, one of three exceptions comes
            // out.
            OperationCanceledException or ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted }
                when cancellationToken.IsCancellationRequested =>
                    new OperationCanceledException(failure.Message, failure, cancellationToken),
            OperationCanceledException or ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted }
                when timedOut => new VsockException(Errno.ETIMEDOUT, "connect", endPoint, failure),
            SocketException e => new VsockException(FindErrno(e, probe), "connect", endPoint, e),
            _ => failure,
        };

    // The runtime folds EPERM into EACCES and loses every errno that it has no name for, the most telling one (ENODEV: no transport
    // to this CID) among them, so connect(2) is asked once more by hand: on a fresh non-blocking descriptor, closed at once.
    // The errors that get lost come from the first lines of the kernel's connect and are immediate, so nothing waits here. Should
    // the peer have come up meanwhile, it sees one connection that ends without a byte.
    private static Errno FindErrno(SocketException e, Func<Errno?> probe)
    {
        if (e.SocketErrorCode is not (SocketError.SocketError or SocketError.AccessDenied))
            return Errno.FromSocketError(e.SocketErrorCode);

        // No immediate error the second time: then the lost one came later, and of those only EPROTO has no name in the runtime.
        return probe() ?? (e.SocketErrorCode == SocketError.SocketError ? Errno.EPROTO : Errno.EACCES);
    }
}
