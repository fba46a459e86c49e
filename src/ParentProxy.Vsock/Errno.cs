using System.Globalization;
using System.Net.Sockets;

namespace ParentProxy.Vsock;

/// <summary>An error number of the Linux kernel (asm-generic/errno.h), with its name.</summary>
/// <param name="Value">The number: positive; 0 is success; -1 is <see cref="Unknown"/>.</param>
public readonly record struct Errno(int Value)
{
    /// <summary>The kernel gave an error that could not be learned.</summary>
    public static readonly Errno Unknown = new(-1);

    /// <summary>Operation not permitted: on vsock a seccomp profile, such as Docker's.</summary>
    public static readonly Errno EPERM = new(1);

    /// <summary>No such file or directory.</summary>
    public static readonly Errno ENOENT = new(2);

    /// <summary>Interrupted by a signal.</summary>
    public static readonly Errno EINTR = new(4);

    /// <summary>Not possible just now; the operation may be tried again.</summary>
    public static readonly Errno EAGAIN = new(11);

    /// <summary>The kernel is out of memory.</summary>
    public static readonly Errno ENOMEM = new(12);

    /// <summary>Permission denied: by a security policy, or for a port below 1024.</summary>
    public static readonly Errno EACCES = new(13);

    /// <summary>No such device: no vsock transport is loaded, or none that leads to the CID.</summary>
    public static readonly Errno ENODEV = new(19);

    /// <summary>Invalid argument: an address, flag or option that this kernel does not take.</summary>
    public static readonly Errno EINVAL = new(22);

    /// <summary>The system's file table is full.</summary>
    public static readonly Errno ENFILE = new(23);

    /// <summary>The process has too many open files.</summary>
    public static readonly Errno EMFILE = new(24);

    /// <summary>Broken pipe: a write after the peer has closed.</summary>
    public static readonly Errno EPIPE = new(32);

    /// <summary>Protocol error: the peer sent a packet that does not belong there.</summary>
    public static readonly Errno EPROTO = new(71);

    /// <summary>Operation not supported by the vsock transport.</summary>
    public static readonly Errno EOPNOTSUPP = new(95);

    /// <summary>Address family not supported.</summary>
    public static readonly Errno EAFNOSUPPORT = new(97);

    /// <summary>Address already in use.</summary>
    public static readonly Errno EADDRINUSE = new(98);

    /// <summary>Address not available: no CID of this machine, or no free local port.</summary>
    public static readonly Errno EADDRNOTAVAIL = new(99);

    /// <summary>Network unreachable: the transport allows no stream to the CID.</summary>
    public static readonly Errno ENETUNREACH = new(101);

    /// <summary>Connection aborted: the peer gave up before it was accepted.</summary>
    public static readonly Errno ECONNABORTED = new(103);

    /// <summary>Connection reset by the peer.</summary>
    public static readonly Errno ECONNRESET = new(104);

    /// <summary>No memory for the buffers of a socket.</summary>
    public static readonly Errno ENOBUFS = new(105);

    /// <summary>Not connected, or not any more.</summary>
    public static readonly Errno ENOTCONN = new(107);

    /// <summary>Timed out: the peer did not answer.</summary>
    public static readonly Errno ETIMEDOUT = new(110);

    /// <summary>Connection refused by the transport; a vsock port on which nobody listens gives <see cref="ECONNRESET"/>.</summary>
    public static readonly Errno ECONNREFUSED = new(111);

    /// <summary>Host unreachable: the transport knows no machine with the CID.</summary>
    public static readonly Errno EHOSTUNREACH = new(113);

    /// <summary>Operation cancelled: here, because the stream was closed under it.</summary>
    public static readonly Errno ECANCELED = new(125);

    /// <summary>The symbolic name, such as <c>ENODEV</c>; <c>errno 123</c> for a number that this library does not name.</summary>
    public string Name => ErrnoTable.Find(Value)?.Name ?? string.Create(CultureInfo.InvariantCulture, $"errno {Value}");

    /// <summary>
    /// What the error means in general, in a few words; <see cref="VsockException.Meaning"/> says what it means on vsock.
    /// </summary>
    public string Description => ErrnoTable.Find(Value)?.Description ?? "no description";

    /// <summary>The error number behind a <see cref="SocketError"/>: the reverse of what the runtime does on Linux.</summary>
    /// <param name="error">The error that a socket of any family reported.</param>
    /// <returns>
    /// The error number; <see cref="Unknown"/> where the runtime has lost it (<see cref="SocketError.SocketError"/>) or none
    /// existed (name resolution). Where the runtime folds two into one the likelier is returned: <see cref="EACCES"/> (or EPERM),
    /// <see cref="EMFILE"/> (or ENFILE), <see cref="EADDRNOTAVAIL"/> (or ENOENT, as for a missing unix socket),
    /// <see cref="ECANCELED"/> (or EBADF).
    /// </returns>
    public static Errno FromSocketError(SocketError error) => ErrnoTable.FromSocketError(error);

    /// <summary>The <see cref="Name"/>, which is what belongs in a log.</summary>
    public override string ToString() => Name;
}
