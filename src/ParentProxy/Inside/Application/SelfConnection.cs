using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ParentProxy.Enclaves.Transports;

namespace ParentProxy.Inside.Application;

/// <summary>
/// A TCP connection with itself: the kernel makes one of a dial to a port of this machine that nobody listens on, if it happens to choose
/// that port for the dialling end, too.
/// </summary>
internal static unsafe partial class SelfConnection
{
    private const int AddressBytes = 28;
    private const ushort Inet = 2;
    private const ushort Inet6 = 10;

    /// <summary>Whether both ends are the same.</summary>
    public static bool Is(EnclaveStream stream)
    {
        var descriptor = (int)stream.Descriptor.DangerousGetHandle();
        var own = stackalloc byte[AddressBytes];
        var peer = stackalloc byte[AddressBytes];
        var (ownLength, peerLength) = (AddressBytes, AddressBytes);
        if (getsockname(descriptor, own, &ownLength) != 0 || getpeername(descriptor, peer, &peerLength) != 0 || ownLength != peerLength)
            return false;

        // Unix sockets without a name are all alike.
        var address = new ReadOnlySpan<byte>(own, Math.Min(ownLength, AddressBytes));
        return BinaryPrimitives.ReadUInt16LittleEndian(address) is Inet or Inet6
            && address.SequenceEqual(new ReadOnlySpan<byte>(peer, address.Length));
    }

    [LibraryImport("libc")]
    private static partial int getsockname(int descriptor, byte* address, int* length);

    [LibraryImport("libc")]
    private static partial int getpeername(int descriptor, byte* address, int* length);
}
