using System.Net;
using System.Net.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Sockets;

/// <summary>A bound socket, and the file that binding it made where it has one. Closing it removes the file.</summary>
internal sealed class ListenSocket(Socket socket, UnixSocketFile? file = null)
{
    private UnixSocketFile? _file = file;

    /// <summary>What connections are accepted from.</summary>
    public Socket Socket { get; } = socket;

    /// <summary>Binds to an address of TCP, a unix socket's path or a vsock address.</summary>
    /// <exception cref="SocketException">It cannot be had.</exception>
    public static ListenSocket Bind(EndPoint endPoint)
    {
        if (endPoint is UnixDomainSocketEndPoint path)
            return UnixSocketFile.Bind(path);
        var socket = endPoint is VsockEndPoint vsock
            ? VsockSocket.Create(vsock)
            : new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // [::] means all addresses, those of IPv4 too.
            if (endPoint is IPEndPoint { Address: var address } && address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(endPoint);
            return new ListenSocket(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Closes it; what is in its accept queue is reset. May be called more than once.</summary>
    public void Close()
    {
        // While it is open no other file can look like its own.
        Interlocked.Exchange(ref _file, null)?.Remove();
        Socket.Dispose();
    }
}
