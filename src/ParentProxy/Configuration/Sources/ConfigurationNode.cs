namespace ParentProxy.Configuration.Sources;

/// <summary>
/// A place in the configuration as one source, or all of them merged, wrote it. Immutable. A node keeps the path and the
/// origin of its own source through merging, so that every mistake leads to where it was written.
/// </summary>
/// <param name="key">The last segment of the path.</param>
/// <param name="path">The whole path, segments divided by colons.</param>
/// <param name="origin">The source.</param>
internal sealed class ConfigurationNode(string key, string path, ConfigurationOrigin origin)
{
    /// <summary>The last segment of the path; the position for an element of a list.</summary>
    public string Key { get; } = key;

    /// <summary>The whole path in the node's own source.</summary>
    public string Path { get; } = path;

    /// <summary>The source that wrote it, which says how the place is named to an operator.</summary>
    public ConfigurationOrigin Origin { get; } = origin;

    /// <summary>What was written here.</summary>
    public NodeShape Shape { get; init; }

    /// <summary>The text of a <see cref="NodeShape.Value"/>; else null.</summary>
    public string? Value { get; init; }

    /// <summary>What lies below, in the order of the source.</summary>
    public IReadOnlyList<ConfigurationNode> Children { get; init; } = [];

    /// <summary>Whether anything but <c>null</c> was written here.</summary>
    public bool IsSet => Shape != NodeShape.Null;

    /// <summary>
    /// Whether this is a list, or may be meant as one: variables and arguments write lists as keys 0, 1, 2.
    /// </summary>
    public bool CouldBeList =>
        Shape == NodeShape.List
        || (Shape == NodeShape.Object && Origin.Kind != OriginKind.File && Children.All(child => IsPosition(child.Key)));

    /// <summary>The path for a problem's message.</summary>
    public string Location => Origin.Locate(Path);

    /// <summary>A node without parent, path and content.</summary>
    public static ConfigurationNode Root(IReadOnlyList<ConfigurationNode> children) =>
        new("", "", ConfigurationOrigin.File) { Shape = NodeShape.Object, Children = children };

    /// <summary>The child of that name, ignoring case; an unset one when there is none.</summary>
    public ConfigurationNode Child(string key) =>
        Children.FirstOrDefault(child => child.Key.Equals(key, StringComparison.OrdinalIgnoreCase))
        ?? new ConfigurationNode(key, Join(Path, key), Origin.Child(key));

    /// <summary>The same place without its content, for a reader that found a wrong shape and goes on with defaults.</summary>
    public ConfigurationNode Cleared() => new(Key, Path, Origin);

    /// <summary>A path one segment longer.</summary>
    public static string Join(string path, string key) => path.Length == 0 ? key : $"{path}:{key}";

    /// <summary>Whether a key is a position in a list.</summary>
    public static bool IsPosition(string key) => key.All(char.IsAsciiDigit);
}
