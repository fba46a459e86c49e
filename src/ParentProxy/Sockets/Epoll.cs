using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ParentProxy.Sockets;

/// <summary>epoll(7), and the calls on sockets that do not wait.</summary>
internal static partial class Epoll
{
    /// <summary>There is something to read, or the end.</summary>
    public const uint In = 0x001;

    /// <summary>There is room to send.</summary>
    public const uint Out = 0x004;

    /// <summary>The connection broke. Reported without being asked for.</summary>
    public const uint Error = 0x008;

    /// <summary>Both directions have ended. Reported without being asked for.</summary>
    public const uint Hangup = 0x010;

    /// <summary>The peer has ended its direction.</summary>
    public const uint PeerEnded = 0x2000;

    /// <summary>Report a change, not a state.</summary>
    public const uint EdgeTriggered = 1u << 31;

    public const int Add = 1;
    public const int Remove = 2;
    public const int Modify = 3;

    public const int CloseOnExec = 0x80000;
    public const int NonBlocking = 0x800;

    /// <summary>The next send follows at once.</summary>
    public const int More = 0x8000;

    public const int Eintr = 4;
    public const int Eagain = 11;
    public const int Enotconn = 107;
    public const int Einprogress = 115;

    private const int PeekOnly = 0x02;
    private const int DontWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int SolSocket = 1;
    private const int SoError = 4;
    private const nuint FionRead = 0x541B;
    private const nuint SiocOutq = 0x5411;
    private const nuint FionBio = 0x5421;

    /// <summary>Size of <c>struct epoll_event</c>, which is packed on x64 alone.</summary>
    public static readonly int EventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    /// <summary>Where its data stands.</summary>
    public static readonly int DataOffset = EventBytes - sizeof(long);

    /// <summary>Receives what is there.</summary>
    /// <returns>The number of bytes, or an errno below zero.</returns>
    public static int Receive(SafeHandle socket, Span<byte> buffer) => Result(Recv(socket, buffer, buffer.Length, DontWait));

    /// <summary>Looks whether there is something to receive, and leaves it there.</summary>
    /// <returns>1, 0 at the end, or an errno below zero.</returns>
    public static int Peek(SafeHandle socket)
    {
        Span<byte> one = stackalloc byte[1];
        return Result(Recv(socket, one, one.Length, DontWait | PeekOnly));
    }

    /// <summary>Sends as much as there is room for.</summary>
    /// <returns>The number of bytes, or an errno below zero.</returns>
    public static int Send(SafeHandle socket, ReadOnlySpan<byte> buffer, bool more) =>
        Result(Send(socket, buffer, buffer.Length, more ? DontWait | NoSignal | More : DontWait | NoSignal));

    /// <summary>Begins to connect a socket that does not block.</summary>
    /// <returns>0, or an errno below zero.</returns>
    public static int Connect(SafeHandle socket, ReadOnlySpan<byte> address) => Result(ConnectTo(socket, address, (uint)address.Length));

    /// <summary>Has a socket never wait, in one call, of which the runtime makes two.</summary>
    /// <returns>0, or an errno below zero.</returns>
    public static int MakeNonBlocking(SafeHandle socket)
    {
        var on = 1;
        return Result(Ioctl(socket, FionBio, ref on));
    }

    /// <summary>The pending error of a socket as an errno, 0 when there is none.</summary>
    public static int PendingError(SafeHandle socket)
    {
        uint size = sizeof(int);
        return GetSocketOption(socket, SolSocket, SoError, out var error, ref size) == 0 ? error : Marshal.GetLastPInvokeError();
    }

    /// <summary>Whether the peer's kernel, or on a unix socket the peer, has not taken everything yet that was sent.</summary>
    public static bool HasUndelivered(SafeHandle socket) => Count(socket, SiocOutq) > 0;

    /// <summary>Whether something stands in the receive queue.</summary>
    public static bool HasUnread(SafeHandle socket) => Count(socket, FionRead) > 0;

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int Control(int epoll, int operation, SafeHandle socket, ReadOnlySpan<byte> interest);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int Wait(int epoll, Span<byte> events, int count, int milliseconds);

    /// <summary>A descriptor that can be made readable from anywhere.</summary>
    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial SafeFileHandle CreateSignal(uint initial, int flags);

    public static void Signal(SafeHandle signal)
    {
        var one = 1L;
        _ = Write(signal, in one, sizeof(long));
    }

    /// <summary>Makes it unreadable again.</summary>
    public static void Clear(SafeHandle signal) => _ = Read(signal, out _, sizeof(long));

    private static int Count(SafeHandle socket, nuint request)
    {
        var count = 0;
        return Ioctl(socket, request, ref count) == 0 ? count : 0;
    }

    private static int Result(nint returned) => returned >= 0 ? (int)returned : -Marshal.GetLastPInvokeError();

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(SafeHandle file, in long value, nint length);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(SafeHandle file, out long value, nint length);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Recv(SafeHandle socket, Span<byte> buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeHandle socket, ReadOnlySpan<byte> buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    private static partial int ConnectTo(SafeHandle socket, ReadOnlySpan<byte> address, uint length);

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    private static partial int GetSocketOption(SafeHandle socket, int level, int option, out int value, ref uint size);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeHandle socket, nuint request, ref int value);
}
