using System.Globalization;

namespace ParentProxy.Html;

/// <summary>Figures as operators read them.</summary>
internal static class Words
{
    private static readonly string[] ByteUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>A time span by its two largest units.</summary>
    public static string Age(TimeSpan age) => age switch
    {
        { TotalSeconds: < 60 } => Invariant($"{Math.Max(0, (int)age.TotalSeconds)} s"),
        { TotalMinutes: < 60 } => Invariant($"{age.Minutes} min {age.Seconds} s"),
        { TotalHours: < 24 } => Invariant($"{age.Hours} h {age.Minutes} min"),
        _ => Invariant($"{age.Days} d {age.Hours} h"),
    };

    /// <summary>A moment, to the second.</summary>
    public static string Moment(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>The day of a moment, in UTC.</summary>
    public static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>A moment of today.</summary>
    public static string Clock(DateTimeOffset at) => at.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>A duration with three digits.</summary>
    public static string Duration(TimeSpan duration) => duration.TotalMilliseconds switch
    {
        < 10 and var ms => Invariant($"{ms:0.##} ms"),
        < 1000 and var ms => Invariant($"{ms:0} ms"),
        < 60_000 => Invariant($"{duration.TotalSeconds:0.##} s"),
        _ => Age(duration),
    };

    /// <summary>A rate: more digits where it is small.</summary>
    public static string Rate(double rate) => rate switch
    {
        0 => "0",
        < 10 => Invariant($"{rate:0.##}"),
        < 100 => Invariant($"{rate:0.#}"),
        _ => Count(Math.Round(rate)),
    };

    /// <summary>A share of 1 as a percentage. Nothing that happened reads as 0 %.</summary>
    public static string Percent(double share) => share switch
    {
        0 => "0 %",
        < 0.0001 => "< 0.01 %",
        < 0.1 => Invariant($"{share * 100:0.##} %"),
        < 0.9995 => Invariant($"{share * 100:0.#} %"),
        _ => "100 %",
    };

    /// <summary>A count, its thousands divided by narrow spaces that do not break.</summary>
    public static string Count(double count) => count.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', '\u202f');

    /// <summary>Bytes in the unit that suits them, with three digits.</summary>
    public static string Bytes(long bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        for (; value >= 999.5 && unit < ByteUnits.Length - 1; unit++)
            value /= 1024;
        return value < 100 && unit > 0
            ? Invariant($"{value.ToString(value < 9.995 ? "0.##" : "0.#", CultureInfo.InvariantCulture)} {ByteUnits[unit]}")
            : Invariant($"{value:0} {ByteUnits[unit]}");
    }

    /// <summary>A word for one and for more.</summary>
    public static string Plural(long count, string one, string many) => count == 1 ? one : many;

    /// <summary>A text with the full stop that it may lack.</summary>
    public static string Sentence(string text) => text.EndsWith('.') ? text : $"{text}.";

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
