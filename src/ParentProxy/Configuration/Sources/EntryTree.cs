using System.Globalization;
using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration.Sources;

/// <summary>Makes a tree of a flat source.</summary>
internal static class EntryTree
{
    /// <summary>Builds the tree; what contradicts itself becomes a problem.</summary>
    /// <param name="entries">What was written; of two entries with one path the later holds.</param>
    /// <param name="report">Where problems go.</param>
    public static ConfigurationNode Build(IEnumerable<SourceEntry> entries, ConfigurationReport report) =>
        ConfigurationNode.Root(Level([.. entries], "", depth: 0, report));

    private static List<ConfigurationNode> Level(IReadOnlyList<SourceEntry> entries, string path, int depth, ConfigurationReport report) =>
    [
        .. entries
            .GroupBy(entry => entry.Path[depth], StringComparer.OrdinalIgnoreCase)
            .OrderBy(group => PositionOf(group.Key))
            .Select(group => Node(group.Key, [.. group], path, depth, report)),
    ];

    private static ConfigurationNode Node(
        string key, IReadOnlyList<SourceEntry> entries, string parent, int depth, ConfigurationReport report)
    {
        var path = ConfigurationNode.Join(parent, key);
        var own = entries.LastOrDefault(entry => entry.Path.Count == depth + 1);
        var below = entries.Where(entry => entry.Path.Count > depth + 1).ToList();
        if (below.Count == 0)
            return new ConfigurationNode(key, path, own!.Origin) { Shape = NodeShape.Value, Value = own.Value };

        if (own is not null)
            report.Problem(
                own.Origin.Locate(path),
                $"is given a value here and keys below it in {below[0].Origin.Locate(string.Join(':', below[0].Path))}");
        return new ConfigurationNode(key, path, ContainerOrigin(below[0], depth))
        {
            Shape = NodeShape.Object,
            Children = Level(below, path, depth + 1, report),
        };
    }

    // Variables name their containers by the beginning of their own name, so that a missing sibling can be named.
    private static ConfigurationOrigin ContainerOrigin(SourceEntry entry, int depth) => entry.Origin.Kind switch
    {
        OriginKind.SectionVariable =>
            entry.Origin with { Variable = string.Join("__", entry.Path.Take(depth + 1)), IsBeginning = true },
        OriginKind.EnclaveVariable =>
            entry.Origin with { Variable = EnclaveVariables.EntryOf(entry.Origin.Variable!, entry.Path[^1]), IsBeginning = true },
        _ => entry.Origin,
    };

    // Sorting is stable: what is no position keeps its order behind the positions. An Id may have more digits than any
    // integer type.
    private static double PositionOf(string key) =>
        ConfigurationNode.IsPosition(key) ? double.Parse(key, NumberStyles.None, CultureInfo.InvariantCulture) : double.PositiveInfinity;
}
