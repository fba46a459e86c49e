using System.Runtime.InteropServices;

namespace ParentProxy.Runtime;

/// <summary>RLIMIT_NOFILE of this process.</summary>
internal static partial class OpenFileLimit
{
    private const int EMFILE = 24;
    private const int RLIMIT_NOFILE = 7;
    private const int EFD_CLOEXEC = 0x80000;

    private static long _recent;
    private static long _asked = long.MinValue / 2;

    /// <summary>
    /// The soft limit, or null where it is unknown or unlimited. The runtime raises it to the hard one at its start. Asked
    /// without a file: it matters most when none can be opened.
    /// </summary>
    public static long? Current() =>
        GetLimit(RLIMIT_NOFILE, out var limits) == 0 && limits.Soft <= long.MaxValue ? (long)limits.Soft : null;

    /// <summary><see cref="Current"/> as it was a second ago at most, for who asks for each connection.</summary>
    public static long? Recent()
    {
        var now = Environment.TickCount64;
        if (now - Volatile.Read(ref _asked) < 1000)
            return _recent is var recent and >= 0 ? recent : null;
        var current = Current();
        Volatile.Write(ref _recent, current ?? -1);
        Volatile.Write(ref _asked, now);
        return current;
    }

    /// <summary>
    /// How many descriptors are in use: the kernel hands out the lowest number that is free. The limit itself when none is
    /// left, and null when neither is known.
    /// </summary>
    public static long? InUse()
    {
        var next = OpenEvent(0, EFD_CLOEXEC);
        if (next < 0)
            return Marshal.GetLastPInvokeError() == EMFILE ? Current() : null;
        _ = Close(next);
        return next;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limits limits);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int OpenEvent(uint value, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    // struct rlimit of 64 bit Linux.
    [StructLayout(LayoutKind.Sequential)]
    private struct Limits
    {
        public ulong Soft;
        public ulong Hard;
    }
}
