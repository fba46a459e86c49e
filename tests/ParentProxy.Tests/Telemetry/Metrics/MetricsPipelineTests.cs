using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using OpenTelemetry.Exporter;
using ParentProxy.Telemetry.Metrics;

namespace ParentProxy.Tests.Telemetry.Metrics;

public sealed class MetricsPipelineTests
{
    [Fact]
    public async Task Scrape_ShowsThisProxyAndTheProcess_NoOtherProxy()
    {
        using var mine = OwnMeter();
        using var other = OwnMeter();
        await using var pipeline = Pipeline(mine);
        mine.CreateCounter<long>("parentproxy.mine").Add(1);
        mine.CreateObservableGauge("parentproxy.my_gauge", () => 1);
        other.CreateCounter<long>("parentproxy.mine").Add(10);
        other.CreateCounter<long>("parentproxy.theirs").Add(1);
        other.CreateObservableGauge("parentproxy.their_gauge", () => 1);

        var text = await ScrapeAsync(pipeline);

        Assert.Contains("\nparentproxy_mine_total{otel_scope_name=\"ParentProxy\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("\nparentproxy_my_gauge{otel_scope_name=\"ParentProxy\"} 1\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("their", text, StringComparison.Ordinal);
        Assert.Contains("\ndotnet_gc_collections_total{", text, StringComparison.Ordinal);
        Assert.Contains(
            "\ntarget_info{service_name=\"parent-proxy\",service_version=\"0.1.0\",service_instance_id=\"",
            text,
            StringComparison.Ordinal);
        foreach (var dropped in (string[])[
            "dotnet_process_cpu_count", "dotnet_assembly_count", "dotnet_timer_count", "dotnet_thread_pool_thread_count"])
            Assert.DoesNotContain(dropped, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scrape_WhatIsNoLongerReported_IsGone()
    {
        using var meter = OwnMeter();
        await using var pipeline = Pipeline(meter);
        string[] ids = ["0", "1"];
        meter.CreateObservableGauge("parentproxy.up", () => ids.Select(id => Of(1, id)));
        meter.CreateObservableGauge("parentproxy.share", () => ids.Select(id => Of(0.5, id)));
        meter.CreateObservableCounter("parentproxy.seen", () => ids.Select(id => Of(1L, id)));
        Assert.Equal(6, Samples(await ScrapeAsync(pipeline, openMetrics: false)).Length);

        ids = ["0"];

        // The other format, which is collected at once.
        Assert.Equal(
            ["parentproxy_seen_total 0", "parentproxy_share 0", "parentproxy_up 0"],
            Samples(await ScrapeAsync(pipeline, openMetrics: true)).Order(StringComparer.Ordinal));

        static Measurement<T> Of<T>(T value, string id) where T : struct => new(value, new KeyValuePair<string, object?>("enclave", id));

        static string[] Samples(string text) => [.. text.Split('\n')
            .Where(line => line.StartsWith("parentproxy_", StringComparison.Ordinal)
                && !line.Contains("_created{", StringComparison.Ordinal))
            .Select(line => $"{line[..line.IndexOf('{', StringComparison.Ordinal)]} {line.Split('"')[3]}")];
    }

    [Fact]
    public async Task Scrape_LatenciesOfOurs_HaveBucketsFromAMillisecondTo15Minutes()
    {
        using var meter = OwnMeter();
        await using var pipeline = Pipeline(meter);
        meter.CreateHistogram<double>("parentproxy.wait", "s").Record(0.2);

        var bounds = (await ScrapeAsync(pipeline))
            .Split('\n')
            .Where(line => line.StartsWith("parentproxy_wait_seconds_bucket", StringComparison.Ordinal))
            .Select(line => line.Split('"')[3]);

        Assert.Equal("0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 30 60 300 900 +Inf", string.Join(' ', bounds));
    }

    [Fact]
    public async Task Scrape_Requests_HaveRoomForManyEnclavesAndCodes()
    {
        using var meter = OwnMeter();
        await using var pipeline = Pipeline(meter);
        meter.CreateObservableCounter("parentproxy.requests", () => Enumerable.Range(0, 5000).Select(
            i => new Measurement<long>(1, new KeyValuePair<string, object?>("i", i.ToString(CultureInfo.InvariantCulture)))));

        var text = await ScrapeAsync(pipeline);

        Assert.Equal(5000, text.Split('\n').Count(line => line.StartsWith("parentproxy_requests_total{", StringComparison.Ordinal)));
        Assert.DoesNotContain("otel_metric_overflow", text, StringComparison.Ordinal);
    }

    // Room for more is what makes each of the arrays a large object, and all of them 12 MB.
    [Fact]
    public async Task Scrape_AnyOtherMetric_HasRoomFor1000Series()
    {
        using var meter = OwnMeter();
        await using var pipeline = Pipeline(meter);
        meter.CreateObservableGauge("parentproxy.exact", () => Series(1000));
        meter.CreateObservableGauge("parentproxy.more", () => Series(1001));

        var text = await ScrapeAsync(pipeline);

        Assert.Equal(1000, text.Split('\n').Count(line => line.StartsWith("parentproxy_exact{", StringComparison.Ordinal)));
        Assert.Equal("parentproxy_more", Assert.Single(
            text.Split('\n'), line => line.Contains("otel_metric_overflow", StringComparison.Ordinal)).Split('{')[0]);

        static IEnumerable<Measurement<long>> Series(int count) => Enumerable.Range(0, count).Select(
            i => new Measurement<long>(1, new KeyValuePair<string, object?>("i", i.ToString(CultureInfo.InvariantCulture))));
    }

    [Fact]
    public async Task Dispose_WithOtlp_SendsWhatIsLeft()
    {
        await using var collector = await Collector.StartAsync();
        using var meter = OwnMeter();
        var pipeline = Pipeline(meter, otlp =>
        {
            otlp.Protocol = OtlpExportProtocol.HttpProtobuf;
            otlp.Endpoint = collector.Uri;
        });
        meter.CreateCounter<long>("parentproxy.sent").Add(1);
        meter.CreateObservableGauge("parentproxy.level", () => 1);

        await pipeline.DisposeAsync();

        var received = string.Join('\n', collector.Received);
        Assert.Contains("parentproxy.sent", received, StringComparison.Ordinal);
        Assert.Contains("parentproxy.level", received, StringComparison.Ordinal);
        Assert.Contains("parent-proxy", received, StringComparison.Ordinal);
    }

    private static Meter OwnMeter() => new(new MeterOptions(ProxyMeter.Name) { Scope = new object() });

    private static MetricsPipeline Pipeline(Meter meter, Action<OtlpExporterOptions>? otlp = null) =>
        new([meter.Scope!], NullLogger.Instance, otlp);

    private static async Task<string> ScrapeAsync(MetricsPipeline pipeline, bool openMetrics = false)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "GET";
        context.Request.Headers.Accept = openMetrics ? "application/openmetrics-text" : "text/plain";
        using var body = new MemoryStream();
        context.Response.Body = body;
        await pipeline.ScrapeAsync(context);
        Assert.Equal(200, context.Response.StatusCode);
        return Encoding.UTF8.GetString(body.ToArray());
    }

    /// <summary>Takes what is exported; names stand in protobuf as they are.</summary>
    private sealed class Collector(WebApplication app, ConcurrentQueue<string> received) : IAsyncDisposable
    {
        public Uri Uri => new(new Uri(app.Urls.First()), "/v1/metrics");

        public IEnumerable<string> Received => received;

        public static async Task<Collector> StartAsync()
        {
            var received = new ConcurrentQueue<string>();
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            app.Run(async context =>
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body);
                received.Enqueue(Encoding.Latin1.GetString(body.ToArray()));
                context.Response.ContentType = "application/x-protobuf";
            });
            await app.StartAsync();
            return new Collector(app, received);
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
