using System.Globalization;
using System.Net.Sockets;

namespace ParentProxy.Vsock;

/// <summary>An error number of the Linux kernel (asm-generic/errno.h), with its name.</summary>
/// <param name="Value">The number: positive; 0 is success; -1 is <see cref="Unknown"/>.</param>
public readonly record struct Errno(int Value)
{
    /// <summary>The kernel gave an error that could not be learned.</summary>
    public static readonly Errno Unknown = new(-1);

    /// <summary>1, operation not permitted: the usual sign of a seccomp profile that blocks AF_VSOCK.</summary>
    public static readonly Errno EPERM = new(1);

    /// <summary>No such file or directory.</summary>
    public static readonly Errno ENOENT = new(2);

    /// <summary>Interrupted by a signal.</summary>
    public static readonly Errno EINTR = new(4);

    /// <summary>11, try again: nothing is there just now, or an accept queue of a unix socket is full.</summary>
    public static readonly Errno EAGAIN = new(11);

    /// <summary>12, out of memory in the kernel.</summary>
    public static readonly Errno ENOMEM = new(12);

    /// <summary>13, permission denied: a privileged port, or a rule of a security module.</summary>
    public static readonly Errno EACCES = new(13);

    /// <summary>19, no such device: no transport leads to the CID.</summary>
    public static readonly Errno ENODEV = new(19);

    /// <summary>22, invalid argument, or a state in which the call makes no sense.</summary>
    public static readonly Errno EINVAL = new(22);

    /// <summary>The system's file table is full.</summary>
    public static readonly Errno ENFILE = new(23);

    /// <summary>The process has too many open files.</summary>
    public static readonly Errno EMFILE = new(24);

    /// <summary>32, broken pipe: the peer has closed, or this side has ended its sending.</summary>
    public static readonly Errno EPIPE = new(32);

    /// <summary>71, protocol error: an unexpected packet came while connecting.</summary>
    public static readonly Errno EPROTO = new(71);

    /// <summary>95, operation not supported by the transport.</summary>
    public static readonly Errno EOPNOTSUPP = new(95);

    /// <summary>Address family not supported.</summary>
    public static readonly Errno EAFNOSUPPORT = new(97);

    /// <summary>Address already in use.</summary>
    public static readonly Errno EADDRINUSE = new(98);

    /// <summary>99, address not available: the CID is not this machine's, or no local port is free.</summary>
    public static readonly Errno EADDRNOTAVAIL = new(99);

    /// <summary>101, network unreachable: the transport allows no stream to the CID.</summary>
    public static readonly Errno ENETUNREACH = new(101);

    /// <summary>103, connection aborted: it ended before it was accepted.</summary>
    public static readonly Errno ECONNABORTED = new(103);

    /// <summary>Connection reset by the peer.</summary>
    public static readonly Errno ECONNRESET = new(104);

    /// <summary>105, no buffer space in the kernel.</summary>
    public static readonly Errno ENOBUFS = new(105);

    /// <summary>107, not connected: on vsock also the end of a connection after a half-close.</summary>
    public static readonly Errno ENOTCONN = new(107);

    /// <summary>110, timed out: nothing answered.</summary>
    public static readonly Errno ETIMEDOUT = new(110);

    /// <summary>111, connection refused; on vsock it is ECONNRESET when nobody listens.</summary>
    public static readonly Errno ECONNREFUSED = new(111);

    /// <summary>113, host unreachable: the transport knows no machine with the CID.</summary>
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

    /// <summary>The same as <see cref="Name"/>.</summary>
    public override string ToString() => Name;
}
