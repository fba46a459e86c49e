using System.Globalization;
using System.Runtime.InteropServices;

namespace ParentProxy.Runtime;

/// <summary>Pages of the program's own file in memory: code, and data that the runtime reads once, when it starts.</summary>
internal static partial class FilePages
{
    private const int MADV_DONTNEED = 4;

    /// <summary>
    /// Lets go of those that nobody has written to. What is used again comes back from the page cache, some pages at a time: what stays
    /// mapped is what the process uses, and not what its start did.
    /// </summary>
    /// <remarks>
    /// Of no other file: a library may be loading on another thread, which puts pages of its own where a clean mapping was just now.
    /// </remarks>
    public static void Release()
    {
        try
        {
            // Both say " (deleted)" behind the path once the package was upgraded.
            if (new FileInfo("/proc/self/exe").LinkTarget is not { } program)
                return;

            // The list is whole before anything is let go of: the file changes with it.
            foreach (var (start, length) in Clean([.. File.ReadLines("/proc/self/smaps")], program))
                _ = Advise(start, length, MADV_DONTNEED);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without a descriptor, or the right, to read it with, the pages stay where they are.
        }
    }

    /// <summary>The mappings of a file that cannot be written to and have no page of the process's own, as by relocation.</summary>
    /// <param name="smaps">Lines of <c>/proc/PID/smaps</c> (proc_pid_smaps(5)).</param>
    /// <param name="program">The path of the file, as it is there.</param>
    public static IEnumerable<(nint Start, nint Length)> Clean(IReadOnlyList<string> smaps, string program)
    {
        (nint Start, nint Length)? candidate = null;
        foreach (var line in smaps)
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0)
                continue;

            // "55dab05bb000-55dab17a2000 r-xp 0003e000 fe:00 11976869   /usr/bin/parent-proxy", then "Rss:   16464 kB" and the like.
            if (!words[0].EndsWith(':'))
            {
                var isMeant = words is [_, ['r', '-', _, 'p'], _, _, _, ..] && line.EndsWith(" " + program, StringComparison.Ordinal);
                candidate = isMeant ? Range(words[0]) : null;
            }
            else if (words is ["Anonymous:" or "Swap:", not "0", ..])
            {
                candidate = null;
            }
            else if (words[0] == "VmFlags:" && candidate is { } range)
            {
                yield return range;
            }
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
