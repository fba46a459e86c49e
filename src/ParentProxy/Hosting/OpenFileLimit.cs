using System.Globalization;

namespace ParentProxy.Hosting;

/// <summary>RLIMIT_NOFILE of this process.</summary>
internal static class OpenFileLimit
{
    private const string Name = "Max open files";

    /// <summary>The soft limit, or null where it is unknown or unlimited. The runtime raises it to the hard one at its start.</summary>
    public static long? Current()
    {
        try
        {
            foreach (var line in File.ReadLines("/proc/self/limits"))
            {
                if (line.StartsWith(Name, StringComparison.Ordinal)
                    && long.TryParse(line[Name.Length..].TrimStart().Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var limit))
                {
                    return limit;
                }
            }
        }
        catch (IOException)
        {
            // Not this kernel.
        }

        return null;
    }
}
