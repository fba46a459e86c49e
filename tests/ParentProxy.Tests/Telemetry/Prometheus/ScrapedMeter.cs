using System.Diagnostics.Metrics;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using ParentProxy.Telemetry.Prometheus;

namespace ParentProxy.Tests.Telemetry.Prometheus;

/// <summary>A meter, and what a scrape shows of it. Its name is its own: tests run side by side in one process.</summary>
internal sealed class ScrapedMeter : IDisposable
{
    private readonly string _name = "t" + Guid.NewGuid().ToString("N");
    private readonly MeterProvider _cumulative;
    private readonly MeterProvider _gauges;

    public ScrapedMeter(Func<Instrument, MetricStreamConfiguration?>? view = null, KeyValuePair<string, object>[]? resource = null, bool started = true)
    {
        Meter = new Meter(_name);
        Other = new Meter(new MeterOptions(_name + "b") { Version = "2.0", Tags = [new("part.name", "x")], TelemetrySchemaUrl = "https://schema.test/1" });
        _cumulative = Build(Cumulative, MetricReaderTemporalityPreference.Cumulative, view, resource, isGauge: false);
        _gauges = Build(Gauges, MetricReaderTemporalityPreference.Delta, view, resource, isGauge: true);
        if (!started)
            _cumulative.Dispose();
    }

    public Meter Meter { get; }

    /// <summary>A meter with a version, tags and a schema.</summary>
    public Meter Other { get; }

    public PrometheusExporter Cumulative { get; } = new();

    public PrometheusExporter Gauges { get; } = new();

    public List<string> Conflicts { get; } = [];

    /// <summary>A scrape, without the target and with the meters' names as <c>M</c> and <c>Mb</c>.</summary>
    public string Scrape(ExpositionFormat format = ExpositionFormat.Text)
    {
        var text = ScrapeWhole(format);
        return text[(text.IndexOf("} 1\n", StringComparison.Ordinal) + 4)..].Replace(_name, "M", StringComparison.Ordinal);
    }

    /// <summary>The samples alone.</summary>
    public string[] Samples(ExpositionFormat format = ExpositionFormat.Text) =>
        [.. Scrape(format).Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Replace("otel_scope_name=\"M\"", "", StringComparison.Ordinal).Replace("{,", "{", StringComparison.Ordinal))];

    public string ScrapeWhole(ExpositionFormat format)
    {
        var writer = new ExpositionWriter(format);
        writer.Clear();
        Cumulative.CollectInto(writer);
        Gauges.CollectInto(writer);
        var exposition = writer.Finish(Cumulative.Resource, Conflicts.Add);
        var text = Encoding.UTF8.GetString(exposition.Text.Span);
        exposition.Release();
        return text;
    }

    public void Dispose()
    {
        _cumulative.Dispose();
        _gauges.Dispose();
        Meter.Dispose();
        Other.Dispose();
    }

    private MeterProvider Build(PrometheusExporter exporter, MetricReaderTemporalityPreference temporality, Func<Instrument, MetricStreamConfiguration?>? view, KeyValuePair<string, object>[]? resource, bool isGauge) =>
        Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddAttributes(resource ?? [new("service.name", "test")]))
            .SetExemplarFilter(ExemplarFilterType.TraceBased)
            .AddMeter(_name, _name + "b")
            .AddView(instrument => instrument is ObservableGauge<int> == isGauge ? view?.Invoke(instrument) : MetricStreamConfiguration.Drop)
            .AddReader(new BaseExportingMetricReader(exporter) { TemporalityPreference = temporality })
            .Build();
}
