using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration.Sections;

/// <summary>
/// Section <c>ReverseProxy</c>: read by YARP's own reader, validated by YARP's own validator, and before that held against
/// the keys that we support, because YARP ignores silently what it does not know.
/// </summary>
internal static class ReverseProxySection
{
    /// <summary>The cluster and the route that stand for <c>Enclaves</c>.</summary>
    public const string ReservedId = "enclaves";

    /// <summary>Reads the section; a route or cluster with a mistake is reported and left out.</summary>
    /// <param name="section">The section.</param>
    /// <param name="enclaves">The entries of <c>Enclaves</c>.</param>
    /// <param name="discovers">Whether discovery may bring further ones, of any name.</param>
    public static ReverseProxyOptions Read(SectionReader section, IReadOnlyList<EnclaveEntry> enclaves, bool discovers)
    {
        using var yarp = new YarpReader();
        var clusters = section.NamedSections("Clusters", cluster => ClusterSection.Read(cluster, enclaves, discovers, yarp));
        var ids = section.Ask("Clusters").Children.Select(cluster => cluster.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (enclaves.Count > 0 || discovers)
            ids.Add(ReservedId);
        CheckEntryNames(section);
        var routes = section.NamedSections("Routes", route => RouteSection.Read(route, ids, yarp));
        return new ReverseProxyOptions
        {
            Clusters = [.. clusters.Where(cluster => cluster is not null).Select(cluster => cluster!)],
            Routes = [.. routes.Where(route => route is not null).Select(route => route!)],
        };
    }

    /// <summary>Checks the id of a route or a cluster.</summary>
    public static void CheckId(SectionReader section)
    {
        if (section.Key.Equals(ReservedId, StringComparison.OrdinalIgnoreCase))
            section.Report.Problem(
                section.Location, $"has the name '{ReservedId}', which stands for the enclaves of section {Names.Enclaves}");
        else if (Values.Label(section.Key).Reason is { } reason)
            section.Report.Problem(section.Location, reason);
    }

    // The registry knows a destination as cluster/destination, and both may hold a '/' themselves.
    private static void CheckEntryNames(SectionReader section)
    {
        var names = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var cluster in section.Ask("Clusters").Children)
        {
            foreach (var destination in cluster.Child("Destinations").Children)
            {
                var name = $"{cluster.Key}/{destination.Key}";
                if (!names.TryAdd(name, destination.Location))
                    section.Report.Problem(destination.Location, $"is known as {Quoted.Text(name)}, and so is {names[name]}");
            }
        }
    }
}
