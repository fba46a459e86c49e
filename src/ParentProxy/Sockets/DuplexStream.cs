namespace ParentProxy.Sockets;

/// <summary>A byte stream in both directions, of which ours can be ended alone. One read and one write may run at a time.</summary>
internal abstract class DuplexStream : Stream
{
    /// <inheritdoc/>
    public sealed override bool CanRead => true;

    /// <inheritdoc/>
    public sealed override bool CanWrite => true;

    /// <inheritdoc/>
    public sealed override bool CanSeek => false;

    /// <inheritdoc/>
    public sealed override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public sealed override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>How many bytes were taken for the peer, also by a write that failed in the end; null where that cannot be told.</summary>
    public virtual long? BytesTaken => null;

    /// <summary>Whether nothing has come just now that was not read, neither bytes nor the end; true where that cannot be told.</summary>
    public virtual bool IsReceiveQueueEmpty => true;

    /// <summary>Whether the calling thread is the one on which what comes is read; true where it does not matter.</summary>
    public virtual bool IsOnCurrentLoop => true;

    /// <summary>Has what comes read on the calling thread from now on, where that can be had.</summary>
    public virtual void MoveToCurrentLoop()
    {
    }

    /// <summary>Ends our direction: the peer reads end of file and may go on sending.</summary>
    public abstract void ShutdownSend();

    /// <summary>
    /// Closes at once: pending operations fail, and what the peer has not read may be lost. May be called at any time, by any thread.
    /// </summary>
    public abstract void Abort();

    /// <inheritdoc/>
    public sealed override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public sealed override void SetLength(long value) => throw new NotSupportedException();
}
