using System.Net.Sockets;
using ParentProxy.Sockets;

namespace ParentProxy.Tests.Http1;

/// <summary>A stream over a socket.</summary>
internal sealed class SocketStream(Socket socket, Action? disposed = null) : DuplexStream
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);
    private int _disposals;

    /// <summary>How often it was disposed.</summary>
    public int Disposals => Volatile.Read(ref _disposals);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _stream.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _stream.WriteAsync(buffer, cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => _stream.Read(buffer, offset, count);

    public override void Write(byte[] buffer, int offset, int count) => _stream.Write(buffer, offset, count);

    public override void Flush()
    {
    }

    public override void ShutdownSend() => socket.Shutdown(SocketShutdown.Send);

    public override void Abort() => socket.Dispose();

    protected override void Dispose(bool disposing)
    {
        Interlocked.Increment(ref _disposals);
        _stream.Dispose();
        disposed?.Invoke();
        base.Dispose(disposing);
    }
}
