using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ParentProxy.Vsock;

namespace ParentProxy.Runtime;

/// <summary>
/// The kernel's clock, and what chrony, ntpd or systemd-timesyncd told the kernel of it: adjtimex(2). Reading sets nothing.
/// </summary>
internal static partial class KernelClock
{
    // struct timex, which is the same on all 64-bit architectures.
    private const int Size = 208;
    private const int OffsetOffset = 8;
    private const int MaxErrorOffset = 24;
    private const int StatusOffset = 40;
    private const int SecondsOffset = 72;
    private const int FractionOffset = 80;

    /// <summary>STA_UNSYNC: nobody sets the clock, or somebody gave up to.</summary>
    private const int Unsynchronized = 0x40;

    /// <summary>STA_NANO: the fraction of the second is in nanoseconds, else in microseconds.</summary>
    private const int InNanoseconds = 0x2000;

    /// <summary>ADJ_OFFSET_SINGLESHOT: as adjtime(3), in microseconds, and in the place of what is left of the one before.</summary>
    private const int SlewMode = 0x8001;

    /// <summary>ADJ_SETOFFSET with ADJ_NANO: at once, seconds and nanoseconds of which the latter are never negative.</summary>
    private const int StepMode = 0x2100;

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

    /// <summary>
    /// Makes the clock run faster or slower by 1 in 2000 until it has gained so much, or lost it. Null, or why it cannot.
    /// </summary>
    public static Errno? Slew(TimeSpan by)
    {
        Span<byte> timex = stackalloc byte[Size];
        timex.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(timex, SlewMode);
        BinaryPrimitives.WriteInt64LittleEndian(timex[OffsetOffset..], by.Ticks / TimeSpan.TicksPerMicrosecond);
        return Change(timex);
    }

    /// <summary>Sets the clock by so much, forwards or back. Null, or why it cannot.</summary>
    public static Errno? Step(TimeSpan by)
    {
        Span<byte> timex = stackalloc byte[Size];
        timex.Clear();
        var (seconds, ticks) = Math.DivRem(by.Ticks, TimeSpan.TicksPerSecond);
        if (ticks < 0)
            (seconds, ticks) = (seconds - 1, ticks + TimeSpan.TicksPerSecond);
        BinaryPrimitives.WriteInt32LittleEndian(timex, StepMode);
        BinaryPrimitives.WriteInt64LittleEndian(timex[SecondsOffset..], seconds);
        BinaryPrimitives.WriteInt64LittleEndian(timex[FractionOffset..], ticks * TimeSpan.NanosecondsPerTick);
        return Change(timex);
    }

    private static Errno? Change(Span<byte> timex) => Adjust(timex) < 0 ? new Errno(Marshal.GetLastPInvokeError()) : null;

    [LibraryImport("libc", EntryPoint = "adjtimex", SetLastError = true)]
    private static partial int Adjust(Span<byte> timex);
}
