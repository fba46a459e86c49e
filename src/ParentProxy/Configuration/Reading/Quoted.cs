using System.Text;

namespace ParentProxy.Configuration.Reading;

/// <summary>Quotes what an operator wrote.</summary>
internal static class Quoted
{
    private const int MaxLength = 100;

    /// <summary>The text in quotes, shortened, without characters that would disturb a terminal or a log.</summary>
    public static string Text(string text)
    {
        var quoted = new StringBuilder("'");
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, MaxLength)))
            quoted.Append(char.IsControl(c) ? '\uFFFD' : c);
        return quoted.Append(text.Length > MaxLength ? "…'" : "'").ToString();
    }
}
