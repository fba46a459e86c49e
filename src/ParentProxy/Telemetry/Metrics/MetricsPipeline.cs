using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace ParentProxy.Telemetry.Metrics;

/// <summary>
/// The way of the metrics from the instruments, ours and the platform's, to <c>/metrics</c> and to OTLP.
/// </summary>
/// <remarks>
/// The provider is made by hand and not by OpenTelemetry.Extensions.Hosting: the program has several hosts, one for each
/// kind of listener, and it outlives all of them.
/// </remarks>
internal sealed class MetricsPipeline : IAsyncDisposable
{
    private static readonly string[] PlatformMeters =
    [
        "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Server.Kestrel",
        "System.Net.Http",
        "System.Net.NameResolution",
        "System.Runtime",
    ];

    /// <summary>promtool finds fault with their names.</summary>
    private static readonly HashSet<string> Dropped =
        ["dotnet.process.cpu.count", "dotnet.assembly.count", "dotnet.timer.count", "dotnet.thread_pool.thread.count"];

    /// <summary>In seconds: from a request on a warm connection to the end of <c>Timeouts:ResponseHead</c>.</summary>
    private static readonly double[] LatencyBounds =
        [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];

    private readonly IReadOnlyCollection<object> _scopes;
    private readonly MeterProvider _provider;
    private readonly ScrapeEndpoint _endpoint;

    /// <summary>Starts to listen to the instruments, those of later too.</summary>
    /// <param name="scopes">
    /// The scopes of the meters that belong to this proxy: another one may live in the same process. Meters without a scope
    /// are the process's own.
    /// </param>
    /// <param name="logger">Told of scrapes that fail.</param>
    /// <param name="otlp">Exports to OTLP too, with these settings above those of <c>OTEL_EXPORTER_OTLP_*</c>.</param>
    /// <param name="readsEnvironment">
    /// Whether <c>OTEL_*</c> variables are for this program; in an enclave they are the application's.
    /// </param>
    public MetricsPipeline(
        IReadOnlyCollection<object> scopes, ILogger logger, Action<OtlpExporterOptions>? otlp = null, bool readsEnvironment = true)
    {
        _scopes = scopes;
        var builder = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(TelemetryResource.Create(readsEnvironment))
            .SetExemplarFilter(ExemplarFilterType.TraceBased)
            .AddMeter([ProxyMeter.Name, .. PlatformMeters])
            .AddView(View)

            // A client that has its response must find the request counted, however soon after another scrape it asks.
            .AddPrometheusExporter(exporter => exporter.ScrapeResponseCacheDurationMilliseconds = 0);
        if (!readsEnvironment)
            builder.ConfigureServices(services => services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build()));
        if (otlp is not null)
            builder.AddOtlpExporter(otlp);
        _provider = builder.Build();
        _endpoint = new ScrapeEndpoint(_provider, logger);
    }

    /// <summary>Answers a scrape, a GET or HEAD request.</summary>
    public Task ScrapeAsync(HttpContext context) => _endpoint.ScrapeAsync(context);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // What OTLP has not got yet is sent now, and the provider waits for it.
        await Task.Run(_provider.Dispose);
        _endpoint.Dispose();
    }

    private static bool Is(Instrument instrument, Type kind) =>
        instrument.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == kind;

    private MetricStreamConfiguration View(Instrument instrument)
    {
        if (!IsOfThisProxy(instrument) || Dropped.Contains(instrument.Name))
            return MetricStreamConfiguration.Drop;
        var limit = SeriesLimits.Of(instrument);
        return instrument.Meter.Name == ProxyMeter.Name && instrument.Unit == "s" && Is(instrument, typeof(Histogram<>))
            ? new ExplicitBucketHistogramConfiguration { Boundaries = LatencyBounds, CardinalityLimit = limit }
            : new MetricStreamConfiguration { CardinalityLimit = limit };
    }

    private bool IsOfThisProxy(Instrument instrument) => instrument.Meter.Scope is not { } scope || _scopes.Contains(scope);
}
