using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace ParentProxy.Vsock;

/// <summary>Makes and tunes AF_VSOCK sockets.</summary>
internal static class VsockSocket
{
    // linux/vm_sockets.h
    private const int BufferSizeOption = 0;
    private const int BufferMaxSizeOption = 2;
    private const int ConnectTimeoutOldOption = 6;
    private const int ConnectTimeoutOption = 8;

    private static readonly Errno InProgress = new(115);

    private delegate int AddressCall(int socket, ReadOnlySpan<byte> address, uint length);

    /// <summary>A socket that the runtime takes as its own: close-on-exec, of family Unknown.</summary>
    internal static Socket Create(VsockEndPoint endPoint)
    {
        // socket(2) by hand, because the runtime refuses a family that it does not know (dotnet/runtime#58327); all the rest goes
        // through its Socket and so through its epoll engine.
        int descriptor = Open(0);
        if (descriptor < 0)
            throw new VsockException(LastErrno(), "socket", endPoint);

        var handle = new SafeSocketHandle(descriptor, ownsHandle: true);
        try
        {
            return new Socket(handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    internal static void SetBufferBytes(Socket socket, long bytes, VsockEndPoint endPoint)
    {
        if (bytes == 0)
            return;

        try
        {
            // The kernel clamps the size to the maximum of the moment, so the maximum goes first.
            ReadOnlySpan<byte> value = MemoryMarshal.AsBytes(new ReadOnlySpan<long>(in bytes));
            socket.SetRawSocketOption(SockAddrVm.Family, BufferMaxSizeOption, value);
            socket.SetRawSocketOption(SockAddrVm.Family, BufferSizeOption, value);
        }
        catch (SocketException e)
        {
            throw new VsockException(Errno.FromSocketError(e.SocketErrorCode), "setsockopt", endPoint, e);
        }
    }

    internal static void SetConnectTimeout(Socket socket, TimeSpan timeout, VsockEndPoint endPoint)
    {
        long microseconds = timeout.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond;
        ReadOnlySpan<long> timeval = [timeout.Ticks / TimeSpan.TicksPerSecond, microseconds];
        try
        {
            socket.SetRawSocketOption(SockAddrVm.Family, ConnectTimeoutOption, MemoryMarshal.AsBytes(timeval));
        }
        catch (SocketException)
        {
            // Older kernels know only the option whose timeval is made of C longs.
            ReadOnlySpan<nint> oldTimeval = [(nint)timeval[0], (nint)timeval[1]];
            try
            {
                socket.SetRawSocketOption(SockAddrVm.Family, ConnectTimeoutOldOption, MemoryMarshal.AsBytes(oldTimeval));
            }
            catch (SocketException e)
            {
                throw new VsockException(Errno.FromSocketError(e.SocketErrorCode), "setsockopt", endPoint, e);
            }
        }
    }

    /// <summary>The error that connect(2) gives at once; null when it gives none (it succeeded or began to wait).</summary>
    internal static Errno? ProbeConnect(VsockEndPoint endPoint) => Probe(endPoint, Libc.Connect);

    /// <summary>The error that bind(2) gives; null when it gives none.</summary>
    internal static Errno? ProbeBind(VsockEndPoint endPoint) => Probe(endPoint, Libc.Bind);

    private static Errno? Probe(VsockEndPoint endPoint, AddressCall call)
    {
        int descriptor = Open(Libc.SockNonBlock);
        if (descriptor < 0)
            return LastErrno();

        try
        {
            Span<byte> address = stackalloc byte[SockAddrVm.Size];
            SockAddrVm.Write(address, endPoint);
            if (call(descriptor, address, SockAddrVm.Size) == 0)
                return null;

            Errno errno = LastErrno();
            return errno == InProgress ? null : errno;
        }
        finally
        {
            _ = Libc.Close(descriptor);
        }
    }

    private static int Open(int flags) =>
        Libc.Socket(SockAddrVm.Family, Libc.SockStream | Libc.SockCloExec | flags, 0);

    private static Errno LastErrno() => new(Marshal.GetLastPInvokeError());
}
