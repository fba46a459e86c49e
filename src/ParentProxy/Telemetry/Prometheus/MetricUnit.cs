namespace ParentProxy.Telemetry.Prometheus;

/// <summary>The words that Prometheus has for the units of OpenTelemetry, which are UCUM's.</summary>
internal static class MetricUnit
{
    /// <summary>The word that stands in a metric's name, or an empty text when it has none.</summary>
    public static string Of(string unit)
    {
        unit = WithoutAnnotations(unit);
        var slash = unit.IndexOf('/', StringComparison.Ordinal);
        return slash >= 0 && slash < unit.Length - 1
            ? MetricName.Sanitize($"{Word(unit[..slash])}_per_{WordPer(unit[(slash + 1)..])}").Trim('_')
            : MetricName.Sanitize(Word(unit)).Trim('_');
    }

    // {request} says what is counted, which the name says already.
    private static string WithoutAnnotations(string unit)
    {
        while (unit.IndexOf('{', StringComparison.Ordinal) is >= 0 and var open && unit.IndexOf('}', open) is >= 0 and var close)
            unit = unit.Remove(open, close - open + 1);
        return unit;
    }

    private static string Word(string unit) => unit switch
    {
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" or "B" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "TiBy" => "tibibytes",
        "KBy" or "KB" => "kilobytes",
        "MBy" or "MB" => "megabytes",
        "GBy" or "GB" => "gigabytes",
        "TBy" or "TB" => "terabytes",
        "m" => "meters",
        "V" => "volts",
        "A" => "amperes",
        "J" => "joules",
        "W" => "watts",
        "g" => "grams",
        "Cel" => "celsius",
        "Hz" => "hertz",
        "1" => "",
        "%" => "percent",
        "$" => "dollars",
        _ => unit,
    };

    private static string WordPer(string unit) => unit switch
    {
        "s" => "second",
        "m" => "minute",
        "h" => "hour",
        "d" => "day",
        "w" => "week",
        "mo" => "month",
        "y" => "year",
        _ => unit,
    };
}
