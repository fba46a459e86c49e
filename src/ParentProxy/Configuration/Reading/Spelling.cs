namespace ParentProxy.Configuration.Reading;

/// <summary>Finds what a mistyped name was meant to be.</summary>
internal static class Spelling
{
    // Among shorter names everything is one edit away from everything.
    private const int MinLength = 3;

    /// <summary>The first candidate that one edit leads to: a character added, left out, exchanged, or two swapped.</summary>
    public static string? Guess(string text, IEnumerable<string> candidates) =>
        text.Length < MinLength
            ? null
            : candidates.FirstOrDefault(candidate => IsOneEditAway(text.ToUpperInvariant(), candidate.ToUpperInvariant()));

    private static bool IsOneEditAway(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        var start = a.CommonPrefixLength(b);
        a = a[start..];
        b = b[start..];
        var end = 0;
        while (end < a.Length && end < b.Length && a[^(end + 1)] == b[^(end + 1)])
            end++;
        a = a[..^end];
        b = b[..^end];
        return (a.Length <= 1 && b.Length <= 1) || (a.Length == 2 && b.Length == 2 && a[0] == b[1] && a[1] == b[0]);
    }
}
