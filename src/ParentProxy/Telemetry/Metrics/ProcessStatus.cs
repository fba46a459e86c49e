using System.Globalization;

namespace ParentProxy.Telemetry.Metrics;

/// <summary>What <c>/proc/self</c> tells (proc(5)).</summary>
/// <param name="ResidentBytes">Memory in RAM.</param>
/// <param name="VirtualBytes">Address space.</param>
/// <param name="Threads">Threads.</param>
internal sealed record ProcessStatus(long ResidentBytes, long VirtualBytes, long Threads)
{
    private const int KiB = 1024;

    /// <summary>Reads it.</summary>
    public static ProcessStatus Read()
    {
        long resident = 0, total = 0, threads = 0;
        foreach (var line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("VmRSS:", StringComparison.Ordinal))
                resident = Number(line) * KiB;
            else if (line.StartsWith("VmSize:", StringComparison.Ordinal))
                total = Number(line) * KiB;
            else if (line.StartsWith("Threads:", StringComparison.Ordinal))
                threads = Number(line);
        }

        return new ProcessStatus(resident, total, threads);
    }

    /// <summary>Counts the open descriptors, the one it counts with not among them.</summary>
    public static long OpenDescriptors() => Directory.EnumerateFileSystemEntries("/proc/self/fd").LongCount() - 1;

    // "VmRSS:     12345 kB"
    private static long Number(string line)
    {
        var digits = line.AsSpan(line.IndexOf(':', StringComparison.Ordinal) + 1).Trim();
        var end = digits.IndexOf(' ');
        return long.Parse(end < 0 ? digits : digits[..end], CultureInfo.InvariantCulture);
    }
}
