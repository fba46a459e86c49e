namespace ParentProxy.Configuration.Sections;

/// <summary>Every key of the configuration, to recognize one that was written in the wrong place or form.</summary>
/// <param name="patterns">The keys as paths, with <c>*</c> for an entry.</param>
internal sealed class KnownKeys(IEnumerable<string> patterns)
{
    private readonly List<string[]> _patterns = [.. patterns.Select(pattern => pattern.Split(':'))];

    /// <summary>All of them, in order.</summary>
    public IEnumerable<string> All => _patterns.Select(pattern => string.Join(':', pattern)).Order(StringComparer.Ordinal);

    /// <summary>Whether a path leads to a key, or to a value of a list.</summary>
    public bool Contains(IReadOnlyList<string> path, StringComparison comparison = StringComparison.OrdinalIgnoreCase) =>
        _patterns.Exists(pattern => IsAt(pattern, path, comparison));

    /// <summary>The paths that end like this, below a section and not in a list.</summary>
    public IReadOnlyList<string> Ending(string key) =>
    [
        .. _patterns
            .Where(pattern => pattern.Length > 1 && !pattern.Contains("*") && pattern[^1].Equals(key, StringComparison.OrdinalIgnoreCase))
            .Select(pattern => string.Join(':', pattern)),
    ];

    // Each variable of the environment is compared with each key at the start: without LINQ, which would allocate for every pair.
    private static bool IsAt(string[] pattern, IReadOnlyList<string> path, StringComparison comparison)
    {
        if (path.Count < pattern.Length)
            return false;
        for (var i = 0; i < path.Count; i++)
        {
            var isMeant = i < pattern.Length
                ? pattern[i] == "*" || pattern[i].Equals(path[i], comparison)
                : path[i].Length > 0 && path[i].All(char.IsAsciiDigit);
            if (!isMeant)
                return false;
        }

        return true;
    }
}
