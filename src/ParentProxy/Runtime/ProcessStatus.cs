using System.Globalization;

namespace ParentProxy.Runtime;

/// <summary>What <c>/proc/self</c> tells (proc(5)).</summary>
/// <param name="ResidentBytes">Memory in RAM.</param>
/// <param name="VirtualBytes">Address space.</param>
/// <param name="Threads">Threads.</param>
internal sealed record ProcessStatus(long ResidentBytes, long VirtualBytes, long Threads)
{
    private const int KiB = 1024;

    /// <summary>Reads it; null when it cannot be read, as without a free descriptor.</summary>
    public static ProcessStatus? Read()
    {
        try
        {
            return Parse(File.ReadLines("/proc/self/status"));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>
    /// Counts the open descriptors, the one it counts with not among them. When none is free to count with, it is as many as
    /// may be; null when that is not known.
    /// </summary>
    /// <param name="folder">Where they are listed.</param>
    public static long? OpenDescriptors(string folder = "/proc/self/fd")
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(folder).LongCount() - 1;
        }
        catch (IOException)
        {
            return OpenFileLimit.Current();
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static ProcessStatus Parse(IEnumerable<string> lines)
    {
        long resident = 0, total = 0, threads = 0;
        foreach (var line in lines)
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

    // "VmRSS:     12345 kB"
    private static long Number(string line)
    {
        var digits = line.AsSpan(line.IndexOf(':', StringComparison.Ordinal) + 1).Trim();
        var end = digits.IndexOf(' ');
        return long.Parse(end < 0 ? digits : digits[..end], CultureInfo.InvariantCulture);
    }
}
