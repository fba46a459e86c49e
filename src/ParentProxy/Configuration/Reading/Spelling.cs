namespace ParentProxy.Configuration.Reading;

/// <summary>Finds what a mistyped name was meant to be.</summary>
internal static class Spelling
{
    // Among shorter names everything is one edit away from everything.
    private const int MinLength = 3;

    /// <summary>From this length on two mistakes still leave a word that can be recognized.</summary>
    private const int LongLength = 7;

    /// <summary>
    /// The candidate that was likely meant: the same but for case and dividers (<c>round_robin</c>), the same thing by the
    /// name that another program has for it (<c>leastconn</c>), or the nearest by edits: a character added, left out,
    /// exchanged, or two swapped.
    /// </summary>
    public static string? Guess(string text, IEnumerable<string> candidates)
    {
        var plain = Plain(text);
        if (plain.Length == 0)
            return null;
        var names = candidates.Select(name => (Name: name, Plain: Plain(name))).ToList();
        return names.FirstOrDefault(candidate => candidate.Plain == plain).Name
            ?? names.FirstOrDefault(candidate => OtherNames.Mean(plain, candidate.Plain)).Name
            ?? Nearest(plain, names);
    }

    /// <summary>Whether two names are the same but for a slip.</summary>
    public static bool IsNear(string text, string name) => Guess(text, [name]) is not null;

    private static string? Nearest(string plain, List<(string Name, string Plain)> candidates)
    {
        if (plain.Length < MinLength || candidates.Count == 0)
            return null;
        var (nearest, edits) = candidates.Select(candidate => (candidate, Edits(plain, candidate.Plain))).MinBy(pair => pair.Item2);
        return edits <= (Math.Min(plain.Length, nearest.Plain.Length) >= LongLength ? 2 : 1) ? nearest.Name : null;
    }

    private static string Plain(string text) => new([.. text.Where(char.IsLetterOrDigit).Select(char.ToUpperInvariant)]);

    private static int Edits(string a, string b)
    {
        var edits = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
                edits[i, j] = i == 0 || j == 0 ? i + j : Least(i, j);
        }

        return edits[a.Length, b.Length];

        int Least(int i, int j)
        {
            var least = Math.Min(edits[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), Math.Min(edits[i - 1, j], edits[i, j - 1]) + 1);
            return i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] ? Math.Min(least, edits[i - 2, j - 2] + 1) : least;
        }
    }
}
