using System.Net.Sockets;
using ParentProxy.Http1;
using ParentProxy.Vsock;

namespace ParentProxy.Enclaves;

/// <summary>
/// A connection to an enclave: a duplex stream with half-close, whatever carries it. Tells once when it was closed.
/// </summary>
internal sealed class EnclaveStream : DuplexStream
{
    private readonly Stream _inner;
    private Action? _closed;

    /// <summary>Wraps a vsock connection.</summary>
    public EnclaveStream(VsockStream inner) => _inner = inner;

    /// <summary>Wraps a TCP or unix socket connection, which the stream owns.</summary>
    public EnclaveStream(Socket socket) => _inner = new NetworkStream(socket, ownsSocket: true);

    /// <summary>Runs an action once when the stream is closed; at most one can be set.</summary>
    public void OnClosed(Action action) => _closed = action;

    /// <inheritdoc/>
    public override void ShutdownSend()
    {
        if (_inner is VsockStream vsock)
            vsock.ShutdownSend();
        else
            ((NetworkStream)_inner).Socket.Shutdown(SocketShutdown.Send);
    }

    /// <inheritdoc/>
    public override void Abort()
    {
        if (_inner is VsockStream vsock)
            vsock.Abort();
        else
            ((NetworkStream)_inner).Socket.Close(0);
        Interlocked.Exchange(ref _closed, null)?.Invoke();
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _inner.ReadAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        _inner.ReadAsync(buffer, offset, count, cancellationToken);

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer) => _inner.Read(buffer);

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => _inner.Read(buffer, offset, count);

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _inner.WriteAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        _inner.WriteAsync(buffer, offset, count, cancellationToken);

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer) => _inner.Write(buffer);

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => _inner.Write(buffer, offset, count);

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
            _inner.Dispose();
            Interlocked.Exchange(ref _closed, null)?.Invoke();
        }

        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _inner.DisposeAsync();
        Interlocked.Exchange(ref _closed, null)?.Invoke();
        await base.DisposeAsync();
    }
}
