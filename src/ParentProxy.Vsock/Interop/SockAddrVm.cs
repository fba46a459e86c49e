using System.Runtime.InteropServices;

namespace ParentProxy.Vsock;

/// <summary><c>struct sockaddr_vm</c> of linux/vm_sockets.h, all fields in host byte order.</summary>
internal static class SockAddrVm
{
    internal const int Size = 16;
    internal const ushort Family = 40;

    private const int PortOffset = 4;
    private const int CidOffset = 8;
    private const int FlagsOffset = 12;
    private const int EndOfFields = 13;

    internal static void Write(Span<byte> bytes, VsockEndPoint endPoint)
    {
        // A SocketAddress comes with its size in the first byte, and the kernel refuses an address whose padding is not zero.
        bytes.Clear();
        MemoryMarshal.Write(bytes, Family);
        MemoryMarshal.Write(bytes[PortOffset..], endPoint.Port);
        MemoryMarshal.Write(bytes[CidOffset..], endPoint.Cid);
        bytes[FlagsOffset] = endPoint.Flags;
    }

    internal static VsockEndPoint Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < EndOfFields || MemoryMarshal.Read<ushort>(bytes) != Family)
            throw new ArgumentException("The bytes are no AF_VSOCK address.", nameof(bytes));

        return new VsockEndPoint(MemoryMarshal.Read<uint>(bytes[CidOffset..]), MemoryMarshal.Read<uint>(bytes[PortOffset..]))
        {
            Flags = bytes[FlagsOffset],
        };
    }
}
