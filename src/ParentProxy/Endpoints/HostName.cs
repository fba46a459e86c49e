using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace ParentProxy.Endpoints;

/// <summary>
/// A host's name in its one form: labels of ASCII (A-labels where it is internationalized), lower case, no dot at the end. Never an
/// address. Two are equal when they are the same name.
/// </summary>
internal sealed record HostName
{
    private const int MaxLength = 253;
    private const int MaxLabel = 63;

    // Without ICU, IdnMapping encodes whatever it gets: it folds neither case nor compatibility forms, and composes nothing. These
    // are the letters that have one form once they are in lower case, so that one name is one A-label.
    private static readonly (char First, char Last)[] Letters =
    [
        ('ß', 'ö'), ('ø', 'ı'), ('ĵ', 'ľ'), ('ł', 'ň'), ('ŋ', 'ž'), // Latin, without ĳ ŀ ŉ ſ
        ('ά', 'ώ'), ('а', 'џ'), ('ґ', 'ґ'), ('א', 'ת'), ('ء', 'ي'), // Greek, Cyrillic, Hebrew, Arabic
        ('ぁ', 'ゖ'), ('ァ', 'ヺ'), ('ー', 'ー'), ('一', '龥'), ('가', '힣'), // kana, Han, Hangul
    ];

    private static readonly IdnMapping Idn = new();

    private HostName(string text) => Text = text;

    /// <summary>The name, like <c>api.example.com</c>; 1 to 253 characters.</summary>
    public string Text { get; }

    /// <summary>Reads a name in any case, with a dot at its end or without, of ASCII or not.</summary>
    /// <param name="text">What was written or asked for.</param>
    /// <param name="name">The name.</param>
    /// <param name="reason">Why it is none, for an operator.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out HostName? name, [NotNullWhen(false)] out string? reason)
    {
        name = null;
        var plain = text.EndsWith('.') ? text[..^1] : text;
        reason = plain.Length switch
        {
            0 => "the name is empty",
            > MaxLength => $"the name is {plain.Length} characters long, of at most {MaxLength}",
            _ => null,
        };
        if (reason is not null || !TryLower(plain, out plain, out reason))
            return false;

        var start = 0;
        while (start <= plain.Length)
        {
            var end = plain.IndexOf('.', start);
            end = end < 0 ? plain.Length : end;
            reason = CheckLabel(plain.AsSpan(start, end - start));
            if (reason is not null)
                return false;
            start = end + 1;
        }

        if (plain.Length > MaxLength)
            reason = $"the name is {plain.Length} characters long as A-labels, of at most {MaxLength}";
        else if (IPv4Notation.EndsInNumber(plain))
            reason = $"'{plain}' ends in a number, as an address does, and is none";
        name = reason is null ? new HostName(plain) : null;
        return name is not null;
    }

    /// <summary>Whether this is below a name: <c>a.example</c> and <c>b.a.example</c> are below <c>example</c>, itself is not.</summary>
    public bool IsBelow(string parent) =>
        Text.Length > parent.Length + 1 && Text[^(parent.Length + 1)] == '.' && Text.EndsWith(parent, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static bool TryLower(string text, out string lower, [NotNullWhen(false)] out string? reason)
    {
        lower = text.ToLowerInvariant();
        reason = null;
        if (Ascii.IsValid(lower))
            return true;
        foreach (var c in lower)
        {
            if (!char.IsAscii(c) && !IsPlain(c))
            {
                reason = $"{Describe(c)} has more than one form in a name; write that label as its A-label (xn--…)";
                return false;
            }
        }

        try
        {
            lower = Idn.GetAscii(lower);
            return true;
        }
        catch (ArgumentException)
        {
            reason = $"a label is empty, or longer than {MaxLabel} characters as an A-label";
            return false;
        }
    }

    // What has no lower case for the runtime, like U+0130, is left in upper case.
    private static bool IsPlain(char c) =>
        char.IsLetter(c) && !char.IsUpper(c) && Array.Exists(Letters, range => c >= range.First && c <= range.Last);

    private static string? CheckLabel(ReadOnlySpan<char> label)
    {
        if (label.Length == 0)
            return "a label is empty: two dots in a row, or one at the beginning";
        if (label.Length > MaxLabel)
            return $"a label is {label.Length} characters long, of at most {MaxLabel}";
        foreach (var c in label)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('-' or '_'))
                return $"{Describe(c)} is in no host name: letters, digits, '-' and '_', divided by dots";
        }

        return label[0] == '-' ? "a label begins with '-'" : null;
    }

    private static string Describe(char c) => c is > ' ' and <= '~' ? $"'{c}'" : $"character U+{(int)c:X4}";
}
