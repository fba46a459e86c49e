using System.Globalization;
using System.Runtime.InteropServices;

namespace ParentProxy.Runtime;

/// <summary>
/// Pages of files that are mapped into the process, most of all of the program's own file: code, and data that the runtime reads once,
/// when it starts.
/// </summary>
internal static partial class FilePages
{
    private const int MADV_DONTNEED = 4;

    /// <summary>
    /// Lets go of all that nobody has written to. What is used again comes back from the page cache, without reading a disk and some
    /// pages at a time: what stays mapped is what the process uses, and not what its start did.
    /// </summary>
    public static void Release()
    {
        try
        {
            // The list is whole before anything is let go of: the file changes with it.
            foreach (var (start, length) in Clean([.. File.ReadLines("/proc/self/smaps")]))
                _ = Advise(start, length, MADV_DONTNEED);
        }
        catch (IOException)
        {
            // Without a descriptor to read it with, the pages stay where they are.
        }
    }

    /// <summary>The mappings of files that cannot be written to and have no page of the process's own, as by relocation.</summary>
    /// <param name="smaps">Lines of <c>/proc/PID/smaps</c> (proc_pid_smaps(5)).</param>
    public static IEnumerable<(nint Start, nint Length)> Clean(IReadOnlyList<string> smaps)
    {
        (nint Start, nint Length)? candidate = null;
        foreach (var line in smaps)
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0)
                continue;

            // "55dab05bb000-55dab17a2000 r-xp 0003e000 fe:00 11976869   /usr/bin/parent-proxy", then "Rss:   16464 kB" and the like.
            if (!words[0].EndsWith(':'))
                candidate = words is [_, ['r', '-', _, 'p'], _, _, _, ['/', ..], ..] ? Range(words[0]) : null;
            else if (words is ["Anonymous:", not "0", ..])
                candidate = null;
            else if (words[0] == "VmFlags:" && candidate is { } range)
                yield return range;
        }
    }

    private static (nint Start, nint Length) Range(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var start = nint.Parse(text.AsSpan(0, dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return (start, nint.Parse(text.AsSpan(dash + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture) - start);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nint length, int advice);
}
