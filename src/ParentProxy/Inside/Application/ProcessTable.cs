using System.Globalization;

namespace ParentProxy.Inside.Application;

/// <summary>What <c>/proc</c> says of processes. Where it is not mounted, there are none.</summary>
internal static class ProcessTable
{
    /// <summary>The kernel's unit of processor time for programs, the same on every machine.</summary>
    private const double TicksPerSecond = 100;

    /// <summary>All that descend from a process, itself not among them; those that have ended but were not waited for left out.</summary>
    /// <param name="ancestor">The process.</param>
    /// <param name="except">Number and start of some that are left out with all that descend from them; null for none.</param>
    public static List<ProcessEntry> Descendants(int ancestor, IReadOnlySet<(int Pid, long Started)>? except = null)
    {
        var all = All();
        var found = new List<ProcessEntry>();
        var parents = new Queue<int>([ancestor]);
        while (parents.TryDequeue(out var parent))
        {
            foreach (var child in all[parent])
            {
                if (except?.Contains((child.Pid, child.Started)) == true)
                    continue;
                if (!child.IsZombie)
                    found.Add(child);
                parents.Enqueue(child.Pid);
            }
        }

        return found;
    }

    /// <summary>One process; null when there is none.</summary>
    public static ProcessEntry? Find(int pid)
    {
        try
        {
            return Parse(pid, File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat")));
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            // It has ended while it was looked for.
            return null;
        }
    }

    /// <summary>Reads a line of <c>/proc/PID/stat</c>; null when it is none. The name, in brackets, may hold anything.</summary>
    public static ProcessEntry? Parse(int pid, string stat)
    {
        var open = stat.IndexOf('(', StringComparison.Ordinal);
        var close = stat.LastIndexOf(')');
        if (open < 0 || close < open)
            return null;
        var fields = stat[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 22)
            return null;
        var ticks = fields[11..15].Sum(Number);
        return new ProcessEntry(
            pid,
            (int)Number(fields[1]),
            stat[(open + 1)..close],
            fields[0] is "Z" or "X",
            ticks / TicksPerSecond,
            Number(fields[21]) * Environment.SystemPageSize,
            Number(fields[19]));
    }

    private static ILookup<int, ProcessEntry> All()
    {
        try
        {
            return Directory.EnumerateDirectories("/proc")
                .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid) ? Find(pid) : null)
                .OfType<ProcessEntry>()
                .ToLookup(entry => entry.Parent);
        }
        catch (IOException)
        {
            return Array.Empty<ProcessEntry>().ToLookup(entry => entry.Parent);
        }
    }

    private static long Number(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
