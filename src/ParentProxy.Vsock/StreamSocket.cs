using System.Net.Sockets;

namespace ParentProxy.Vsock;

/// <summary>
/// The connected socket below a stream: one receive and one send at a time, any of them together with what closes it.
/// Failures are <see cref="SocketException"/>, or <see cref="ObjectDisposedException"/> once it is closed.
/// </summary>
internal abstract class StreamSocket : IDisposable
{
    /// <summary>
    /// Receives what is there, waiting for the first byte; 0 is the end. Into an empty buffer it waits and takes nothing.
    /// </summary>
    public abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Sends some of a buffer at least. A send that is given up may have sent a part.</summary>
    /// <returns>How many bytes were sent.</returns>
    public abstract ValueTask<int> SendAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken);

    /// <summary><see cref="ReceiveAsync"/>, blocking the calling thread.</summary>
    /// <exception cref="NotSupportedException">Nothing may block here.</exception>
    public abstract int Receive(Span<byte> buffer);

    /// <summary><see cref="SendAsync"/>, blocking the calling thread.</summary>
    /// <exception cref="NotSupportedException">Nothing may block here.</exception>
    public abstract int Send(ReadOnlySpan<byte> buffer);

    /// <summary>Ends the sending direction.</summary>
    public abstract void ShutdownSend();

    /// <summary>
    /// Closes at once, without a care for what was not sent yet. May be called after <see cref="IDisposable.Dispose"/>, too.
    /// </summary>
    public abstract void Abort();

    /// <summary>Closes; what is pending fails.</summary>
    public abstract void Dispose();
}
