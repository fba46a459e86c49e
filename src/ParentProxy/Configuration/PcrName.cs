using System.Globalization;

namespace ParentProxy.Configuration;

/// <summary>How a PCR is written: by its number, or as nitro-cli does, <c>PCR0</c>.</summary>
internal static class PcrName
{
    /// <summary>The number of the last one.</summary>
    public const int Last = 31;

    /// <summary>The number, or null where the text names none.</summary>
    public static int? IndexOf(string text)
    {
        var digits = text.StartsWith("PCR", StringComparison.OrdinalIgnoreCase) ? text[3..] : text;
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number <= Last
            && (digits.Length == 1 || digits[0] != '0')
            ? number
            : null;
    }
}
