using System.Net;
using System.Net.Sockets;
using ParentProxy.Sockets;

namespace ParentProxy.Inside.Bridges;

/// <summary>
/// A connection that was accepted, as a socket that can be waited for with a time limit; disposing of it gives the connection back.
/// </summary>
internal sealed class BorrowedFront : IDisposable
{
    private readonly Socket _socket;
    private readonly Action<Descriptor> _giveBack;

    /// <summary>Takes a descriptor for a while.</summary>
    /// <param name="descriptor">The connection's.</param>
    /// <param name="loop">What waits for it.</param>
    /// <param name="giveBack">Gets it in the end.</param>
    /// <exception cref="SocketException">It is of no use, and closed.</exception>
    public BorrowedFront(Descriptor descriptor, EventLoop loop, Action<Descriptor> giveBack)
    {
        _socket = descriptor.ToSocket();
        _giveBack = giveBack;
        Socket = new LoopSocket(_socket, loop: loop);
    }

    /// <summary>What is read from and written to.</summary>
    public LoopSocket Socket { get; }

    /// <summary>The address that was connected to; null but on TCP.</summary>
    public IPEndPoint? LocalEndPoint => _socket.LocalEndPoint as IPEndPoint;

    /// <inheritdoc/>
    public void Dispose()
    {
        Socket.Release();
        _giveBack(Descriptor.TakeFrom(_socket));
    }
}
