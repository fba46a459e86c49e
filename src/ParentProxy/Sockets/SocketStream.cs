using System.Net.Sockets;

namespace ParentProxy.Sockets;

/// <summary>A <see cref="LoopSocket"/> as a duplex stream with half-close.</summary>
/// <param name="socket">What it runs over; failures are those that its options make, or <see cref="SocketException"/>.</param>
internal class SocketStream(LoopSocket socket) : DuplexStream
{
    /// <summary>Of TCP and unix sockets, whose failures are <see cref="IOException"/>.</summary>
    public static readonly LoopSocketOptions SocketOptions = new()
    {
        Explain = static (failure, _) => new IOException(failure.Message, failure),
    };

    /// <inheritdoc/>
    public override long? BytesTaken => socket.BytesTaken;

    /// <inheritdoc/>
    public override bool IsReceiveQueueEmpty => socket.IsReceiveQueueEmpty;

    /// <inheritdoc/>
    public override bool IsOnCurrentLoop => socket.IsOnCurrentLoop;

    protected LoopSocket LoopSocket => socket;

    /// <inheritdoc/>
    public override void MoveToCurrentLoop() => socket.MoveToCurrentLoop();

    /// <inheritdoc/>
    public override void ShutdownSend() => socket.ShutdownSend();

    /// <inheritdoc/>
    public override void Abort() => socket.Abort();

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        socket.ReceiveAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Not supported: nothing may block here.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        socket.WriteAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Not supported: nothing may block here.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush()
    {
        // Sockets do not buffer.
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            socket.Dispose();
        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await socket.CloseAsync();
        await base.DisposeAsync();
    }
}
