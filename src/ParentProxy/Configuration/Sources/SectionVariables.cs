using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration.Sources;

/// <summary>The source <c>Section__Key</c>: environment variables that name a path.</summary>
internal static class SectionVariables
{
    private const string Divider = "__";

    /// <summary>Makes a tree of the variables that are ours.</summary>
    /// <param name="environment">All variables, most of which belong to others.</param>
    /// <param name="sections">The names of our sections: only what begins with one of them is read, hence judged.</param>
    /// <param name="report">Where problems go.</param>
    public static ConfigurationNode Read(
        EnvironmentVariables environment, IReadOnlySet<string> sections, ConfigurationReport report)
    {
        var entries = new List<SourceEntry>();
        foreach (var (name, value) in environment.Sorted)
        {
            var segments = name.Split(Divider);
            if (segments.Length < 2 || !sections.Contains(segments[0]))
                continue;

            var origin = new ConfigurationOrigin(OriginKind.SectionVariable, name, VariableFile: environment.FileOf(name));
            var path = string.Join(':', segments);
            if (segments.Any(segment => string.IsNullOrWhiteSpace(segment) || segment.Contains(':', StringComparison.Ordinal)))
                report.Problem(origin.Locate(path), "a part of the path is empty or holds a ':'; write Section__Key");
            else if (entries.Find(entry => entry.Path.SequenceEqual(segments, StringComparer.OrdinalIgnoreCase)) is { } other)
                report.Problem(origin.Locate(path), $"is also set by {other.Origin.Variable}, which differs in case alone");
            else
                entries.Add(new SourceEntry(segments, value, origin));
        }

        return EntryTree.Build(entries, report);
    }
}
