using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ParentProxy.Vsock;

namespace ParentProxy.Egress.Time;

/// <summary>
/// The kernel's clock, and what chrony, ntpd or systemd-timesyncd told the kernel of it: adjtimex(2), which sets nothing here.
/// </summary>
internal static partial class KernelClock
{
    // struct timex, which is the same on all 64-bit architectures.
    private const int Size = 208;
    private const int MaxErrorOffset = 24;
    private const int StatusOffset = 40;
    private const int SecondsOffset = 72;
    private const int FractionOffset = 80;

    /// <summary>STA_UNSYNC: nobody sets the clock, or somebody gave up to.</summary>
    private const int Unsynchronized = 0x40;

    /// <summary>STA_NANO: the fraction of the second is in nanoseconds, else in microseconds.</summary>
    private const int InNanoseconds = 0x2000;

    private const int InsertDue = 1;
    private const int DeleteDue = 2;
    private const int InsertUnderWay = 3;

    /// <summary>The bound of one that nobody sets, which is the largest that the kernel has.</summary>
    private static readonly TimeSpan Unbounded = TimeSpan.FromSeconds(16);

    /// <summary>Reads both in one call, so that they belong together.</summary>
    public static ClockReading Read()
    {
        Span<byte> timex = stackalloc byte[Size];
        timex.Clear();
        var state = Adjust(timex);
        if (state < 0)
            return new ClockReading(DateTime.UtcNow, Unbounded, IsSynchronized: false, Failure: new Errno(Marshal.GetLastPInvokeError()));
        var status = BinaryPrimitives.ReadInt32LittleEndian(timex[StatusOffset..]);
        var fraction = BinaryPrimitives.ReadInt64LittleEndian(timex[FractionOffset..]);
        var ticks = (status & InNanoseconds) != 0 ? fraction / 100 : fraction * 10;
        return new ClockReading(
            DateTime.UnixEpoch.AddSeconds(BinaryPrimitives.ReadInt64LittleEndian(timex[SecondsOffset..])).AddTicks(ticks),
            TimeSpan.FromMicroseconds(BinaryPrimitives.ReadInt64LittleEndian(timex[MaxErrorOffset..])),
            (status & Unsynchronized) == 0,
            state switch
            {
                InsertDue or InsertUnderWay => LeapSecond.Insert,
                DeleteDue => LeapSecond.Delete,
                _ => LeapSecond.None,
            });
    }

    [LibraryImport("libc", EntryPoint = "adjtimex", SetLastError = true)]
    private static partial int Adjust(Span<byte> timex);
}
