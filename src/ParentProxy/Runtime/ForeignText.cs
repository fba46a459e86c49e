using System.Globalization;
using System.Text;

namespace ParentProxy.Runtime;

/// <summary>The words of somebody whom we do not trust, fit for a terminal and a log.</summary>
internal static class ForeignText
{
    private const int MaxCharacters = 200;

    /// <summary>The text in one line, shortened, and without anything that a terminal would obey or that would hide the rest.</summary>
    public static string Shown(string text)
    {
        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length >= MaxCharacters)
                return shown.Append('…').ToString();
            shown.Append(Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator ? ' ' : rune.ToString());
        }

        return shown.ToString().Trim();
    }
}
