using System.Net;
using System.Net.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Sockets.Passing;

/// <summary>A listening socket that this process was started with.</summary>
/// <param name="Descriptor">Its number; open until <see cref="Close"/>.</param>
/// <param name="EndPoint">Where it listens.</param>
/// <param name="Name">What it was handed over by: the name of a socket unit, or the one that it was kept by.</param>
/// <param name="IsOurs">Whether an earlier process of this program opened it; otherwise it is a socket unit's.</param>
internal sealed record PassedListener(int Descriptor, EndPoint EndPoint, string Name, bool IsOurs)
{
    /// <summary>Whether the process that it comes from still runs, and listens there, too.</summary>
    public bool IsLent { get; init; }

    /// <summary>What a socket is kept by that listens there. No colon may be in it (sd_pid_notify_with_fds(3)).</summary>
    public static string NameOf(EndPoint endPoint) => $"parent-proxy.{endPoint}".Replace(':', '_');

    /// <summary>
    /// Whether it can stand for a listener at an address: it is the same, or a socket unit's for every address of both families where every
    /// one of IPv4 is asked for, which is what <c>ListenStream=6300</c> opens.
    /// </summary>
    public bool Serves(EndPoint wanted) =>
        wanted.Equals(EndPoint)
        || (wanted is UnixDomainSocketEndPoint && EndPoint is UnixDomainSocketEndPoint && wanted.ToString() == EndPoint.ToString())
        || (wanted is VsockEndPoint { Port: var port } && EndPoint is VsockEndPoint vsock && vsock.Port == port && IsAny(vsock.Cid))
        || (!IsOurs && wanted is IPEndPoint ip && EndPoint is IPEndPoint own && own.Port == ip.Port
            && ip.Address.Equals(IPAddress.Any) && own.Address.Equals(IPAddress.IPv6Any) && DescriptorCalls.IsDualStack(Descriptor));

    /// <summary>Whether nothing else can listen at an address while this does.</summary>
    public bool Blocks(EndPoint wanted) => (wanted, EndPoint) switch
    {
        (IPEndPoint one, IPEndPoint other) => one.Port == other.Port,
        (VsockEndPoint one, VsockEndPoint other) => one.Port == other.Port,
        _ => false,
    };

    /// <summary>The socket, which closes the descriptor.</summary>
    /// <exception cref="SocketException">It is no socket any more.</exception>
    public Socket Open() => DescriptorCalls.ToSocket(Descriptor, EndPoint);

    /// <summary>A copy of the socket; the descriptor stays open.</summary>
    /// <exception cref="SocketException">No descriptor is left for the copy.</exception>
    public Socket OpenCopy() => DescriptorCalls.ToSocket(DescriptorCalls.Duplicate(Descriptor), EndPoint);

    /// <summary>Gives it up, where nobody has opened it.</summary>
    public void Close() => DescriptorCalls.CloseNumber(Descriptor);

    private static bool IsAny(uint cid) => cid is VsockCid.Any;
}
