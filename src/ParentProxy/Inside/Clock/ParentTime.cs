using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace ParentProxy.Inside.Clock;

/// <summary>What the parent says of its clock, in one line.</summary>
/// <param name="Utc">The time.</param>
/// <param name="Error">By how much it may be wrong at most.</param>
/// <param name="IsSynchronized">Whether somebody sets it; without, the rest is worth nothing.</param>
internal sealed record ParentTime(DateTime Utc, TimeSpan Error, bool IsSynchronized)
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'";

    /// <summary>Reads a line like <c>2026-11-29T20:23:24.103787Z error=0.000250 synchronized=true leap=none source=kernel</c>.</summary>
    public static bool TryParse(ReadOnlySpan<byte> line, [NotNullWhen(true)] out ParentTime? time)
    {
        time = null;
        var words = Encoding.ASCII.GetString(line.TrimEnd("\r\n"u8)).Split(' ');
        const DateTimeStyles utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (!DateTime.TryParseExact(words[0], Format, CultureInfo.InvariantCulture, utc, out var moment)
            || !double.TryParse(Value("error="), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var error)
            || !(error <= TimeSpan.MaxValue.TotalSeconds / 2)
            || !bool.TryParse(Value("synchronized="), out var isSynchronized))
            return false;
        time = new ParentTime(moment, TimeSpan.FromSeconds(error), isSynchronized);
        return true;

        string? Value(string key) => Array.Find(words, word => word.StartsWith(key, StringComparison.Ordinal))?[key.Length..];
    }
}
