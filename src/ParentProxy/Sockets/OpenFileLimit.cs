using System.Runtime.InteropServices;

namespace ParentProxy.Sockets;

/// <summary>RLIMIT_NOFILE of this process.</summary>
internal static partial class OpenFileLimit
{
    private const int RLIMIT_NOFILE = 7;

    /// <summary>
    /// The soft limit, or null where it is unknown or unlimited. The runtime raises it to the hard one at its start. Asked
    /// without a file: it matters most when none can be opened.
    /// </summary>
    public static long? Current() =>
        GetLimit(RLIMIT_NOFILE, out var limits) == 0 && limits.Soft <= long.MaxValue ? (long)limits.Soft : null;

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limits limits);

    // struct rlimit of 64 bit Linux.
    [StructLayout(LayoutKind.Sequential)]
    private struct Limits
    {
        public ulong Soft;
        public ulong Hard;
    }
}
