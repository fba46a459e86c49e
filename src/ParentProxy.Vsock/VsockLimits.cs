using System.Runtime.CompilerServices;

namespace ParentProxy.Vsock;

/// <summary>Ranges that connecting, listening and the Kestrel transport share.</summary>
internal static class VsockLimits
{
    internal const int DefaultMaxWriteBytes = 28 * 1024;
    internal const int DefaultBacklog = 512;

    // The kernel's floor for a vsock buffer; beyond 1 GiB its 32-bit credit counters are no longer safe.
    private const long MinBufferBytes = 128;
    private const long MaxBufferBytes = 1L << 30;
    private const int MaxMaxWriteBytes = 1 << 20;

    internal static long CheckBufferBytes(long value, [CallerMemberName] string name = "")
    {
        if (value != 0 && value is < MinBufferBytes or > MaxBufferBytes)
        {
            throw new ArgumentOutOfRangeException(
                name, value, $"Must be 0 (the kernel's default) or from {MinBufferBytes} to {MaxBufferBytes} bytes.");
        }

        return value;
    }

    internal static int CheckMaxWriteBytes(int value, [CallerMemberName] string name = "") =>
        value is >= 1 and <= MaxMaxWriteBytes
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"Must be from 1 to {MaxMaxWriteBytes} bytes.");

    internal static int CheckBacklog(int value, [CallerMemberName] string name = "") =>
        value >= 1 ? value : throw new ArgumentOutOfRangeException(name, value, "Must be at least 1.");
}
