using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ParentProxy.Sockets;

/// <summary>
/// The descriptor of a connected socket that does not block, and nothing else: the runtime's own <see cref="Socket"/> holds half a
/// kilobyte, which is much for a connection that may be idle for hours.
/// </summary>
internal sealed partial class Descriptor : SafeHandleZeroOrMinusOneIsInvalid
{
    private const int ShutWrite = 1;
    private const int SolSocket = 1;
    private const int SoLinger = 13;
    private const int IpprotoTcp = 6;
    private const int TcpNoDelay = 1;

    private const int MaxLooks = 250;

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    private Descriptor(nint number) : base(ownsHandle: true) => SetHandle(number);

    /// <summary>Takes over a descriptor that nobody else closes.</summary>
    public static Descriptor Of(int number) => new(number);

    /// <summary>Takes the descriptor of a socket, which has nothing any more.</summary>
    /// <param name="socket">A socket that the runtime has not waited with.</param>
    public static Descriptor TakeFrom(Socket socket)
    {
        var taken = new Descriptor(socket.SafeHandle.DangerousGetHandle());
        socket.SafeHandle.SetHandleAsInvalid();
#pragma warning disable CA1816 // It has nothing left to finalize.
        GC.SuppressFinalize(socket);
#pragma warning restore CA1816
        return taken;
    }

    /// <summary>Gives the descriptor to a socket of the runtime; this has nothing any more.</summary>
    /// <exception cref="SocketException">The runtime has no use for it; it is closed.</exception>
    public Socket ToSocket()
    {
        var taken = new SafeSocketHandle(handle, ownsHandle: true);
        SetHandleAsInvalid();
        try
        {
            return new Socket(taken);
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    /// <summary>Has TCP send small segments without waiting for more.</summary>
    public void SendAtOnce()
    {
        var on = 1;
        _ = SetOption(this, IpprotoTcp, TcpNoDelay, in on, sizeof(int));
    }

    /// <summary>Ends our direction: the peer reads the end. On a connection that is over already it does nothing.</summary>
    public void ShutdownSend() => _ = Shutdown(this, ShutWrite);

    /// <summary>Closes at once, with a reset where the kernel has such: what the peer has not read may be lost.</summary>
    public void Reset()
    {
        var linger = new Linger { IsOn = 1, Seconds = 0 };
        _ = SetOption(this, SolSocket, SoLinger, in linger, (uint)Marshal.SizeOf<Linger>());
        Dispose();
    }

    /// <summary><see cref="Reset"/>, once everything that was sent is delivered, or five seconds later.</summary>
    public async Task ResetDeliveredAsync(TimeProvider time)
    {
        for (var looks = 0; looks < MaxLooks && Epoll.HasUndelivered(this); looks++)
            await Task.Delay(LookAgain, time).ConfigureAwait(false);
        Reset();
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Close(handle) == 0;

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(nint descriptor);

    [LibraryImport("libc", EntryPoint = "shutdown")]
    private static partial int Shutdown(SafeHandle descriptor, int how);

    [LibraryImport("libc", EntryPoint = "setsockopt")]
    private static partial int SetOption(SafeHandle descriptor, int level, int option, in Linger value, uint size);

    [LibraryImport("libc", EntryPoint = "setsockopt")]
    private static partial int SetOption(SafeHandle descriptor, int level, int option, in int value, uint size);

    [StructLayout(LayoutKind.Sequential)]
    private struct Linger
    {
        public int IsOn;
        public int Seconds;
    }
}
