using System.Net;
using System.Net.Sockets;
using ParentProxy.Sockets;

namespace ParentProxy.Tests.Sockets;

/// <summary>Two connected sockets: one that a loop waits for, and the peer's.</summary>
internal sealed class SocketPair : IDisposable
{
    private SocketPair(Socket near, Socket far, EventLoop? loop)
    {
        Near = new LoopSocket(near, loop: loop);
        Far = far;
    }

    public LoopSocket Near { get; }

    public Socket Far { get; }

    public static SocketPair Unix(EventLoop? loop = null)
    {
        var path = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N") + ".sock");
        try
        {
            return Connect(new UnixDomainSocketEndPoint(path), ProtocolType.Unspecified, loop);
        }
        finally
        {
            File.Delete(path);
        }
    }

    public static SocketPair Tcp(EventLoop? loop = null) => Connect(new IPEndPoint(IPAddress.Loopback, 0), ProtocolType.Tcp, loop);

    public void Dispose()
    {
        Near.Dispose();
        Far.Dispose();
    }

    private static SocketPair Connect(EndPoint endPoint, ProtocolType protocol, EventLoop? loop)
    {
        using var listener = new Socket(endPoint.AddressFamily, SocketType.Stream, protocol);
        listener.Bind(endPoint);
        listener.Listen(1);
        var far = new Socket(endPoint.AddressFamily, SocketType.Stream, protocol);
        far.Connect(listener.LocalEndPoint!);
        return new SocketPair(listener.Accept(), far, loop);
    }
}
