using Microsoft.Extensions.Configuration;

namespace ParentProxy.Configuration.Sources;

/// <summary>Gives a tree to libraries that read <see cref="IConfiguration"/>.</summary>
internal static class FlatSections
{
    /// <summary>The nodes at their paths below the root, without a reload token that ever fires.</summary>
    public static IConfiguration Create(params IEnumerable<ConfigurationNode> nodes) =>
        new ConfigurationBuilder().AddInMemoryCollection(nodes.SelectMany(node => Flatten(node, ""))).Build();

    // Merging may leave gaps between the positions of a list; readers of IConfiguration do not mind, they sort.
    private static IEnumerable<KeyValuePair<string, string?>> Flatten(ConfigurationNode node, string parent)
    {
        var path = ConfigurationNode.Join(parent, node.Key);
        return node.Shape switch
        {
            NodeShape.Null => [],
            NodeShape.Value => [new(path, node.Value)],
            _ => node.Children.SelectMany(child => Flatten(child, path)),
        };
    }
}
