using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ParentProxy.Vsock;

namespace ParentProxy.Commands.Doctor.Host;

/// <summary>The vsock sockets that listen on this machine, as the kernel's sock_diag tells (linux/vm_sockets_diag.h).</summary>
/// <param name="Sockets">The sockets.</param>
/// <param name="Failure">Why they cannot be listed; null when they are.</param>
internal sealed partial record VsockSocketList(IReadOnlyList<VsockSocketList.Entry> Sockets, Errno? Failure = null)
{
    private const int AfNetlink = 16;
    private const int SockRaw = 3;
    private const int SockCloExec = 0x80000;
    private const int NetlinkSockDiag = 4;
    private const int SolSocket = 1;
    private const int SoReceiveTimeout = 20;

    private const ushort SockDiagByFamily = 20;
    private const ushort RequestDump = 0x301;
    private const ushort Error = 2;
    private const ushort Done = 3;
    private const int HeaderBytes = 16;
    private const int RequestBytes = 24;
    private const int EntryBytes = 24;
    private const int VsockFamily = 40;

    /// <summary>TCP_LISTEN, whose numbers vsock uses for its own states.</summary>
    private const int Listening = 10;

    private const int BufferBytes = 64 * 1024;
    private const long PatienceSeconds = 2;

    /// <summary>Asks the kernel; never throws.</summary>
    public static VsockSocketList Read()
    {
        var socket = Open(AfNetlink, SockRaw | SockCloExec, NetlinkSockDiag);
        if (socket < 0)
            return Failed();
        try
        {
            ReadOnlySpan<long> patience = [PatienceSeconds, 0];
            _ = SetOption(socket, SolSocket, SoReceiveTimeout, MemoryMarshal.AsBytes(patience), 2 * sizeof(long));
            Span<byte> request = stackalloc byte[HeaderBytes + RequestBytes];
            request.Clear();
            BinaryPrimitives.WriteInt32LittleEndian(request, request.Length);
            BinaryPrimitives.WriteUInt16LittleEndian(request[4..], SockDiagByFamily);
            BinaryPrimitives.WriteUInt16LittleEndian(request[6..], RequestDump);
            request[HeaderBytes] = VsockFamily;
            BinaryPrimitives.WriteUInt32LittleEndian(request[(HeaderBytes + 4)..], 1u << Listening);
            return Send(socket, request, (nuint)request.Length, 0) < 0 ? Failed() : Receive(socket);
        }
        finally
        {
            _ = Close(socket);
        }
    }

    private static VsockSocketList Receive(int socket)
    {
        var found = new List<Entry>();
        var buffer = new byte[BufferBytes];
        while (true)
        {
            var count = (int)Receive(socket, buffer, (nuint)buffer.Length, 0);
            if (count <= 0)
                return Failed();
            for (var rest = buffer.AsSpan(0, count); rest.Length >= HeaderBytes;)
            {
                var length = BinaryPrimitives.ReadInt32LittleEndian(rest);
                var type = BinaryPrimitives.ReadUInt16LittleEndian(rest[4..]);
                if (type == Done || length < HeaderBytes || length > rest.Length)
                    return new VsockSocketList(found);
                var body = rest[HeaderBytes..length];
                if (type == Error)
                    return new VsockSocketList([], new Errno(-BinaryPrimitives.ReadInt32LittleEndian(body)));

                // The module of vsock alone may be missing: then nothing of its family is told.
                if (type == SockDiagByFamily && body.Length >= EntryBytes && body[0] == VsockFamily)
                {
                    found.Add(new Entry(
                        BinaryPrimitives.ReadUInt32LittleEndian(body[4..]),
                        BinaryPrimitives.ReadUInt32LittleEndian(body[8..]),
                        BinaryPrimitives.ReadUInt32LittleEndian(body[20..])));
                }

                rest = rest[Math.Min(rest.Length, (length + 3) & ~3)..];
            }
        }
    }

    private static VsockSocketList Failed() => new([], new Errno(Marshal.GetLastPInvokeError()));

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int Open(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetOption(int socket, int level, int name, ReadOnlySpan<byte> value, uint length);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(int socket, ReadOnlySpan<byte> bytes, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(int socket, Span<byte> bytes, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    /// <summary>A socket that listens.</summary>
    /// <param name="Cid">The CID that it is bound to; <see cref="VsockCid.Any"/> for all.</param>
    /// <param name="Port">The port.</param>
    /// <param name="Inode">What tells it from others, and leads to who has it open.</param>
    internal sealed record Entry(uint Cid, uint Port, long Inode);
}
