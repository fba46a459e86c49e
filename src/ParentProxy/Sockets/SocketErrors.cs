using System.Net.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Sockets;

/// <summary>Failed system calls as the exceptions that the runtime's own sockets throw.</summary>
internal static class SocketErrors
{
    /// <summary>The exception for an errno.</summary>
    public static SocketException Exception(int errno) => new((int)ErrnoTable.ToSocketError(errno));

    /// <summary>The exception of what was pending on a socket that was closed.</summary>
    public static SocketException Aborted() => new((int)SocketError.OperationAborted);
}
