using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration.Sections;

/// <summary>Section <c>Enclaves</c>: no two entries have the same Id, or the same endpoint.</summary>
internal static class EnclavesSection
{
    /// <summary>Reads the entries and compares each with those before it.</summary>
    public static IReadOnlyList<EnclaveEntry> Read(SectionReader root)
    {
        var entries = root.ListOfSections(Names.Enclaves, EnclaveEntry.Read);
        for (var i = 0; i < entries.Count; i++)
        {
            var entry = entries[i];
            var before = entries.Take(i).ToList();
            if (before.Find(other => other.Id.Equals(entry.Id, StringComparison.OrdinalIgnoreCase)) is { } twin)
                root.Report.Problem(
                    entry.Location,
                    $"has the Id {Quoted.Text(entry.Id)} of {twin.Location}; Ids are unique, case does not count, "
                        + "and the default is the position in the list");
            else if (entry.Endpoint is not null && before.Find(other => other.Endpoint == entry.Endpoint) is { } neighbour)
                root.Report.Problem(entry.Location, $"is at {entry.Endpoint}, where {neighbour.Location} is already");
        }

        return entries;
    }

    /// <summary>Warns where no enclave gets traffic, or none is left that a backup would stand in for.</summary>
    public static void WarnOfNoneLeft(ConfigurationReport report, IReadOnlyList<EnclaveEntry> entries)
    {
        if (entries.Count == 0)
            return;
        if (entries.All(entry => entry.IsDrained))
            report.Warning(Names.Enclaves, "every enclave is drained (State, Weight): none gets traffic, and requests get 503");
        else if (entries.All(entry => entry.Backup))
            report.Warning(Names.Enclaves, "every enclave is a Backup: with none that they stand in for, all get traffic as if none was");
    }
}
