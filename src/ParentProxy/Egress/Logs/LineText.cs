using System.Buffers;
using System.Globalization;
using System.Text;

namespace ParentProxy.Egress.Logs;

/// <summary>Makes what an enclave wrote fit to stand in a log that is read on a terminal: it cannot end a line, nor draw.</summary>
internal static class LineText
{
    /// <summary>The text of a line, in which what is not UTF-8 was replaced.</summary>
    /// <param name="line">The line.</param>
    /// <param name="isCut">Whether it is but the beginning of one, of which the last character may be a part.</param>
    public static string Of(ReadOnlySpan<byte> line, bool isCut)
    {
        var length = line.Length;
        while (isCut && length > 0 && Rune.DecodeLastFromUtf8(line[..length], out _, out var part) == OperationStatus.NeedMoreData)
            length -= part;
        return Harmless(Encoding.UTF8.GetString(line[..length]));
    }

    /// <summary>
    /// Writes what is not shown, or shown elsewhere than it stands, as its number: <c>\x1b</c>, <c>\u202e</c>. A tab stays, as do the
    /// joiners, which emoji and some scripts need. A backslash stays, too: paths and JSON would be hard to read.
    /// </summary>
    public static string Harmless(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            return text;
        var harmless = new StringBuilder(text.Length + 16);
        Span<char> utf16 = stackalloc char[2];
        foreach (var rune in text.EnumerateRunes())
        {
            if (!IsHidden(rune))
                harmless.Append(utf16[..rune.EncodeToUtf16(utf16)]);
            else if (rune.Value <= 0xFF)
                harmless.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}");
            else if (rune.IsBmp)
                harmless.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            else
                harmless.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}");
        }

        return harmless.ToString();
    }

    private static bool IsHidden(Rune rune) => rune.Value is not ('\t' or 0x200C or 0x200D) && Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
