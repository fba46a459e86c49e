using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration.Sources;

/// <summary>The source that wins over all others: arguments <c>--Section:Key=value</c>.</summary>
internal static class CommandLinePairs
{
    /// <summary>Makes a tree of the pairs.</summary>
    public static ConfigurationNode Read(IEnumerable<KeyValuePair<string, string>> pairs, ConfigurationReport report)
    {
        var entries = new List<SourceEntry>();
        foreach (var (path, value) in pairs)
        {
            var segments = path.Split(':');
            if (segments.Any(string.IsNullOrWhiteSpace))
                report.Problem(ConfigurationOrigin.CommandLine.Locate(path), "a part of the path is empty; write --Section:Key=value");
            else
                entries.Add(new SourceEntry(segments, value, ConfigurationOrigin.CommandLine));
        }

        return EntryTree.Build(entries, report);
    }
}
