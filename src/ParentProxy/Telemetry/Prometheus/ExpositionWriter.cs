using System.Buffers;
using System.Runtime.CompilerServices;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace ParentProxy.Telemetry.Prometheus;

/// <summary>
/// Writes metrics in one format. Its buffers are kept from scrape to scrape. Samples are written metric by metric, as
/// they come, and put together by family at the end: a family has to stand in one piece, whatever meters and providers
/// its parts come from.
/// </summary>
internal sealed class ExpositionWriter(ExpositionFormat format)
{
    /// <summary>More than this is a mistake in an instrument, and no scraper would take it.</summary>
    private const int MaxBytes = 64 * 1024 * 1024;

    private readonly ArrayBufferWriter<byte> _samples = new(64 * 1024);
    private readonly ArrayBufferWriter<byte> _output = new(64 * 1024);
    private readonly ArrayBufferWriter<byte> _series = new(1024);
    private readonly LabelSet _labels = new();
    private readonly List<Part> _parts = [];
    private readonly ConditionalWeakTable<Metric, MetricName> _names = [];
    private readonly Dictionary<double, string> _bounds = [];

    private bool IsOpenMetrics => format == ExpositionFormat.OpenMetrics;

    /// <summary>Starts over.</summary>
    public void Clear()
    {
        _samples.ResetWrittenCount();
        _output.ResetWrittenCount();
        _parts.Clear();
    }

    /// <summary>Adds a metric with all its points.</summary>
    /// <exception cref="InvalidOperationException">There is more than a scrape can hold.</exception>
    public void Add(Metric metric)
    {
        // Buckets of changing width have no form in these formats; a view with boundaries gives them one.
        if (metric.MetricType == MetricType.ExponentialHistogram)
            return;
        var name = _names.GetValue(metric, MetricName.Of);
        var start = _samples.WrittenCount;
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            WriteLabels(metric, point);
            if (metric.MetricType == MetricType.Histogram)
                WriteHistogram(name, point);
            else
                WriteNumber(name, metric.MetricType, point);
        }

        if (_samples.WrittenCount > MaxBytes)
            throw new InvalidOperationException($"the metrics take more than {MaxBytes} bytes");
        if (_samples.WrittenCount > start)
            _parts.Add(new Part(name.Family(format), name, metric.Description, _parts.Count, start, _samples.WrittenCount - start));
    }

    /// <summary>Puts together what was added.</summary>
    /// <param name="resource">What the metrics are of.</param>
    /// <param name="onConflict">Told of a family that is left out, because its parts are of several types.</param>
    public Exposition Finish(Resource resource, Action<string> onConflict)
    {
        WriteTarget(resource);
        _parts.Sort(static (a, b) => string.CompareOrdinal(a.Family, b.Family) is not 0 and var order ? order : a.Order - b.Order);
        for (int i = 0, end; i < _parts.Count; i = end)
        {
            var first = _parts[i];
            var isOneType = true;
            for (end = i + 1; end < _parts.Count && _parts[end].Family == first.Family; end++)
                isOneType &= _parts[end].Name.Type == first.Name.Type;
            if (isOneType)
                WriteFamily(first, i, end);
            else
                onConflict(first.Family);
        }

        if (IsOpenMetrics)
            _output.Write("# EOF\n"u8);
        return new Exposition(_output.WrittenSpan);
    }

    private void WriteFamily(in Part first, int from, int to)
    {
        WriteMetadata("TYPE", first.Family, first.Name.Type);
        if (IsOpenMetrics && first.Name.Unit.Length > 0)
            WriteMetadata("UNIT", first.Family, first.Name.Unit);
        WriteHelp(first.Family, HelpOf(from, to));
        for (var i = from; i < to; i++)
            _output.Write(_samples.WrittenSpan.Slice(_parts[i].Start, _parts[i].Length));
    }

    private string? HelpOf(int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            if (!string.IsNullOrEmpty(_parts[i].Help))
                return _parts[i].Help;
        }

        return null;
    }

    private void WriteMetadata(string kind, string family, string value)
    {
        _output.Write("# "u8);
        _output.Text(kind);
        _output.Write(" "u8);
        _output.Text(family);
        _output.Write(" "u8);
        _output.Text(value);
        _output.Write("\n"u8);
    }

    private void WriteHelp(string family, string? help)
    {
        if (string.IsNullOrEmpty(help))
            return;
        _output.Write("# HELP "u8);
        _output.Text(family);
        _output.Write(" "u8);
        _output.Escaped(help, quoted: IsOpenMetrics);
        _output.Write("\n"u8);
    }

    private void WriteTarget(Resource resource)
    {
        var family = IsOpenMetrics ? "target" : "target_info";
        _labels.Clear();
        foreach (var (name, value) in resource.Attributes)
            _labels.Add(name, value);
        WriteMetadata("TYPE", family, IsOpenMetrics ? "info" : "gauge");
        WriteHelp(family, "Target metadata");
        _output.Write("target_info{"u8);
        _labels.WriteTo(_output);
        _output.Write("} 1\n"u8);
    }

    // Once for all lines of a point: a histogram has twenty.
    private void WriteLabels(Metric metric, in MetricPoint point)
    {
        var reserved = metric.MetricType == MetricType.Histogram ? "le" : "";
        _labels.Clear();
        _labels.Add("otel_scope_name", metric.MeterName);
        if (!string.IsNullOrEmpty(metric.MeterVersion))
            _labels.Add("otel_scope_version", metric.MeterVersion);
        if (!string.IsNullOrEmpty(metric.MeterSchemaUrl))
            _labels.Add("otel_scope_schema_url", metric.MeterSchemaUrl);
        foreach (var (name, value) in metric.MeterTags ?? [])
            _labels.Add("otel_scope_" + name, value);
        foreach (var (name, value) in point.Tags)
            _labels.AddUnless(reserved, name, value);
        _series.ResetWrittenCount();
        _labels.WriteTo(_series);
    }

    private void WriteNumber(MetricName name, MetricType type, in MetricPoint point)
    {
        WriteSeries(name.Sample, "");
        if (type.IsSum() && type.IsLong())
            _samples.Number(point.GetSumLong());
        else if (type.IsSum())
            _samples.Number(point.GetSumDouble());
        else if (type.IsLong())
            _samples.Number(point.GetGaugeLastValueLong());
        else
            _samples.Number(point.GetGaugeLastValueDouble());
        if (name.Type == "counter" && IsOpenMetrics && TryGetExemplar(point, double.NegativeInfinity, double.PositiveInfinity, type.IsLong(), out var exemplar))
            WriteExemplar(exemplar, type.IsLong());
        _samples.Write("\n"u8);
        if (name.Type == "counter")
            WriteCreated(name, point);
    }

    private void WriteHistogram(MetricName name, in MetricPoint point)
    {
        var below = double.NegativeInfinity;
        var count = 0L;
        var hasNegative = false;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            count += bucket.BucketCount;
            hasNegative |= bucket.ExplicitBound < 0;
            WriteBucket(name, point, below, bucket.ExplicitBound, count);
            below = bucket.ExplicitBound;
        }

        // One that was made without boundaries still is a histogram.
        if (!double.IsPositiveInfinity(below))
            WriteBucket(name, point, below, double.PositiveInfinity, point.GetHistogramCount());

        // A sum that may fall is no counter: OpenMetrics forbids it.
        if (!hasNegative || !IsOpenMetrics)
        {
            WriteSeries(name.Sample, "_sum");
            _samples.Number(point.GetHistogramSum());
            _samples.Write("\n"u8);
            WriteSeries(name.Sample, "_count");
            _samples.Number(point.GetHistogramCount());
            _samples.Write("\n"u8);
        }

        WriteCreated(name, point);
    }

    private void WriteBucket(MetricName name, in MetricPoint point, double below, double bound, long count)
    {
        _samples.Text(name.Sample);
        _samples.Write("_bucket{"u8);
        _samples.Write(_series.WrittenSpan);
        _samples.Write(",le=\""u8);
        if (IsOpenMetrics)
            _samples.Text(CanonicalBound(bound));
        else
            _samples.Number(bound);
        _samples.Write("\"} "u8);
        _samples.Number(count);
        if (IsOpenMetrics && TryGetExemplar(point, below, bound, isLong: false, out var exemplar))
            WriteExemplar(exemplar, isLong: false);
        _samples.Write("\n"u8);
    }

    private void WriteCreated(MetricName name, in MetricPoint point)
    {
        if (!IsOpenMetrics)
            return;
        WriteSeries(name.Base, "_created");
        _samples.Seconds(point.StartTime);
        _samples.Write("\n"u8);
    }

    private void WriteSeries(string name, string suffix)
    {
        _samples.Text(name);
        _samples.Text(suffix);
        _samples.Write("{"u8);
        _samples.Write(_series.WrittenSpan);
        _samples.Write("} "u8);
    }

    private void WriteExemplar(in Exemplar exemplar, bool isLong)
    {
        _samples.Write(" # {trace_id=\""u8);
        _samples.Text(exemplar.TraceId.ToHexString());
        _samples.Write("\",span_id=\""u8);
        _samples.Text(exemplar.SpanId.ToHexString());
        _samples.Write("\"} "u8);
        if (isLong)
            _samples.Number(exemplar.LongValue);
        else
            _samples.Number(exemplar.DoubleValue);
        _samples.Write(" "u8);
        _samples.Seconds(exemplar.Timestamp);
    }

    private string CanonicalBound(double bound)
    {
        if (!_bounds.TryGetValue(bound, out var text))
            _bounds[bound] = text = CanonicalNumber.Of(bound);
        return text;
    }

    // The latest one whose value belongs into the bucket, of those that have a trace to lead to.
    private static bool TryGetExemplar(in MetricPoint point, double below, double bound, bool isLong, out Exemplar exemplar)
    {
        exemplar = default;
        if (!point.TryGetExemplars(out var exemplars))
            return false;
        var found = false;
        foreach (ref readonly var candidate in exemplars)
        {
            var value = isLong ? candidate.LongValue : candidate.DoubleValue;
            var isInside = value <= bound && (value > below || double.IsNegativeInfinity(below));
            if (candidate.TraceId == default || !isInside || (found && candidate.Timestamp < exemplar.Timestamp))
                continue;
            exemplar = candidate;
            found = true;
        }

        return found;
    }

    /// <summary>The samples of one metric.</summary>
    private readonly record struct Part(string Family, MetricName Name, string? Help, int Order, int Start, int Length);
}
