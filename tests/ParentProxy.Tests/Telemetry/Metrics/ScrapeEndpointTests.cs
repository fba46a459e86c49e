using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using ParentProxy.Telemetry.Metrics;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Telemetry.Metrics;

/// <summary>What a scraper gets from the exporter as it is set up here.</summary>
public sealed class ScrapeEndpointTests : IAsyncDisposable
{
    private const string OpenMetrics = "application/openmetrics-text";

    private readonly Meter _meter = new(new MeterOptions(ProxyMeter.Name) { Scope = new object() });
    private readonly TestLog _log = new();
    private readonly MetricsPipeline _pipeline;
    private int _collections;

    public ScrapeEndpointTests()
    {
        _pipeline = new MetricsPipeline([_meter.Scope!], _log.CreateLogger("test"));
        _meter.CreateObservableGauge("collections", () => ++_collections);
    }

    public async ValueTask DisposeAsync()
    {
        await _pipeline.DisposeAsync();
        _meter.Dispose();
    }

    [Fact]
    public async Task Scrape_AsText_HasTypesUnitsAndLabels()
    {
        AddOneOfEach();

        Assert.Equal(
            """
            # TYPE some_bytes_total counter
            # HELP some_bytes_total How many.
            some_bytes_total{otel_scope_name="ParentProxy",code="200",enclave="a\"b"} 3
            # TYPE some_level gauge
            some_level{otel_scope_name="ParentProxy"} 0.25
            # TYPE some_wait_seconds histogram
            # HELP some_wait_seconds How long.
            some_wait_seconds_bucket{otel_scope_name="ParentProxy",le="0.001"} 0
            some_wait_seconds_bucket{otel_scope_name="ParentProxy",le="1"} 1
            some_wait_seconds_bucket{otel_scope_name="ParentProxy",le="900"} 2
            some_wait_seconds_bucket{otel_scope_name="ParentProxy",le="+Inf"} 2
            some_wait_seconds_sum{otel_scope_name="ParentProxy"} 31
            some_wait_seconds_count{otel_scope_name="ParentProxy"} 2
            """.ReplaceLineEndings("\n"),
            Some(await ScrapeAsync()));
    }

    [Fact]
    public async Task Scrape_AsOpenMetrics_HasUnitsAndTheTimesWhenSeriesBegan()
    {
        AddOneOfEach();

        var text = Some(await ScrapeAsync(OpenMetrics));

        Assert.Contains(
            "# TYPE some_bytes counter\n# UNIT some_bytes bytes\n# HELP some_bytes How many.\nsome_bytes_total{",
            text,
            StringComparison.Ordinal);
        Assert.Contains(
            "\nsome_bytes_created{otel_scope_name=\"ParentProxy\",code=\"200\",enclave=\"a\\\"b\"} 1", text, StringComparison.Ordinal);
        Assert.Contains("\nsome_wait_seconds_bucket{otel_scope_name=\"ParentProxy\",le=\"1.0\"} 1", text, StringComparison.Ordinal);
        Assert.EndsWith("\n# EOF\n", (await ScrapeAsync(OpenMetrics)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scrape_AsOpenMetrics_ShowsTheTracesThatAreRecorded()
    {
        var histogram = _meter.CreateHistogram<double>("some.wait", "s");
        using var recorded = new Activity("recorded") { ActivityTraceFlags = ActivityTraceFlags.Recorded }
            .SetIdFormat(ActivityIdFormat.W3C)
            .Start();
        histogram.Record(0.75);
        recorded.Stop();
        using var other = new Activity("not recorded").SetIdFormat(ActivityIdFormat.W3C).Start();
        histogram.Record(0.002);
        other.Stop();

        Assert.Matches(
            $"^some_wait_seconds_bucket\\{{otel_scope_name=\"ParentProxy\",le=\"1.0\"\\}} 2 # "
                + $"\\{{trace_id=\"{recorded.TraceId}\",span_id=\"{recorded.SpanId}\"\\}} 0.75 [0-9.]+$",
            Assert.Single(Some(await ScrapeAsync(OpenMetrics)).Split('\n'), line => line.Contains(" # {", StringComparison.Ordinal)));
        Assert.DoesNotContain("trace_id", (await ScrapeAsync()).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "text/plain; version=0.0.4; charset=utf-8")]
    [InlineData("*/*", "text/plain; version=0.0.4; charset=utf-8")]
    [InlineData("text/html", "text/plain; version=0.0.4; charset=utf-8")]
    [InlineData(
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores")]
    [InlineData(
        "text/plain;version=0.0.4;q=0.9,application/openmetrics-text;version=1.0.0;q=0.1", "text/plain; version=0.0.4; charset=utf-8")]
    public async Task Scrape_OfAccept_IsInTheFormatThatIsPreferred(string? accept, string type) =>
        Assert.Equal(type, (await ScrapeAsync(accept)).Context.Response.ContentType);

    [Theory]
    [InlineData("gzip", true)]
    [InlineData("br, GZIP;q=0.5", true)]
    [InlineData("gzip;q=0", false)]
    [InlineData("br", false)]
    public async Task Scrape_OfAcceptEncoding_IsCompressedWhereThatIsWanted(string accepted, bool compressed)
    {
        var context = Request(field => field.AcceptEncoding = accepted);
        using var body = new MemoryStream();
        context.Response.Body = body;
        await _pipeline.ScrapeAsync(context);

        Assert.Equal(compressed ? "gzip" : "", context.Response.Headers.ContentEncoding.ToString());
        body.Position = 0;
        using var reader = new StreamReader(compressed ? new GZipStream(body, CompressionMode.Decompress) : body);
        Assert.Contains("\ncollections{", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scrape_RightAfterAnother_IsCollectedAnew()
    {
        await ScrapeAsync();
        await ScrapeAsync();
        await ScrapeAsync(OpenMetrics);

        Assert.Equal(3, _collections);
    }

    /// <summary>What was counted after a collection began is in the answer to whoever asks after that.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData(OpenMetrics)]
    public async Task Scrape_DuringAnother_HasWhatWasCountedBeforeIt(string? accept)
    {
        using var hold = new ManualResetEventSlim();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var counted = 0L;
        _meter.CreateObservableCounter("requests", () => counted);
        _meter.CreateObservableGauge("slow", () =>
        {
            begun.TrySetResult();
            hold.Wait(TestDeadline.Value);
            return 1;
        });
        var first = Task.Run(() => ScrapeAsync());
        await begun.Task.WaitAsync(TestDeadline.Value);
        counted = 1;
        var others = Enumerable.Range(0, 10).Select(_ => ScrapeAsync(accept)).ToList();
        hold.Set();

        Assert.Contains(
            "\nrequests_total{otel_scope_name=\"ParentProxy\"} 0\n",
            (await first.WaitAsync(TestDeadline.Value)).Body,
            StringComparison.Ordinal);
        Assert.All(
            await Task.WhenAll(others).WaitAsync(TestDeadline.Value),
            scrape => Assert.Contains("\nrequests_total{otel_scope_name=\"ParentProxy\"} 1\n", scrape.Body, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Scrape_WhoseClientHasGone_LetsTheNextOneIn()
    {
        using var hold = new ManualResetEventSlim();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _meter.CreateObservableGauge("slow", () =>
        {
            begun.TrySetResult();
            hold.Wait(TestDeadline.Value);
            return 1;
        });
        var first = Task.Run(() => ScrapeAsync());
        await begun.Task.WaitAsync(TestDeadline.Value);
        using var gone = new CancellationTokenSource();
        var context = Request(_ => { });
        context.RequestAborted = gone.Token;
        var second = _pipeline.ScrapeAsync(context);
        await gone.CancelAsync();
        await second.WaitAsync(TestDeadline.Value);
        hold.Set();
        await first.WaitAsync(TestDeadline.Value);

        Assert.Equal(200, (await ScrapeAsync()).Context.Response.StatusCode);
        Assert.Empty(_log.AtLeast(LogLevel.Warning));
    }

    [Fact]
    public async Task Scrape_WhoseClientDoesNotRead_HoldsUpNoOther()
    {
        using var gone = new CancellationTokenSource();
        var context = Request(_ => { });
        context.RequestAborted = gone.Token;
        using var unread = new UnreadStream();
        context.Response.Body = unread;
        var stuck = _pipeline.ScrapeAsync(context);
        await unread.Written.Task.WaitAsync(TestDeadline.Value);

        Assert.Equal(200, (await ScrapeAsync().WaitAsync(TestDeadline.Value)).Context.Response.StatusCode);
        Assert.False(stuck.IsCompleted);

        await gone.CancelAsync();
        await stuck.WaitAsync(TestDeadline.Value);
        Assert.Empty(_log.AtLeast(LogLevel.Warning));
    }

    [Fact]
    public async Task Scrape_ThatTakesLongerThanTheScraperWaits_Is408()
    {
        using var hold = new ManualResetEventSlim();
        _meter.CreateObservableGauge("slow", () =>
        {
            hold.Wait(TestDeadline.Value);
            return 1;
        });
        var scrape = ScrapeAsync(prepare: fields => fields["X-Prometheus-Scrape-Timeout-Seconds"] = "0.001");

        Assert.Equal(408, (await scrape.WaitAsync(TestDeadline.Value)).Context.Response.StatusCode);
        hold.Set();
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1e9")]
    [InlineData("NaN")]
    [InlineData("soon")]
    public async Task Scrape_WithATimeoutThatIsNone_Is200(string timeout) =>
        Assert.Equal(
            200,
            (await ScrapeAsync(prepare: fields => fields["X-Prometheus-Scrape-Timeout-Seconds"] = timeout)).Context.Response.StatusCode);

    [Fact]
    public async Task Scrape_ThatFails_Is500AndLogged()
    {
        await _pipeline.DisposeAsync();
        using var provider = OpenTelemetry.Sdk.CreateMeterProviderBuilder().AddPrometheusExporter().Build();
        using var endpoint = new ScrapeEndpoint(provider, _log.CreateLogger("test"));
        provider.Dispose();
        var context = Request(_ => { });

        await endpoint.ScrapeAsync(context);

        Assert.Equal(500, context.Response.StatusCode);
        Assert.StartsWith(
            "A scrape failed: the metrics could not be collected. To see why, create OTEL_DIAGNOSTICS.json",
            Assert.Single(_log.AtLeast(LogLevel.Error)).Message);
    }

    [Fact]
    public async Task Scrape_CallbackThatFails_CostsOnlyItsOwnInstrument()
    {
        _meter.CreateObservableGauge("broken", Broken);
        _meter.CreateObservableGauge("whole", () => 1);

        var text = (await ScrapeAsync()).Body;

        Assert.DoesNotContain("broken", text, StringComparison.Ordinal);
        Assert.Contains("\nwhole{", text, StringComparison.Ordinal);

        static int Broken() => throw new InvalidOperationException("broken");
    }

    [Fact]
    public async Task Scrape_ThousandsOfSeries_IsWhole()
    {
        foreach (var name in (string[])["many.a", "many.b", "many.c"])
        {
            var counter = _meter.CreateCounter<long>(name);
            for (var i = 0; i < 900; i++)
                counter.Add(1, new KeyValuePair<string, object?>("i", i.ToString(CultureInfo.InvariantCulture) + new string('x', 500)));
        }

        Assert.Equal(2700, (await ScrapeAsync()).Body.Split('\n').Count(line => line.StartsWith("many_", StringComparison.Ordinal)));
    }

    private static DefaultHttpContext Request(Action<IHeaderDictionary> prepare)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "GET";
        prepare(context.Request.Headers);
        return context;
    }

    // Of the twenty buckets three.
    private static string Some((HttpContext Context, string Body) scrape) => string.Join('\n', scrape.Body.Split('\n')
        .Where(line => line.Contains("some_", StringComparison.Ordinal))
        .Where(line => !line.Contains("le=", StringComparison.Ordinal)
            || line.Split("le=\"")[1].Split('"')[0] is "0.001" or "1" or "1.0" or "900" or "+Inf"));

    private void AddOneOfEach()
    {
        var counter = _meter.CreateCounter<long>("some.bytes", "By", "How many.");
        counter.Add(1, new KeyValuePair<string, object?>("enclave", "a\"b"), new KeyValuePair<string, object?>("code", 200));
        counter.Add(2, new KeyValuePair<string, object?>("enclave", "a\"b"), new KeyValuePair<string, object?>("code", 200));
        _meter.CreateObservableGauge("some.level", () => 0.25);
        var histogram = _meter.CreateHistogram<double>("some.wait", "s", "How long.");
        histogram.Record(1);
        histogram.Record(30);
    }

    private async Task<(HttpContext Context, string Body)> ScrapeAsync(string? accept = null, Action<IHeaderDictionary>? prepare = null)
    {
        var context = Request(fields =>
        {
            if (accept is not null)
                fields.Accept = accept;
            prepare?.Invoke(fields);
        });
        using var body = new MemoryStream();
        context.Response.Body = body;
        await _pipeline.ScrapeAsync(context);
        return (context, Encoding.UTF8.GetString(body.ToArray()));
    }

    /// <summary>What is written to it is taken by nobody.</summary>
    private sealed class UnreadStream : Stream
    {
        public TaskCompletionSource Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Written.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
