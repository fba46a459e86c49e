using System.Net;
using System.Net.Sockets;
using ParentProxy.Sockets;

namespace ParentProxy.Tests.Sockets;

/// <summary>Two connected sockets: one that a loop waits for, and the peer's.</summary>
internal sealed class SocketPair : IDisposable
{
    private SocketPair(Socket near, Socket far, EventLoop? loop, LoopSocketOptions? options)
    {
        Near = new LoopSocket(near, options, loop);
        Far = far;
    }

    public LoopSocket Near { get; }

    public Socket Far { get; }

    public static SocketPair Unix(EventLoop? loop = null, LoopSocketOptions? options = null, SocketType type = SocketType.Stream)
    {
        var path = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N") + ".sock");
        try
        {
            return Connect(new UnixDomainSocketEndPoint(path), type, loop, options);
        }
        finally
        {
            File.Delete(path);
        }
    }

    public static SocketPair Tcp(EventLoop? loop = null) =>
        Connect(new IPEndPoint(IPAddress.Loopback, 0), SocketType.Stream, loop, options: null);

    public void Dispose()
    {
        Near.Dispose();
        Far.Dispose();
    }

    private static SocketPair Connect(EndPoint endPoint, SocketType type, EventLoop? loop, LoopSocketOptions? options)
    {
        using var listener = new Socket(endPoint.AddressFamily, type, ProtocolType.Unspecified);
        listener.Bind(endPoint);
        listener.Listen(1);
        var far = new Socket(endPoint.AddressFamily, type, ProtocolType.Unspecified);
        far.Connect(listener.LocalEndPoint!);
        return new SocketPair(listener.Accept(), far, loop, options);
    }
}
