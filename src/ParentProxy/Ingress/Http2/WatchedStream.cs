using ParentProxy.Ingress.Forwarding;

namespace ParentProxy.Ingress.Http2;

/// <summary>Tells an <see cref="Attempt"/> when bytes move.</summary>
internal sealed class WatchedStream(Stream inner, Attempt attempt) : Stream
{
    private Func<CancellationToken, Task>? _beforeWait;

    /// <summary>
    /// Whether it is a request body, each piece of which is sent at once: SocketsHttpHandler would hold small ones back. Else it
    /// is a response body, or both directions of a tunnel.
    /// </summary>
    public bool IsRequestBody { get; init; }

    /// <summary>Runs once, before the first read that has to wait.</summary>
    public Func<CancellationToken, Task>? BeforeWait
    {
        get => _beforeWait;
        init => _beforeWait = value;
    }

    /// <inheritdoc/>
    public override bool CanRead => inner.CanRead;

    /// <inheritdoc/>
    public override bool CanWrite => inner.CanWrite;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var pending = inner.ReadAsync(buffer, cancellationToken);
        if (_beforeWait is { } beforeWait && !pending.IsCompleted)
        {
            _beforeWait = null;
            try
            {
                await beforeWait(cancellationToken);
            }
            catch
            {
                // The read under way ends with the connection; its result belongs to nobody any more.
                _ = pending.AsTask().ContinueWith(
                    static t => t.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                throw;
            }
        }

        attempt.BeginRead();
        try
        {
            var waits = !pending.IsCompleted;
            var count = await pending;
            if (count > 0)
                attempt.AddResponseBytes(count);
            if (count > 0 && waits)
                attempt.NoteResponding();
            return count;
        }
        finally
        {
            attempt.EndRead();
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // What is to be written has come from the client: that is progress as well.
        attempt.Progress();
        attempt.BeginWrite();
        try
        {
            await inner.WriteAsync(buffer, cancellationToken);
            if (IsRequestBody)
                await inner.FlushAsync(cancellationToken);
            else
                attempt.AddRequestBytes(buffer.Length);
        }
        finally
        {
            attempt.EndWrite();
        }
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public override void Flush() => inner.Flush();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Asynchronous only.");

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Asynchronous only.");

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
