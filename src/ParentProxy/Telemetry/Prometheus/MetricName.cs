using System.Text;
using OpenTelemetry.Metrics;

namespace ParentProxy.Telemetry.Prometheus;

/// <summary>What a metric is called in Prometheus.</summary>
/// <param name="Base">The name with its unit, without the suffix of a counter: OpenMetrics' name of the family.</param>
/// <param name="Unit">The unit's word, or an empty text.</param>
/// <param name="Type"><c>counter</c>, <c>gauge</c> or <c>histogram</c>.</param>
internal sealed record MetricName(string Base, string Unit, string Type)
{
    private const string Total = "_total";

    /// <summary>The name of its samples; text 0.0.4 calls the family so, too.</summary>
    public string Sample { get; } = Type == "counter" ? Base + Total : Base;

    /// <summary>Names a metric.</summary>
    public static MetricName Of(Metric metric) => Of(metric.Name, metric.Unit ?? "", metric.MetricType switch
    {
        MetricType.LongSum or MetricType.DoubleSum => "counter",
        MetricType.Histogram => "histogram",
        _ => "gauge",
    });

    /// <summary>Names a metric.</summary>
    public static MetricName Of(string name, string unit, string type)
    {
        var word = MetricUnit.Of(unit);
        var text = Sanitize(name);
        if (type == "counter" && text.EndsWith(Total, StringComparison.Ordinal) && text.Length > Total.Length)
            text = text[..^Total.Length];
        if (word.Length > 0 && text != word && !text.EndsWith("_" + word, StringComparison.Ordinal))
            text = text.EndsWith('_') ? text + word : $"{text}_{word}";
        return new MetricName(text, word, type);
    }

    /// <summary>The name of the family in a format.</summary>
    public string Family(ExpositionFormat format) => format == ExpositionFormat.OpenMetrics ? Base : Sample;

    /// <summary>Underscores in the place of what a name cannot hold.</summary>
    public static string Sanitize(string text, bool colons = true)
    {
        if (text.Length > 0 && !char.IsAsciiDigit(text[0]) && !text.Contains("__", StringComparison.Ordinal) && text.All(c => IsValid(c, colons)))
            return text;
        var name = new StringBuilder(text.Length + 1);
        if (text.Length == 0 || char.IsAsciiDigit(text[0]))
            name.Append('_');
        foreach (var c in text)
        {
            var next = IsValid(c, colons) ? c : '_';
            if (next != '_' || name.Length == 0 || name[^1] != '_')
                name.Append(next);
        }

        return name.ToString();
    }

    private static bool IsValid(char c, bool colons) => char.IsAsciiLetterOrDigit(c) || c == '_' || (colons && c == ':');
}
