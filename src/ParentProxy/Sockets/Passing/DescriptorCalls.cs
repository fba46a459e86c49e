using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using ParentProxy.Vsock;

namespace ParentProxy.Sockets.Passing;

/// <summary>The system calls on descriptors that came with the start of the process, which the runtime knows nothing of.</summary>
internal static partial class DescriptorCalls
{
    private const int FamilyUnix = 1;
    private const int FamilyIPv4 = 2;
    private const int FamilyIPv6 = 10;

    private const int SolSocket = 1;
    private const int SoType = 3;
    private const int SockStream = 1;
    private const int IpprotoIPv6 = 41;
    private const int IPv6Only = 26;

    private const int SetDescriptorFlags = 2;
    private const int DuplicateCloseOnExec = 1030;
    private const int CloseOnExec = 1;

    /// <summary>Where a stream socket of a known family is bound; null for anything else.</summary>
    public static EndPoint? BoundTo(int descriptor)
    {
        // struct sockaddr_un is the longest that is read.
        Span<byte> address = stackalloc byte[110];
        var length = (uint)address.Length;
        if (Option(descriptor, SolSocket, SoType) != SockStream || GetName(descriptor, address, ref length) != 0)
            return null;
        address = address[..(int)Math.Min(length, (uint)address.Length)];
        if (address.Length < sizeof(ushort))
            return null;
        return MemoryMarshal.Read<ushort>(address) switch
        {
            FamilyIPv4 => new IPEndPoint(new IPAddress(address.Slice(4, 4)), BinaryPrimitives.ReadUInt16BigEndian(address[2..])),
            FamilyIPv6 => new IPEndPoint(
                new IPAddress(address.Slice(8, 16), MemoryMarshal.Read<uint>(address[24..])),
                BinaryPrimitives.ReadUInt16BigEndian(address[2..])),
            FamilyUnix => Path(address[sizeof(ushort)..]) is { } path ? new UnixDomainSocketEndPoint(path) : null,
            SockAddrVm.Family => SockAddrVm.Read(address),
            _ => null,
        };
    }

    /// <summary>Keeps programs that this one starts from having it, too.</summary>
    public static void KeepToOurselves(int descriptor) => _ = Control(descriptor, SetDescriptorFlags, CloseOnExec);

    /// <summary>Has programs that this one starts get it, too.</summary>
    public static void Share(int descriptor) => _ = Control(descriptor, SetDescriptorFlags, 0);

    /// <summary>Whether a socket of IPv6 takes clients of IPv4, too.</summary>
    public static bool IsDualStack(int descriptor) => Option(descriptor, IpprotoIPv6, IPv6Only) == 0;

    /// <summary>Another number for the same socket.</summary>
    /// <exception cref="SocketException">There is none left.</exception>
    public static int Duplicate(int descriptor)
    {
        var copy = Control(descriptor, DuplicateCloseOnExec, 0);
        return copy >= 0 ? copy : throw SocketErrors.Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>A socket of the runtime that has the descriptor, and is bound as far as the runtime knows.</summary>
    public static Socket ToSocket(int descriptor, EndPoint endPoint)
    {
        if (endPoint is not VsockEndPoint)
            return new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));

        // Of a family that it does not know the runtime reads no address, and accepts nothing without one. One that it has bound
        // itself gets the descriptor.
        var socket = VsockSocket.Create(new VsockEndPoint(VsockCid.Any, VsockEndPoint.AnyPort));
        try
        {
            socket.Bind(new VsockEndPoint(VsockCid.Any, VsockEndPoint.AnyPort));
            if (Replace(descriptor, (int)socket.SafeHandle.DangerousGetHandle(), Epoll.CloseOnExec) < 0)
                throw SocketErrors.Exception(Marshal.GetLastPInvokeError());
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        finally
        {
            CloseNumber(descriptor);
        }
    }

    /// <summary>Closes a descriptor that nobody else closes.</summary>
    public static void CloseNumber(int descriptor) => _ = Close(descriptor);

    private static string? Path(ReadOnlySpan<byte> bytes)
    {
        // Neither unnamed nor in the abstract namespace.
        var end = bytes.IndexOf((byte)0);
        var path = end < 0 ? bytes : bytes[..end];
        return path.IsEmpty ? null : Encoding.UTF8.GetString(path);
    }

    private static int? Option(int descriptor, int level, int option)
    {
        uint size = sizeof(int);
        return GetOption(descriptor, level, option, out var value, ref size) == 0 ? value : null;
    }

    [LibraryImport("libc", EntryPoint = "getsockname")]
    private static partial int GetName(int descriptor, Span<byte> address, ref uint length);

    [LibraryImport("libc", EntryPoint = "getsockopt")]
    private static partial int GetOption(int descriptor, int level, int option, out int value, ref uint size);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, int argument);

    [LibraryImport("libc", EntryPoint = "dup3", SetLastError = true)]
    private static partial int Replace(int descriptor, int replaced, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
