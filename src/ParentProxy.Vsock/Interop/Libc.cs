using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ParentProxy.Vsock;

/// <summary>The few system calls for which the runtime has no vsock-capable counterpart.</summary>
internal static partial class Libc
{
    internal const int SockStream = 1;
    internal const int SockNonBlock = 0x800;
    internal const int SockCloExec = 0x80000;

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    internal static partial int Socket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    internal static partial int Connect(int socket, ReadOnlySpan<byte> address, uint length);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    internal static partial int Bind(int socket, ReadOnlySpan<byte> address, uint length);

    [LibraryImport("libc", EntryPoint = "close")]
    internal static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    internal static partial int Ioctl(SafeFileHandle file, nuint request, out uint value);
}
