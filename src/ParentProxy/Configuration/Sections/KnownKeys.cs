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
        _patterns.Exists(pattern =>
            path.Count >= pattern.Length
            && pattern.Zip(path).All(pair => pair.First == "*" || pair.First.Equals(pair.Second, comparison))
            && path.Skip(pattern.Length).All(segment => segment.Length > 0 && segment.All(char.IsAsciiDigit)));

    /// <summary>The paths that end like this, below a section and not in a list.</summary>
    public IReadOnlyList<string> Ending(string key) =>
    [
        .. _patterns
            .Where(pattern => pattern.Length > 1 && !pattern.Contains("*") && pattern[^1].Equals(key, StringComparison.OrdinalIgnoreCase))
            .Select(pattern => string.Join(':', pattern)),
    ];
}
