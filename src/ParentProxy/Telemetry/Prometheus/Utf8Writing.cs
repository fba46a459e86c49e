using System.Buffers;
using System.Globalization;
using System.Text;

namespace ParentProxy.Telemetry.Prometheus;

/// <summary>The tokens of the exposition, written without making strings of them.</summary>
internal static class Utf8Writing
{
    private const int LongestNumber = 32;

    private static readonly SearchValues<char> InHelp = SearchValues.Create("\\\n");
    private static readonly SearchValues<char> InQuotes = SearchValues.Create("\\\n\"");

    /// <summary>A text as it is.</summary>
    public static void Text(this ArrayBufferWriter<byte> to, ReadOnlySpan<char> text) => Encoding.UTF8.GetBytes(text, to);

    /// <summary>A text with backslashes and line feeds escaped, and quotation marks where they would end it.</summary>
    public static void Escaped(this ArrayBufferWriter<byte> to, ReadOnlySpan<char> text, bool quoted)
    {
        while (text.IndexOfAny(quoted ? InQuotes : InHelp) is >= 0 and var at)
        {
            to.Text(text[..at]);
            to.Write(text[at] switch { '\n' => "\\n"u8, '"' => "\\\""u8, _ => "\\\\"u8 });
            text = text[(at + 1)..];
        }

        to.Text(text);
    }

    /// <summary>A number in the shortest form that reads back as the same.</summary>
    public static void Number(this ArrayBufferWriter<byte> to, double value)
    {
        if (double.IsPositiveInfinity(value))
            to.Write("+Inf"u8);
        else if (double.IsNegativeInfinity(value))
            to.Write("-Inf"u8);
        else if (double.IsNaN(value))
            to.Write("NaN"u8);
        else
            to.Formatted(value);
    }

    /// <summary>A whole number.</summary>
    public static void Number(this ArrayBufferWriter<byte> to, long value) => to.Formatted(value);

    /// <summary>A time, as seconds since 1970.</summary>
    public static void Seconds(this ArrayBufferWriter<byte> to, DateTimeOffset at) =>
        to.Number((at - DateTimeOffset.UnixEpoch).TotalSeconds);

    /// <summary>The value of a label.</summary>
    public static void LabelValue(this ArrayBufferWriter<byte> to, object? value)
    {
        switch (value)
        {
            case null:
                break;
            case string text:
                to.Escaped(text, quoted: true);
                break;
            case bool yes:
                to.Write(yes ? "true"u8 : "false"u8);
                break;
            case int number:
                to.Number(number);
                break;
            case long number:
                to.Number(number);
                break;
            case double number:
                to.Text(CanonicalNumber.Of(number));
                break;
            case float number:
                to.Text(CanonicalNumber.Of(number));
                break;
            default:
                to.Escaped(Convert.ToString(value, CultureInfo.InvariantCulture), quoted: true);
                break;
        }
    }

    private static void Formatted<T>(this ArrayBufferWriter<byte> to, T value) where T : IUtf8SpanFormattable
    {
        if (!value.TryFormat(to.GetSpan(LongestNumber), out var written, default, CultureInfo.InvariantCulture))
            throw new InvalidOperationException("a number is longer than a number can be");
        to.Advance(written);
    }
}
