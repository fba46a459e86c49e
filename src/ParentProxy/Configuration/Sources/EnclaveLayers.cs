namespace ParentProxy.Configuration.Sources;

/// <summary>
/// Merges <c>Enclaves</c>, the one list that a nearer source does not replace: its entries are named, and a variable that
/// corrects one CID must not make the others vanish.
/// </summary>
internal static class EnclaveLayers
{
    /// <summary>Merges entry by entry, by <c>Id</c>.</summary>
    public static ConfigurationNode Merge(ConfigurationNode far, ConfigurationNode near)
    {
        // What is no list is kept, to be reported, rather than replaced by what is one.
        if (!far.CouldBeList || !near.CouldBeList)
            return far.CouldBeList || !far.IsSet ? near : far;

        var entries = far.Children.ToList();
        // An entry of the nearer source finds only those of the farther one: two with one Id in one source stay two, and
        // validation reports them.
        var open = new List<ConfigurationNode>(far.Children);
        foreach (var entry in near.Children)
        {
            var match = open.Find(other => IdOf(other).Equals(IdOf(entry), StringComparison.OrdinalIgnoreCase));
            if (match is null)
            {
                entries.Add(entry);
                continue;
            }

            open.Remove(match);
            entries[entries.IndexOf(match)] = Layers.Merge(match, entry);
        }

        return new ConfigurationNode(far.Key, far.Path, far.Origin) { Shape = NodeShape.List, Children = entries };
    }

    /// <summary>The Id of an entry; when none is set, its position in its own source.</summary>
    public static string IdOf(ConfigurationNode entry) => entry.Child("Id").Value is { Length: > 0 } id ? id : entry.Key;
}
