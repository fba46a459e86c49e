using System.Net.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Sockets;

/// <summary>A listener could not be opened; the message names the address, the errno and the setting.</summary>
internal sealed class ListenException : Exception
{
    /// <summary>An address of TCP, or the path of a unix socket.</summary>
    /// <param name="address">Where it was to listen: a URL, an address and a port, or a path.</param>
    /// <param name="isFile">Whether the address is a path.</param>
    /// <param name="inner">How it failed.</param>
    /// <param name="setting">The setting that holds the address.</param>
    /// <param name="predecessor">
    /// What may listen there still, in whose place this program comes; null: nothing but another one like it.
    /// </param>
    public ListenException(string address, bool isFile, SocketException inner, string setting, string? predecessor = null)
        : base(Describe(address, isFile, inner, setting, predecessor), inner)
    {
    }

    /// <summary>An address of vsock.</summary>
    /// <param name="address">Where it was to listen.</param>
    /// <param name="inner">How it failed.</param>
    /// <param name="setting">The setting that holds the address.</param>
    /// <param name="predecessor">What may listen there still, in whose place this program comes.</param>
    public ListenException(string address, VsockException inner, string setting, string predecessor)
        : base(
            $"cannot listen on {address} ({setting}): {inner.Errno.Name}: {inner.Meaning}. {Perhaps(inner, predecessor)}{inner.Hint}",
            inner)
    {
    }

    private static string Perhaps(VsockException error, string predecessor) =>
        error.Errno == Errno.EADDRINUSE ? $"Perhaps {predecessor} listens there still. " : "";

    private static string Describe(string address, bool isFile, SocketException error, string setting, string? predecessor)
    {
        // The runtime has one name for the two.
        var errno = error.SocketErrorCode == SocketError.AddressNotAvailable && isFile
            ? Errno.ENOENT
            : Errno.FromSocketError(error.SocketErrorCode);
        var said = errno == Errno.Unknown ? error.Message : $"{errno.Name}: {errno.Description}";
        var hint = isFile ? FileHint(errno, address) : Hint(errno, setting, predecessor);
        return $"cannot listen on {address} ({setting}): {said}. {hint}".TrimEnd();
    }

    private static string Hint(Errno errno, string setting, string? predecessor) => errno.Name switch
    {
        "EADDRINUSE" when predecessor is not null => $"Another program listens there, perhaps {predecessor}: 'ss -ltnp' names it",
        "EADDRINUSE" => "Another program listens there, perhaps a second parent-proxy: 'ss -ltnp' names it. "
            + $"Stop it, or set {setting} to another port",
        "EACCES" or "EPERM" => "Ports below 1024 need root or CAP_NET_BIND_SERVICE, which the shipped unit grants",
        "EADDRNOTAVAIL" => "The address belongs to none of this machine's interfaces",
        "EAFNOSUPPORT" => "This machine has IPv6 switched off: write 0.0.0.0 for [::] or *",
        _ => "",
    };

    private static string FileHint(Errno errno, string path)
    {
        var folder = Path.GetDirectoryName(path);
        return errno.Name switch
        {
            "ENOENT" => $"The folder {folder} does not exist: make it, or correct the path "
                + "(RuntimeDirectory= of a systemd unit makes one below /run)",
            "EADDRINUSE" => "Another program listens there: 'ss -lxp' names it",
            "EACCES" or "EPERM" => $"The user of this process may not make files in {folder}",
            _ when !Directory.Exists(folder) => $"{folder} is no folder",
            _ => $"Can files be made in {folder}? The disk may be read-only or full",
        };
    }
}
