using System.Net.Sockets;
using System.Runtime.InteropServices;
using ParentProxy.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Enclaves.Transports;

/// <summary>
/// A connection to an enclave: a duplex stream with half-close, whatever carries it. Tells once when it was closed.
/// </summary>
internal sealed class EnclaveStream : DuplexStream
{
    private readonly LoopSocket _socket;
    private readonly VsockStream? _vsock;
    private Action? _closed;

    /// <summary>Wraps a vsock connection.</summary>
    /// <param name="vsock">The connection.</param>
    /// <param name="socket">What it runs over.</param>
    public EnclaveStream(VsockStream vsock, LoopSocket socket)
    {
        _vsock = vsock;
        _socket = socket;
    }

    /// <summary>Wraps a TCP or unix socket connection, whose failures are <see cref="IOException"/>.</summary>
    /// <param name="socket">What it runs over; made with <see cref="Explain"/>.</param>
    public EnclaveStream(LoopSocket socket) => _socket = socket;

    /// <summary>What it runs over.</summary>
    public SafeHandle Descriptor => _socket.Handle;

    /// <inheritdoc/>
    public override long? BytesTaken => _socket.BytesTaken;

    /// <inheritdoc/>
    public override bool IsReceiveQueueEmpty => _socket.IsReceiveQueueEmpty;

    /// <inheritdoc/>
    public override bool IsOnCurrentLoop => _socket.IsOnCurrentLoop;

    /// <summary>What a stream throws when its socket fails.</summary>
    public static Exception Explain(SocketException failure) => new IOException(failure.Message, failure);

    /// <summary>Runs an action once when the stream is closed; at most one can be set.</summary>
    public void OnClosed(Action action) => _closed = action;

    /// <inheritdoc/>
    public override void MoveToCurrentLoop() => _socket.MoveToCurrentLoop();

    /// <inheritdoc/>
    public override void ShutdownSend()
    {
        if (_vsock is not null)
            _vsock.ShutdownSend();
        else
            _socket.ShutdownSend();
    }

    /// <inheritdoc/>
    public override void Abort()
    {
        if (_vsock is not null)
            _vsock.Abort();
        else
            _socket.Abort();
        Interlocked.Exchange(ref _closed, null)?.Invoke();
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _vsock is null ? _socket.ReceiveAsync(buffer, cancellationToken) : _vsock.ReadAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Not supported: nothing may block here.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _vsock is null ? _socket.WriteAsync(buffer, cancellationToken) : _vsock.WriteAsync(buffer, cancellationToken);

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
            if (_vsock is not null)
                _vsock.Dispose();
            else
                _socket.Dispose();
            Interlocked.Exchange(ref _closed, null)?.Invoke();
        }

        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_vsock is not null)
            await _vsock.DisposeAsync();
        else
            _socket.Dispose();
        Interlocked.Exchange(ref _closed, null)?.Invoke();
        await base.DisposeAsync();
    }
}
