using System.Net.Sockets;
using System.Runtime.InteropServices;
using ParentProxy.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Enclaves.Transports;

/// <summary>
/// A connection to an enclave: a duplex stream with half-close, whatever carries it. Tells once when it was closed.
/// </summary>
/// <param name="socket">What it runs over; made with <see cref="SocketOptions"/> or <see cref="VsockOptions"/>.</param>
internal sealed class EnclaveStream(LoopSocket socket) : DuplexStream
{
    /// <summary>Of TCP and unix sockets, whose failures are <see cref="IOException"/>.</summary>
    public static readonly LoopSocketOptions SocketOptions = new()
    {
        Explain = static (failure, _) => new IOException(failure.Message, failure),
    };

    private Action? _closed;

    /// <summary>The descriptor, by whose number a reserve is kept.</summary>
    public SafeHandle Descriptor => socket.Handle;

    /// <inheritdoc/>
    public override long? BytesTaken => socket.BytesTaken;

    /// <inheritdoc/>
    public override bool IsReceiveQueueEmpty => socket.IsReceiveQueueEmpty;

    /// <inheritdoc/>
    public override bool IsOnCurrentLoop => socket.IsOnCurrentLoop;

    /// <summary>
    /// Of a vsock, whose failures are <see cref="VsockException"/>, and which must not be closed before the peer has everything.
    /// </summary>
    /// <param name="remote">The peer, as failures name it.</param>
    /// <param name="maxWriteBytes">The most bytes that one write carries: <c>Vsock:MaxWriteBytes</c>.</param>
    /// <param name="time">The clock of the wait for the peer at the end.</param>
    public static LoopSocketOptions VsockOptions(VsockEndPoint remote, int maxWriteBytes, TimeProvider time) => new()
    {
        Explain = (failure, operation) => VsockException.From(failure, operation, remote),
        MaxSendBytes = maxWriteBytes,
        LingerClock = time,
    };

    /// <summary>Runs an action once when the stream is closed; at most one can be set.</summary>
    public void OnClosed(Action action) => _closed = action;

    /// <summary>
    /// Gives the socket away: whoever takes it closes it, and runs the action then that tells of the end (<see cref="OnClosed"/>).
    /// </summary>
    public (Socket Socket, LoopSocketOptions Options, Action? Closed) Release()
    {
        var (released, options) = socket.Release();
        return (released, options, Interlocked.Exchange(ref _closed, null));
    }

    /// <inheritdoc/>
    public override void MoveToCurrentLoop() => socket.MoveToCurrentLoop();

    /// <inheritdoc/>
    public override void ShutdownSend() => socket.ShutdownSend();

    /// <inheritdoc/>
    public override void Abort()
    {
        socket.Abort();
        TellClosed();
    }

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
        {
            socket.Dispose();
            TellClosed();
        }

        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await socket.CloseAsync();
        TellClosed();
        await base.DisposeAsync();
    }

    private void TellClosed() => Interlocked.Exchange(ref _closed, null)?.Invoke();
}
