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

    // Else the first calls look the functions up, between the last look at a connection and its end.
    static RawSocket() => Marshal.PrelinkAll(typeof(RawSocket));

    /// <summary>The next connection that waits to be accepted, or null; the runtime's own call would wait for another.</summary>
    public static Socket? AcceptWaiting(Socket listener) =>
        Accept(listener.SafeHandle, 0, 0, NonBlocking | CloseOnExec) is >= 0 and var descriptor
            ? new Socket(new SafeSocketHandle(descriptor, ownsHandle: true))
            : null;

    /// <summary>Ends a connection with a reset.</summary>
    /// <returns>What had come and nobody had read.</returns>
    public static string Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        var unread = Drain(socket);
        socket.Dispose();
        return unread;
    }

    /// <summary>Ends a connection that nobody reads with a reset.</summary>
    /// <returns>What had come, up to the last moment: the runtime takes its time to close, and more may come in it.</returns>
    public static string Refuse(Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        using var handle = new SafeSocketHandle(socket.Handle, ownsHandle: false);
        socket.SafeHandle.SetHandleAsInvalid();
        var unread = Drain(handle);
        _ = Close(handle);
        return unread;
    }

    /// <summary>What has come and nobody has read, without waiting and without the runtime's queue of reads.</summary>
    public static string Drain(Socket socket) => Drain(socket.SafeHandle);

    private static string Drain(SafeSocketHandle handle)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        nint received;
        while ((received = Receive(handle, buffer, buffer.Length, DontWait)) > 0)
            text.Append(Encoding.Latin1.GetString(buffer, 0, (int)received));
        return text.ToString();
    }

    [DllImport("libc", EntryPoint = "recv")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Receive(SafeSocketHandle socket, byte[] buffer, nint length, int flags);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(SafeSocketHandle socket);

    [DllImport("libc", EntryPoint = "accept4")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Accept(SafeSocketHandle listener, nint address, nint length, int flags);
}
