namespace ParentProxy.Configuration.Sources;

/// <summary>Merges the trees of several sources into one.</summary>
internal static class Layers
{
    /// <summary>Merges the sources, given from the farthest to the nearest.</summary>
    public static ConfigurationNode Merge(params IReadOnlyList<ConfigurationNode> layers) => layers.Aggregate(MergeRoots);

    private static ConfigurationNode MergeRoots(ConfigurationNode far, ConfigurationNode near) =>
        MergeObjects(far, near, (farChild, nearChild) =>
            farChild.Key.Equals(Names.Enclaves, StringComparison.OrdinalIgnoreCase)
                ? EnclaveLayers.Merge(farChild, nearChild)
                : Merge(farChild, nearChild));

    /// <summary>
    /// One place in two sources: objects are merged key by key, everything else is replaced whole, unless by <c>null</c>,
    /// which says nothing.
    /// </summary>
    public static ConfigurationNode Merge(ConfigurationNode far, ConfigurationNode near)
    {
        if (!near.IsSet)
            return far;
        if (near.Shape != NodeShape.Object || far.Shape != NodeShape.Object)
            return near;

        // Both are written as keys 0, 1, 2 by variables or arguments: a list, which the nearer source replaces.
        return near.CouldBeList && far.CouldBeList ? near : MergeObjects(far, near, Merge);
    }

    private static ConfigurationNode MergeObjects(
        ConfigurationNode far, ConfigurationNode near, Func<ConfigurationNode, ConfigurationNode, ConfigurationNode> merge)
    {
        var children = far.Children.ToList();
        foreach (var child in near.Children)
        {
            var index = children.FindIndex(other => other.Key.Equals(child.Key, StringComparison.OrdinalIgnoreCase));
            if (index < 0)
                children.Add(child);
            else
                children[index] = merge(children[index], child);
        }

        return new ConfigurationNode(far.Key, far.Path, far.Origin) { Shape = NodeShape.Object, Children = children };
    }
}
