using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace ParentProxy.Sockets;

/// <summary>A connection that was accepted, and who is at its other end.</summary>
/// <param name="descriptor">It does not block, and on TCP it sends at once.</param>
/// <param name="peer">Address and port of TCP; null on a unix socket and on a vsock.</param>
internal sealed partial class AcceptedDescriptor(Descriptor descriptor, IPEndPoint? peer) : IDisposable
{
    private const int FamilyIPv4 = 2;
    private const int FamilyIPv6 = 10;
    private const int Ipv6Bytes = 16;

    public Descriptor Descriptor => descriptor;

    /// <summary>Address and port of TCP; null on a unix socket and on a vsock.</summary>
    public IPEndPoint? Peer => peer;

    /// <summary>Accepts the connection that has waited longest; null when there is none.</summary>
    /// <param name="listener">A listening socket that does not block.</param>
    /// <param name="errno">Why there is none.</param>
    public static AcceptedDescriptor? Accept(SafeHandle listener, out int errno)
    {
        // struct sockaddr_in6 is the longest that is read.
        Span<byte> address = stackalloc byte[28];
        uint length;
        int number;
        do
        {
            length = (uint)address.Length;
            number = AcceptCall(listener, address, ref length, Epoll.CloseOnExec | Epoll.NonBlocking);
            errno = number < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        while (errno == Epoll.Eintr);
        if (number < 0)
            return null;
        var descriptor = Descriptor.Of(number);
        var peer = Read(address[..(int)Math.Min(length, (uint)address.Length)]);
        if (peer is not null)
            descriptor.SendAtOnce();
        return new AcceptedDescriptor(descriptor, peer);
    }

    /// <inheritdoc/>
    public void Dispose() => descriptor.Dispose();

    private static IPEndPoint? Read(ReadOnlySpan<byte> address)
    {
        if (address.Length < 8)
            return null;
        var port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        return MemoryMarshal.Read<ushort>(address) switch
        {
            FamilyIPv4 => new IPEndPoint(new IPAddress(address.Slice(4, 4)), port),
            FamilyIPv6 => new IPEndPoint(new IPAddress(address.Slice(8, Ipv6Bytes), MemoryMarshal.Read<uint>(address[24..])), port),
            _ => null,
        };
    }

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    private static partial int AcceptCall(SafeHandle listener, Span<byte> address, ref uint length, int flags);
}
