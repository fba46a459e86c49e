using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace ParentProxy.Scenarios.Wire;

/// <summary>What the kernel does with the sockets of a process that dies.</summary>
internal static class RawSocket
{
    private const int DontWait = 0x40;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;

    /// <summary>The next connection that waits to be accepted, or null; the runtime's own call would wait for another.</summary>
    public static Socket? AcceptWaiting(Socket listener) =>
        Accept(listener.SafeHandle, 0, 0, NonBlocking | CloseOnExec) is >= 0 and var descriptor ? new Socket(new SafeSocketHandle(descriptor, ownsHandle: true)) : null;

    /// <summary>Ends a connection with a reset.</summary>
    /// <returns>What had come and nobody had read, up to the last moment.</returns>
    public static string Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        var unread = Drain(socket);
        socket.Dispose();
        return unread;
    }

    /// <summary>Ends a connection as the end of its process does: with a reset when something was not read, else with an end of file.</summary>
    /// <returns>What had come and nobody had read.</returns>
    public static string Close(Socket socket)
    {
        var unread = Drain(socket);
        try
        {
            // Without it the runtime resets connections that are being read.
            if (unread.Length == 0)
                socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // The other side was first.
        }

        // What has come since is answered by a reset all the same.
        unread += Drain(socket);
        socket.Dispose();
        return unread;
    }

    /// <summary>What has come and nobody has read, without waiting and without the runtime's queue of reads.</summary>
    private static string Drain(Socket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        nint received;
        while ((received = Receive(socket.SafeHandle, buffer, buffer.Length, DontWait)) > 0)
            text.Append(Encoding.Latin1.GetString(buffer, 0, (int)received));
        return text.ToString();
    }

    [DllImport("libc", EntryPoint = "recv")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Receive(SafeSocketHandle socket, byte[] buffer, nint length, int flags);

    [DllImport("libc", EntryPoint = "accept4")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Accept(SafeSocketHandle listener, nint address, nint length, int flags);
}
