using System.Text.RegularExpressions;

namespace ParentProxy.Tests.Documents;

/// <summary>The manual page, as its source has it: sections, and what stands at the head of each paragraph.</summary>
internal sealed partial class ManPage
{
    private readonly string[] _lines;

    /// <summary>Reads a page.</summary>
    /// <param name="source">Its roff source.</param>
    public ManPage(string source) => _lines = source.Split('\n');

    /// <summary>The heads of the paragraphs (<c>.TP</c>) of a section or subsection, without fonts: <c>--config FILE</c>.</summary>
    /// <param name="heading">What follows <c>.SH</c> or <c>.SS</c>.</param>
    /// <returns>Nothing when there is no such section.</returns>
    public IReadOnlyList<string> Heads(string heading)
    {
        var lines = _lines
            .SkipWhile(line => !IsHeading(line) || Words(line) != heading)
            .Skip(1)
            .TakeWhile(line => !IsHeading(line))
            .ToList();
        return [.. lines.Zip(lines.Skip(1)).Where(pair => pair.First == ".TP").Select(pair => Words(pair.Second))];
    }

    private static bool IsHeading(string line) =>
        line.StartsWith(".SH ", StringComparison.Ordinal) || line.StartsWith(".SS ", StringComparison.Ordinal);

    private static string Words(string line) => Font().Replace(Macro().Replace(line, ""), "")
        .Replace("\"", "", StringComparison.Ordinal)
        .Replace("\\-", "-", StringComparison.Ordinal)
        .Trim();

    [GeneratedRegex(@"^\.[A-Z]+ ")]
    private static partial Regex Macro();

    [GeneratedRegex(@"\\f[BIR]")]
    private static partial Regex Font();
}
