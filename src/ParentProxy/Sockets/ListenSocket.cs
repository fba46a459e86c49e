using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Sockets;

/// <summary>A bound socket, and the file that binding it made where it has one. Closing it removes the file.</summary>
internal sealed class ListenSocket(Socket socket, UnixSocketFile? file = null)
{
    private UnixSocketFile? _file = file;

    /// <summary>What connections are accepted from.</summary>
    public Socket Socket { get; } = socket;

    /// <summary>Binds to an address of TCP, a unix socket's path, a vsock address, or takes over a descriptor as Kestrel does.</summary>
    /// <exception cref="SocketException">It cannot be had.</exception>
    public static ListenSocket Bind(EndPoint endPoint)
    {
        if (endPoint is UnixDomainSocketEndPoint path)
            return UnixSocketFile.Bind(path);
        if (endPoint is not VsockEndPoint vsock)
            return new ListenSocket(SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint));
        var socket = VsockSocket.Create(vsock);
        try
        {
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
