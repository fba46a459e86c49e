using System.Net.Sockets;
using System.Runtime.InteropServices;
using ParentProxy.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Enclaves.Transports;

/// <summary>
/// A connection to an enclave: a duplex stream with half-close, whatever carries it. Tells once when it was closed.
/// </summary>
/// <param name="socket">What it runs over; made with <see cref="SocketStream.SocketOptions"/> or <see cref="VsockOptions"/>.</param>
internal sealed class EnclaveStream(LoopSocket socket) : SocketStream(socket)
{
    private Action? _closed;

    /// <summary>The descriptor, by whose number a reserve is kept.</summary>
    public SafeHandle Descriptor => LoopSocket.Handle;

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
        var (released, options) = LoopSocket.Release();
        return (released, options, Interlocked.Exchange(ref _closed, null));
    }

    /// <inheritdoc/>
    public override void Abort()
    {
        base.Abort();
        TellClosed();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        TellClosed();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            TellClosed();
    }

    private void TellClosed() => Interlocked.Exchange(ref _closed, null)?.Invoke();
}
