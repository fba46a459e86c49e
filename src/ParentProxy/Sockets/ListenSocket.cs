using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using ParentProxy.Sockets.Passing;
using ParentProxy.Vsock;

namespace ParentProxy.Sockets;

/// <summary>A bound socket, and the file that binding it made where it has one. Closing it removes the file.</summary>
internal sealed class ListenSocket(Socket socket, UnixSocketFile? file = null)
{
    private readonly UnixSocketFile? _file = file;
    private bool _hasLeft;

    /// <summary>What connections are accepted from.</summary>
    public Socket Socket { get; } = socket;

    /// <summary>What it is kept by for the next process; null when nobody keeps it.</summary>
    public string? KeptAs { get; init; }

    /// <summary>Whether it is a socket unit's of systemd, which goes on listening whatever happens here.</summary>
    public bool IsOfUnit { get; init; }

    /// <summary>Whether it came from a process that listens there, too, until this one serves.</summary>
    public bool IsLent { get; init; }

    /// <summary>Whether closing it closes no port: what waits in its accept queue is somebody else's.</summary>
    public bool IsPassedOn => IsOfUnit || ListenerStore.OfProcess.IsHandedOver(KeptAs is not null, IsLent);

    /// <summary>
    /// Binds to an address of TCP, a unix socket's path, a vsock address, or takes over a descriptor as Kestrel does. Where the process
    /// was started with a socket that listens there already, it is that one.
    /// </summary>
    /// <exception cref="SocketException">It cannot be had.</exception>
    public static ListenSocket Bind(EndPoint endPoint)
    {
        var store = ListenerStore.OfProcess;
        var bound = store.Take(endPoint) ?? BindAndKeep(endPoint, store);
        store.Add(bound.Socket);
        return bound;
    }

    /// <summary>Closes it; what is in its accept queue is reset, unless it is passed on. May be called more than once.</summary>
    public void Close()
    {
        Leave();
        Socket.Dispose();
    }

    /// <summary>
    /// The first step of <see cref="Close"/>: removes the file, and the copy that is kept. While the socket is open no other file can look
    /// like its own.
    /// </summary>
    public void Leave()
    {
        if (Interlocked.Exchange(ref _hasLeft, true) || IsPassedOn)
            return;
        _file?.Remove();
        if (KeptAs is { } name)
            ListenerStore.OfProcess.Forget(name);
    }

    private static ListenSocket BindAndKeep(EndPoint endPoint, ListenerStore store)
    {
        ListenSocket bound;
        try
        {
            bound = BindAnew(endPoint);
        }
        catch (SocketException ex) when (ex.SocketErrorCode == SocketError.AddressAlreadyInUse && store.MakeRoom(endPoint))
        {
            bound = BindAnew(endPoint);
        }

        return store.Keep(bound.Socket) is { } name ? new ListenSocket(bound.Socket, bound._file) { KeptAs = name } : bound;
    }

    private static ListenSocket BindAnew(EndPoint endPoint)
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
}
