using System.Net.Sockets;

namespace ParentProxy.Simulator.Listening;

/// <summary>
/// The file of a unix socket. A process that was killed leaves its file behind and bind fails while it exists; the file
/// of a living process, or a file that is no socket, is never touched. The runtime removes ours when the listener closes.
/// </summary>
internal static class UnixSocketFile
{
    private const int NoSuchDeviceOrAddress = 6; // ENXIO: what opening a socket's file gives

    /// <summary>Makes room for a socket: removes the file at <paramref name="path"/> when it is that of a process that is gone.</summary>
    /// <exception cref="IOException">Something else is there, or the directory is missing.</exception>
    public static async Task PrepareAsync(string path, CancellationToken cancellationToken)
    {
        // Bind calls that "cannot assign requested address".
        var directory = Path.GetDirectoryName(path);
        if (!Directory.Exists(directory))
            throw new DirectoryNotFoundException($"there is no directory {directory}");
        if (!Path.Exists(path))
            return;
        // Linux refuses a connection to an ordinary file just like to a socket without a listener.
        if (!IsSocket(path))
            throw new IOException($"{path} exists and is no socket");
        if (await HasListenerAsync(path, cancellationToken))
            throw new IOException($"{path}: address already in use");
        File.Delete(path);
    }

    private static bool IsSocket(string path)
    {
        try
        {
            // For reading alone, the open of a FIFO would block.
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return false;
        }
        catch (IOException e)
        {
            return e.HResult == NoSuchDeviceOrAddress;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static async Task<bool> HasListenerAsync(string path, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return true;
        }
        catch (SocketException e)
        {
            // Anything but a refusal (a full queue, no permission) speaks for a living process.
            return e.SocketErrorCode != SocketError.ConnectionRefused;
        }
    }
}
