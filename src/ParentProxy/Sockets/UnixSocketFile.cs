using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using ParentProxy.Runtime;

namespace ParentProxy.Sockets;

/// <summary>
/// The file of a unix listener. A process that was killed leaves its own behind, at which no other can listen: that is
/// removed, and at the end ours. Nothing else is: no socket that somebody serves, and nothing that is no socket.
/// </summary>
internal sealed class UnixSocketFile
{
    private readonly string _path;
    private readonly FileIdentity? _identity;

    private UnixSocketFile(string path)
    {
        _path = path;
        _identity = FileKind.Identify(path);
    }

    /// <summary>The file of a socket that was bound to a path by an earlier process.</summary>
    public static UnixSocketFile Of(UnixDomainSocketEndPoint endPoint) => new(endPoint.ToString());

    /// <summary>Binds a socket to a path, from which a socket's file is removed that nobody serves.</summary>
    /// <exception cref="SocketException">It cannot be bound, because something else is there above all.</exception>
    public static ListenSocket Bind(UnixDomainSocketEndPoint endPoint)
    {
        var path = endPoint.ToString();
        Socket bound;
        try
        {
            bound = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        }
        catch (SocketException ex) when (ex.SocketErrorCode == SocketError.AddressAlreadyInUse && IsLeftOver(endPoint))
        {
            File.Delete(path);
            bound = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        }

        // The runtime removes, with the socket that it has bound, whatever is at the path by then.
        var socket = new Socket(new SafeSocketHandle(bound.SafeHandle.DangerousGetHandle(), ownsHandle: true));
        bound.SafeHandle.SetHandleAsInvalid();
#pragma warning disable CA1816 // It has nothing left to finalize.
        GC.SuppressFinalize(bound);
#pragma warning restore CA1816
        return new ListenSocket(socket, new UnixSocketFile(path));
    }

    /// <summary>
    /// Removes the file, if it is ours still: another process may have put its own there. To be called while the socket is
    /// open, so that no other file can look like ours.
    /// </summary>
    public void Remove()
    {
        if (_identity is null || FileKind.Identify(_path) != _identity)
            return;
        try
        {
            File.Delete(_path);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            // The next to listen there removes it.
        }
    }

    /// <summary>Whether a socket's file is there that nobody serves.</summary>
    private static bool IsLeftOver(UnixDomainSocketEndPoint endPoint)
    {
        // A connection to an ordinary file is refused just like one to a socket that nobody serves.
        if (FileKind.NotASocket(endPoint.ToString()) is not null)
            return false;
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            probe.Connect(endPoint);
            return false;
        }
        catch (SocketException ex)
        {
            // Anything else, like a full accept queue, speaks for a process that lives.
            return ex.SocketErrorCode == SocketError.ConnectionRefused;
        }
    }
}
