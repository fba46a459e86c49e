using System.Net.Sockets;

namespace ParentProxy.Sockets;

/// <summary>The receiving direction of a socket.</summary>
internal sealed class ReceiveOperation(LoopSocket socket) : LoopOperation(socket)
{
    private Memory<byte> _buffer;

    /// <summary>
    /// Receives what is there, waiting for the first byte; 0 is the end. Into an empty buffer it waits and takes nothing.
    /// </summary>
    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<int>(cancellationToken);
        _buffer = buffer;
        while (true)
        {
            while (TakeReady())
            {
                if (EventLoop.Current is { } loop && !loop.MayRead())
                    return Yield(loop, cancellationToken).Result;
                if (TryPerform(out var result))
                {
                    return result >= 0
                        ? ValueTask.FromResult(result)
                        : ValueTask.FromException<int>(Explain(SocketErrors.Exception(-result)));
                }
            }

            if (TryPark(cancellationToken) is { } wait)
                return wait.Result;
        }
    }

    /// <summary>Receives what is there without waiting; false when nothing is, or when others shall have their turn first.</summary>
    /// <param name="buffer">Where to; not empty.</param>
    /// <param name="count">How many bytes; 0 is the end.</param>
    public bool TryReceive(Memory<byte> buffer, out int count)
    {
        count = 0;
        if (EventLoop.Current is { } loop && !loop.MayRead())
            return false;
        _buffer = buffer;
        while (TakeReady())
        {
            if (!TryPerform(out count))
                continue;
            if (count < 0)
                throw Explain(SocketErrors.Exception(-count));
            return true;
        }

        return false;
    }

    /// <inheritdoc/>
    protected override bool TryPerform(out int result)
    {
        if (_buffer.IsEmpty)
        {
            SetReady();
            result = 0;
            return true;
        }

        do
        {
            result = Epoll.Receive(Socket.Handle, _buffer.Span);
        }
        while (result == -Epoll.Eintr);
        if (result == -Epoll.Eagain)
            return false;

        // What vsock says in the place of the end when the connection ended after a half-close.
        if (result == -Epoll.Enotconn)
            result = 0;

        // A read that fills its buffer leaves something behind, perhaps. One that does not has taken everything, and what comes
        // then is an event of its own; but after the end there is none.
        if (result <= 0 || result == _buffer.Length || Socket.HasPeerEnded)
            SetReady();
        _buffer = default;
        return true;
    }

    /// <inheritdoc/>
    protected override void Watch() => Socket.Watch();

    /// <inheritdoc/>
    protected override Exception Explain(SocketException failure) => Socket.Explain(failure, "read");
}
