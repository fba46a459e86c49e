using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using ParentProxy.Telemetry.Prometheus;

namespace ParentProxy.Telemetry.Metrics;

/// <summary>
/// The way of the metrics from the instruments, ours and the platform's, to <c>/metrics</c> and to OTLP.
/// </summary>
/// <remarks>
/// There are two providers. Everything is cumulative, as Prometheus wants it, but for our observable gauges: there a set of
/// labels would keep its place (of 2000) for ever, and an enclave that is found by name has another endpoint after each
/// restart. With delta temporality, which means nothing to the value of a gauge, the place of what is gone is free again.
/// </remarks>
internal sealed class MetricsPipeline : IAsyncDisposable
{
    private const int MaxRequestSeries = 10_000;

    private static readonly string[] PlatformMeters =
        ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Net.NameResolution", "System.Runtime"];

    /// <summary>promtool finds fault with their names.</summary>
    private static readonly HashSet<string> Dropped =
        ["dotnet.process.cpu.count", "dotnet.assembly.count", "dotnet.timer.count", "dotnet.thread_pool.thread.count"];

    /// <summary>In seconds: from a request on a warm connection to the end of <c>Timeouts:ResponseHead</c>.</summary>
    private static readonly double[] LatencyBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];

    private readonly IReadOnlyCollection<object> _scopes;
    private readonly MeterProvider[] _providers;
    private readonly PrometheusEndpoint _endpoint;

    /// <summary>Starts to listen to the instruments, those of later too.</summary>
    /// <param name="scopes">
    /// The scopes of the meters that belong to this proxy: another one may live in the same process. Meters without a scope
    /// are the process's own.
    /// </param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told of scrapes that fail.</param>
    /// <param name="otlp">Exports to OTLP too, with these settings above those of <c>OTEL_EXPORTER_OTLP_*</c>.</param>
    public MetricsPipeline(IReadOnlyCollection<object> scopes, TimeProvider time, ILogger logger, Action<OtlpExporterOptions>? otlp = null)
    {
        _scopes = scopes;
        var cumulative = new PrometheusExporter();
        var gauges = new PrometheusExporter();
        _providers =
        [
            Build([ProxyMeter.Name, .. PlatformMeters], View, cumulative, MetricReaderTemporalityPreference.Cumulative, otlp),
            Build([ProxyMeter.Name], GaugeView, gauges, MetricReaderTemporalityPreference.Delta, otlp),
        ];
        _endpoint = new PrometheusEndpoint([cumulative, gauges], time, logger);
    }

    /// <summary>Answers a scrape.</summary>
    public Task ScrapeAsync(HttpContext context) => _endpoint.ScrapeAsync(context);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // What OTLP has not got yet is sent now, and the providers wait for it.
        await Task.WhenAll(_providers.Select(provider => Task.Run(provider.Dispose)));
        _endpoint.Dispose();
    }

    private static MeterProvider Build(
        string[] meters, Func<Instrument, MetricStreamConfiguration?> view, PrometheusExporter exporter, MetricReaderTemporalityPreference temporality, Action<OtlpExporterOptions>? otlp)
    {
        var builder = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(TelemetryResource.Create())
            .SetExemplarFilter(ExemplarFilterType.TraceBased)
            .AddMeter(meters)
            .AddView(view)
            .AddReader(new BaseExportingMetricReader(exporter) { TemporalityPreference = temporality });
        if (otlp is not null)
        {
            builder.AddOtlpExporter((exporterOptions, readerOptions) =>
            {
                if (temporality == MetricReaderTemporalityPreference.Delta)
                    readerOptions.TemporalityPreference = temporality;
                otlp(exporterOptions);
            });
        }

        return builder.Build();
    }

    private static bool IsOwnGauge(Instrument instrument) => instrument.Meter.Name == ProxyMeter.Name && Is(instrument, typeof(ObservableGauge<>));

    private static bool Is(Instrument instrument, Type kind) => instrument.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == kind;

    private MetricStreamConfiguration? GaugeView(Instrument instrument) => IsOfThisProxy(instrument) && IsOwnGauge(instrument) ? null : MetricStreamConfiguration.Drop;

    private MetricStreamConfiguration? View(Instrument instrument)
    {
        if (!IsOfThisProxy(instrument) || IsOwnGauge(instrument) || Dropped.Contains(instrument.Name))
            return MetricStreamConfiguration.Drop;
        if (instrument.Meter.Name != ProxyMeter.Name)
            return null;
        if (instrument.Name == "parentproxy.requests")
            return new MetricStreamConfiguration { CardinalityLimit = MaxRequestSeries };
        return instrument.Unit == "s" && Is(instrument, typeof(Histogram<>))
            ? new ExplicitBucketHistogramConfiguration { Boundaries = LatencyBounds }
            : null;
    }

    private bool IsOfThisProxy(Instrument instrument) => instrument.Meter.Scope is not { } scope || _scopes.Contains(scope);
}
