using System.Net.Sockets;

namespace ParentProxy.Sockets;

/// <summary>The sending direction of a socket; before that, its connecting.</summary>
/// <param name="socket">The socket.</param>
/// <param name="maxBytes">The most bytes that one system call sends.</param>
internal sealed class SendOperation(LoopSocket socket, int maxBytes) : LoopOperation(socket)
{
    private ReadOnlyMemory<byte> _left;
    private int _sent;
    private bool _more;
    private bool _isConnecting;

    /// <summary>Sends all of a buffer.</summary>
    /// <param name="buffer">What to send. Nothing is sent, too: it fails where something could not be sent.</param>
    /// <param name="more">Whether more follows at once, so that what is here need not travel alone.</param>
    /// <param name="cancellationToken">Gives up; a part may have been sent.</param>
    /// <returns>Its length.</returns>
    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> buffer, bool more, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<int>(cancellationToken);
        if (TrySend(buffer, more, cancellationToken, out var result) is { } wait)
            return wait.Result;
        return result >= 0
            ? ValueTask.FromResult(result)
            : ValueTask.FromException<int>(Explain(SocketErrors.Exception(-result)));
    }

    /// <summary><see cref="SendAsync"/> for who does not want the length.</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellationToken);
        if (TrySend(buffer, more: false, cancellationToken, out var result) is { } wait)
            return wait.End;
        return result >= 0 ? default : ValueTask.FromException(Explain(SocketErrors.Exception(-result)));
    }

    /// <summary>Waits for the end of a connect that has begun.</summary>
    public ValueTask ConnectedAsync(CancellationToken cancellationToken)
    {
        _isConnecting = true;
        LoopWait? wait;
        while ((wait = TryPark(cancellationToken)) is null)
            TakeReady();
        return wait.End;
    }

    /// <inheritdoc/>
    protected override bool TryPerform(out int result)
    {
        if (_isConnecting)
        {
            _isConnecting = false;
            result = -Epoll.PendingError(Socket.Handle);
            return true;
        }

        do
        {
            var part = _left.Span;
            if (part.Length > maxBytes)
                part = part[..maxBytes];
            result = Epoll.Send(Socket.Handle, part, _more);
            if (result > 0)
            {
                _sent += result;
                Socket.Took(result);
                _left = _left[result..];
            }
        }
        while (result == -Epoll.Eintr || result > 0 && !_left.IsEmpty);
        if (result == -Epoll.Eagain)
            return false;
        if (result >= 0)
            result = _sent;
        _left = default;
        return true;
    }

    /// <inheritdoc/>
    protected override void Watch() => Socket.WatchForRoom();

    /// <inheritdoc/>
    protected override Exception Explain(SocketException failure) => Socket.Explain(failure, "write");

    /// <summary>Null when it is done already.</summary>
    private LoopWait? TrySend(ReadOnlyMemory<byte> buffer, bool more, CancellationToken cancellationToken, out int result)
    {
        _left = buffer;
        _more = more;
        _sent = 0;
        while (true)
        {
            TakeReady();
            if (TryPerform(out result))
                return null;
            if (TryPark(cancellationToken) is { } wait)
                return wait;
        }
    }
}
