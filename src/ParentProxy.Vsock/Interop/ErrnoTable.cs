using System.Collections.Frozen;
using System.Net.Sockets;

namespace ParentProxy.Vsock;

/// <summary>Names of the error numbers that sockets and files give, and their place in the runtime's <see cref="SocketError"/>.</summary>
internal static class ErrnoTable
{
    private static readonly FrozenDictionary<int, Entry> ByValue = new Dictionary<int, Entry>
    {
        [-1] = new("EUNKNOWN", "error not known"),
        [0] = new("OK", "no error"),
        [1] = new("EPERM", "operation not permitted"),
        [2] = new("ENOENT", "no such file or directory"),
        [4] = new("EINTR", "interrupted by a signal"),
        [5] = new("EIO", "input/output error"),
        [6] = new("ENXIO", "no such device or address"),
        [9] = new("EBADF", "bad file descriptor"),
        [11] = new("EAGAIN", "resource temporarily unavailable"),
        [12] = new("ENOMEM", "out of memory"),
        [13] = new("EACCES", "permission denied"),
        [14] = new("EFAULT", "bad address"),
        [16] = new("EBUSY", "device or resource busy"),
        [17] = new("EEXIST", "file exists"),
        [19] = new("ENODEV", "no such device"),
        [20] = new("ENOTDIR", "not a directory"),
        [21] = new("EISDIR", "is a directory"),
        [22] = new("EINVAL", "invalid argument"),
        [23] = new("ENFILE", "too many open files in system"),
        [24] = new("EMFILE", "too many open files"),
        [25] = new("ENOTTY", "inappropriate ioctl for device"),
        [28] = new("ENOSPC", "no space left on device"),
        [32] = new("EPIPE", "broken pipe"),
        [36] = new("ENAMETOOLONG", "file name too long"),
        [38] = new("ENOSYS", "function not implemented"),
        [40] = new("ELOOP", "too many levels of symbolic links"),
        [61] = new("ENODATA", "no data available"),
        [71] = new("EPROTO", "protocol error"),
        [88] = new("ENOTSOCK", "not a socket"),
        [89] = new("EDESTADDRREQ", "destination address required"),
        [90] = new("EMSGSIZE", "message too long"),
        [91] = new("EPROTOTYPE", "wrong protocol type for socket"),
        [92] = new("ENOPROTOOPT", "protocol option not available"),
        [93] = new("EPROTONOSUPPORT", "protocol not supported"),
        [94] = new("ESOCKTNOSUPPORT", "socket type not supported"),
        [95] = new("EOPNOTSUPP", "operation not supported"),
        [96] = new("EPFNOSUPPORT", "protocol family not supported"),
        [97] = new("EAFNOSUPPORT", "address family not supported"),
        [98] = new("EADDRINUSE", "address already in use"),
        [99] = new("EADDRNOTAVAIL", "address not available"),
        [100] = new("ENETDOWN", "network is down"),
        [101] = new("ENETUNREACH", "network unreachable"),
        [102] = new("ENETRESET", "connection dropped by network"),
        [103] = new("ECONNABORTED", "connection aborted"),
        [104] = new("ECONNRESET", "connection reset by peer"),
        [105] = new("ENOBUFS", "no buffer space available"),
        [106] = new("EISCONN", "already connected"),
        [107] = new("ENOTCONN", "not connected"),
        [108] = new("ESHUTDOWN", "endpoint shut down"),
        [110] = new("ETIMEDOUT", "timed out"),
        [111] = new("ECONNREFUSED", "connection refused"),
        [112] = new("EHOSTDOWN", "host is down"),
        [113] = new("EHOSTUNREACH", "host unreachable"),
        [114] = new("EALREADY", "operation already in progress"),
        [115] = new("EINPROGRESS", "operation in progress"),
        [125] = new("ECANCELED", "operation cancelled"),
    }.ToFrozenDictionary();

    internal static Entry? Find(int value) => ByValue.TryGetValue(value, out Entry? entry) ? entry : null;

    // The reverse of SocketErrorPal.Unix.cs in dotnet/runtime. An explicit table, because SocketException.NativeErrorCode
    // invents numbers (-131074) for what it could not map.
    internal static Errno FromSocketError(SocketError error) => error switch
    {
        SocketError.Success => new Errno(0),
        SocketError.AccessDenied => Errno.EACCES,
        SocketError.AddressAlreadyInUse => Errno.EADDRINUSE,
        SocketError.AddressNotAvailable => Errno.EADDRNOTAVAIL,
        SocketError.AddressFamilyNotSupported => Errno.EAFNOSUPPORT,
        SocketError.WouldBlock => Errno.EAGAIN,
        SocketError.AlreadyInProgress => new Errno(114),
        SocketError.OperationAborted => Errno.ECANCELED,
        SocketError.ConnectionAborted => Errno.ECONNABORTED,
        SocketError.ConnectionRefused => Errno.ECONNREFUSED,
        SocketError.ConnectionReset => Errno.ECONNRESET,
        SocketError.DestinationAddressRequired => new Errno(89),
        SocketError.Fault => new Errno(14),
        SocketError.HostDown => new Errno(112),
        SocketError.HostUnreachable => Errno.EHOSTUNREACH,
        SocketError.InProgress or SocketError.IOPending => new Errno(115),
        SocketError.Interrupted => Errno.EINTR,
        SocketError.InvalidArgument => Errno.EINVAL,
        SocketError.IsConnected => new Errno(106),
        SocketError.TooManyOpenSockets => Errno.EMFILE,
        SocketError.MessageSize => new Errno(90),
        SocketError.NetworkDown => new Errno(100),
        SocketError.NetworkReset => new Errno(102),
        SocketError.NetworkUnreachable => Errno.ENETUNREACH,
        SocketError.NoBufferSpaceAvailable => Errno.ENOBUFS,
        SocketError.ProtocolOption => new Errno(92),
        SocketError.NotConnected => Errno.ENOTCONN,
        SocketError.NotSocket => new Errno(88),
        SocketError.OperationNotSupported => Errno.EOPNOTSUPP,
        SocketError.Shutdown => Errno.EPIPE,
        SocketError.ProtocolFamilyNotSupported => new Errno(96),
        SocketError.ProtocolNotSupported => new Errno(93),
        SocketError.ProtocolType => new Errno(91),
        SocketError.SocketNotSupported => new Errno(94),
        SocketError.Disconnecting => new Errno(108),
        SocketError.TimedOut => Errno.ETIMEDOUT,

        // HostNotFound, TryAgain, NoRecovery, NoData come from name resolution, which gives no error number.
        _ => Errno.Unknown,
    };

    internal sealed record Entry(string Name, string Description);
}
