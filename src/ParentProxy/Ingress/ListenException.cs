using System.Net.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Ingress;

/// <summary>A listener could not be opened; the message names the address and the errno.</summary>
internal sealed class ListenException(string address, bool isFile, SocketException inner)
    : Exception(Describe(address, isFile, inner), inner)
{
    private static string Describe(string address, bool isFile, SocketException error)
    {
        var errno = error.SocketErrorCode == SocketError.AddressNotAvailable && isFile
            ? "ENOENT"
            : Errno.FromSocketError(error.SocketErrorCode).Name;
        return $"cannot listen on {address}: {errno} ({error.Message}){Hint(errno)}";
    }

    private static string Hint(string errno) => errno switch
    {
        "EADDRINUSE" => ". Another program listens there, perhaps the socat unit that this one replaces: 'ss -ltnp' names it",
        "EACCES" or "EPERM" => ". Ports below 1024 need CAP_NET_BIND_SERVICE, which the shipped unit grants",
        "EADDRNOTAVAIL" => ". The address belongs to none of this machine's interfaces",
        _ => "",
    };
}
