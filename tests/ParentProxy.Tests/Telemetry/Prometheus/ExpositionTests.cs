using System.Diagnostics;
using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;
using ParentProxy.Telemetry.Prometheus;

namespace ParentProxy.Tests.Telemetry.Prometheus;

public sealed class ExpositionTests
{
    [Fact]
    public void Scrape_Counter_IsATotal()
    {
        using var scraped = new ScrapedMeter();
        var counter = scraped.Meter.CreateCounter<long>("some.requests", "{request}", "How many.");
        counter.Add(2, new KeyValuePair<string, object?>("http.method", "GET"), new KeyValuePair<string, object?>("code", 200));
        counter.Add(1, new KeyValuePair<string, object?>("http.method", "GET"), new KeyValuePair<string, object?>("code", 200));

        Assert.Equal(
            """
            # TYPE some_requests_total counter
            # HELP some_requests_total How many.
            some_requests_total{otel_scope_name="M",code="200",http_method="GET"} 3

            """.ReplaceLineEndings("\n"),
            scraped.Scrape());
    }

    [Fact]
    public void Scrape_CounterAsOpenMetrics_HasAFamilyWithoutTotalAndWhenItBegan()
    {
        using var scraped = new ScrapedMeter();
        scraped.Meter.CreateCounter<double>("work.time", "s", "Time \"well\" spent.").Add(1.5);

        var lines = scraped.Scrape(ExpositionFormat.OpenMetrics).Split('\n');

        Assert.Equal(
            [
                "# TYPE work_time_seconds counter",
                "# UNIT work_time_seconds seconds",
                "# HELP work_time_seconds Time \\\"well\\\" spent.",
                "work_time_seconds_total{otel_scope_name=\"M\"} 1.5",
            ],
            lines[..4]);
        Assert.Matches("^work_time_seconds_created\\{otel_scope_name=\"M\"\\} [0-9.]+$", lines[4]);
        Assert.Equal(["# EOF", ""], lines[5..]);
    }

    [Fact]
    public void Scrape_UpDownCounterAndGauge_AreGauges()
    {
        using var scraped = new ScrapedMeter();
        var open = scraped.Meter.CreateUpDownCounter<int>("open");
        open.Add(5);
        open.Add(-2);
        scraped.Meter.CreateGauge<double>("level").Record(0.25);

        Assert.Equal(["# TYPE level gauge", "level{otel_scope_name=\"M\"} 0.25", "# TYPE open gauge", "open{otel_scope_name=\"M\"} 3", ""], scraped.Scrape().Split('\n'));
    }

    [Fact]
    public void Scrape_Histogram_IsCumulative()
    {
        using var scraped = new ScrapedMeter(_ => new ExplicitBucketHistogramConfiguration { Boundaries = [0.5, 1, 1000000] });
        var histogram = scraped.Meter.CreateHistogram<double>("wait", "s");
        foreach (var value in (double[])[0.25, 0.75, 1, 5])
            histogram.Record(value, new KeyValuePair<string, object?>("enclave", "0"));

        Assert.Equal(
            [
                "wait_seconds_bucket{enclave=\"0\",le=\"0.5\"} 1",
                "wait_seconds_bucket{enclave=\"0\",le=\"1\"} 3",
                "wait_seconds_bucket{enclave=\"0\",le=\"1000000\"} 4",
                "wait_seconds_bucket{enclave=\"0\",le=\"+Inf\"} 4",
                "wait_seconds_sum{enclave=\"0\"} 7",
                "wait_seconds_count{enclave=\"0\"} 4",
            ],
            scraped.Samples());
        Assert.Equal(["0.5", "1.0", "1e+06", "+Inf"], scraped.Samples(ExpositionFormat.OpenMetrics).Where(line => line.Contains("le=", StringComparison.Ordinal)).Select(line => line.Split('"')[3]));
    }

    [Fact]
    public void Scrape_HistogramWithoutBoundaries_HasTheLastBucket()
    {
        using var scraped = new ScrapedMeter(_ => new ExplicitBucketHistogramConfiguration { Boundaries = [] });
        scraped.Meter.CreateHistogram<double>("wait").Record(3);

        Assert.Equal(["wait_bucket{le=\"+Inf\"} 1", "wait_sum{} 3", "wait_count{} 1"], scraped.Samples());
    }

    [Fact]
    public void Scrape_HistogramBelowZero_HasNoSumInOpenMetrics()
    {
        using var scraped = new ScrapedMeter(_ => new ExplicitBucketHistogramConfiguration { Boundaries = [-1, 1] });
        scraped.Meter.CreateHistogram<double>("change").Record(-3);

        Assert.Contains("change_sum{} -3", scraped.Samples());
        Assert.DoesNotContain(scraped.Samples(ExpositionFormat.OpenMetrics), line => line.StartsWith("change_sum", StringComparison.Ordinal) || line.StartsWith("change_count", StringComparison.Ordinal));
    }

    [Fact]
    public void Scrape_ExponentialHistogram_IsLeftOut()
    {
        using var scraped = new ScrapedMeter(_ => new Base2ExponentialBucketHistogramConfiguration());
        scraped.Meter.CreateHistogram<double>("wait").Record(3);

        Assert.Equal("", scraped.Scrape());
    }

    [Fact]
    public void Scrape_TagCalledLe_GivesWayToTheBuckets()
    {
        using var scraped = new ScrapedMeter();
        scraped.Meter.CreateHistogram<double>("wait").Record(3, new KeyValuePair<string, object?>("le", "x"));
        scraped.Meter.CreateCounter<long>("c").Add(1, new KeyValuePair<string, object?>("le", "x"));

        Assert.Contains("wait_count{} 1", scraped.Samples());
        Assert.Contains("c_total{le=\"x\"} 1", scraped.Samples());
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a\\b\"c\nd", "a\\\\b\\\"c\\nd")]
    [InlineData("größe 😀", "größe 😀")]
    [InlineData('\ud800', "\ufffd")]
    [InlineData("", "")]
    [InlineData(null, "")]
    [InlineData(true, "true")]
    [InlineData(-5, "-5")]
    [InlineData(5L, "5")]
    [InlineData(0.5, "0.5")]
    [InlineData(2.0, "2.0")]
    [InlineData('"', "\\\"")]
    public void Scrape_LabelValue_IsEscaped(object? value, string text)
    {
        using var scraped = new ScrapedMeter();
        scraped.Meter.CreateCounter<long>("c").Add(1, new KeyValuePair<string, object?>("k", value));

        Assert.Equal([$"c_total{{k=\"{text}\"}} 1"], scraped.Samples());
    }

    [Theory]
    [InlineData("http.request-method", "http_request_method")]
    [InlineData("2xx", "_2xx")]
    [InlineData("a:b", "a_b")]
    [InlineData("a__b", "a_b")]
    public void Scrape_LabelName_HoldsOnlyWhatItMay(string name, string label)
    {
        using var scraped = new ScrapedMeter();
        scraped.Meter.CreateCounter<long>("c").Add(1, new KeyValuePair<string, object?>(name, "v"));

        Assert.Equal([$"c_total{{{label}=\"v\"}} 1"], scraped.Samples());
    }

    [Fact]
    public void Scrape_LabelsThatBecomeOne_AreMerged()
    {
        using var scraped = new ScrapedMeter();
        scraped.Meter.CreateCounter<long>("c").Add(1, new KeyValuePair<string, object?>("a_b", 2), new KeyValuePair<string, object?>("z", "z"), new KeyValuePair<string, object?>("a.b", "1"));

        Assert.Equal(["c_total{a_b=\"1;2\",z=\"z\"} 1"], scraped.Samples());
    }

    [Fact]
    public void Scrape_Scope_IsInTheLabels()
    {
        using var scraped = new ScrapedMeter();
        scraped.Other.CreateCounter<long>("c").Add(1);

        Assert.Equal(["c_total{otel_scope_name=\"Mb\",otel_scope_version=\"2.0\",otel_scope_schema_url=\"https://schema.test/1\",otel_scope_part_name=\"x\"} 1"], scraped.Samples());
    }

    [Theory]
    [InlineData(false, "# TYPE target_info gauge\n# HELP target_info Target metadata\ntarget_info{service_name=\"te\\\"st\",cores=\"2\"} 1\n")]
    [InlineData(true, "# TYPE target info\n# HELP target Target metadata\ntarget_info{service_name=\"te\\\"st\",cores=\"2\"} 1\n# EOF\n")]
    public void Scrape_Resource_IsTheTarget(bool openMetrics, string text)
    {
        using var scraped = new ScrapedMeter(resource: [new("service.name", "te\"st"), new("cores", 2L)]);

        Assert.Equal(text, scraped.ScrapeWhole(openMetrics ? ExpositionFormat.OpenMetrics : ExpositionFormat.Text));
    }

    [Theory]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(1e300, "1E+300")]
    [InlineData(0.1, "0.1")]
    [InlineData(-0.0, "-0")]
    [InlineData(double.Epsilon, "5E-324")]
    public void Scrape_Value_ReadsBackAsTheSame(double value, string text)
    {
        using var scraped = new ScrapedMeter();
        scraped.Meter.CreateGauge<double>("g").Record(value);

        Assert.Equal([$"g{{}} {text}"], scraped.Samples());
    }

    [Fact]
    public void Scrape_LargeLong_KeepsItsDigits()
    {
        using var scraped = new ScrapedMeter();
        scraped.Meter.CreateCounter<long>("c").Add(long.MaxValue);

        Assert.Equal(["c_total{} 9223372036854775807"], scraped.Samples());
    }

    [Fact]
    public void Scrape_Help_IsOneLine()
    {
        using var scraped = new ScrapedMeter();
        scraped.Meter.CreateGauge<int>("g", description: "one\ntwo \\ \"three\"").Record(1);

        Assert.Contains("# HELP g one\\ntwo \\\\ \"three\"\n", scraped.Scrape(), StringComparison.Ordinal);
    }

    [Fact]
    public void Scrape_OneNameInTwoMeters_IsOneFamily()
    {
        using var scraped = new ScrapedMeter();
        scraped.Meter.CreateCounter<long>("shared").Add(1);
        scraped.Meter.CreateCounter<long>("between").Add(1);
        scraped.Other.CreateCounter<long>("shared", null, "Told once.").Add(2);

        var lines = scraped.Scrape().Split('\n');

        Assert.Equal(["# TYPE shared_total counter", "# HELP shared_total Told once."], lines[2..4]);
        Assert.StartsWith("shared_total{otel_scope_name=\"M\"} 1", lines[4], StringComparison.Ordinal);
        Assert.StartsWith("shared_total{otel_scope_name=\"Mb\"", lines[5], StringComparison.Ordinal);
        Assert.Equal("", Assert.Single(lines[6..]));
    }

    [Fact]
    public void Scrape_OneNameOfTwoTypes_IsLeftOutAndTold()
    {
        using var scraped = new ScrapedMeter();
        scraped.Meter.CreateCounter<long>("shared").Add(1);
        scraped.Other.CreateGauge<long>("shared_total").Record(2);
        scraped.Other.CreateGauge<long>("fine").Record(3);

        var text = scraped.Scrape();

        Assert.DoesNotContain("shared", text, StringComparison.Ordinal);
        Assert.Contains("fine", text, StringComparison.Ordinal);
        Assert.Equal(["shared_total"], scraped.Conflicts);
    }

    [Fact]
    public void Scrape_Families_AreSortedOverAllProviders()
    {
        using var scraped = new ScrapedMeter();
        scraped.Meter.CreateCounter<long>("b").Add(1);
        scraped.Meter.CreateObservableGauge("a", () => 1);
        scraped.Meter.CreateObservableGauge("c", () => 1);

        Assert.Equal(["a{} 1", "b_total{} 1", "c{} 1"], scraped.Samples());
    }

    [Fact]
    public void Scrape_GaugeThatIsNoLongerReported_IsGone()
    {
        using var scraped = new ScrapedMeter();
        string[] enclaves = ["0", "1"];
        scraped.Meter.CreateObservableGauge("up", () => enclaves.Select(id => new Measurement<int>(1, new KeyValuePair<string, object?>("enclave", id))));

        Assert.Equal(["up{enclave=\"0\"} 1", "up{enclave=\"1\"} 1"], scraped.Samples().Order());
        enclaves = ["1", "2"];
        Assert.Equal(["up{enclave=\"1\"} 1", "up{enclave=\"2\"} 1"], scraped.Samples().Order());
        enclaves = [];
        Assert.Empty(scraped.Samples());
        enclaves = ["0"];
        Assert.Equal(["up{enclave=\"0\"} 1"], scraped.Samples());
    }

    [Fact]
    public void Scrape_CallbackThatFails_CostsOnlyItsOwnInstrument()
    {
        using var scraped = new ScrapedMeter();
        scraped.Meter.CreateObservableCounter("bad", long () => throw new InvalidOperationException("no"));
        scraped.Meter.CreateCounter<long>("good").Add(1);

        Assert.Equal(["good_total{} 1"], scraped.Samples());
    }

    [Fact]
    public void Scrape_Exemplars_AreInOpenMetricsWhereTheirValueBelongs()
    {
        using var scraped = new ScrapedMeter(instrument => instrument is Histogram<double> ? new ExplicitBucketHistogramConfiguration { Boundaries = [0.5, 1] } : null);
        var histogram = scraped.Meter.CreateHistogram<double>("wait");
        var counter = scraped.Meter.CreateCounter<long>("c");
        string traced;
        histogram.Record(0.1);
        using (var activity = new Activity("request") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start())
        {
            histogram.Record(0.75);
            counter.Add(7);
            traced = $"# {{trace_id=\"{activity.TraceId.ToHexString()}\",span_id=\"{activity.SpanId.ToHexString()}\"}}";
        }

        var lines = scraped.Samples(ExpositionFormat.OpenMetrics);

        Assert.StartsWith($"c_total{{}} 7 {traced} 7 1", lines[0], StringComparison.Ordinal);
        Assert.Equal("wait_bucket{le=\"0.5\"} 1", lines[2]);
        Assert.StartsWith($"wait_bucket{{le=\"1.0\"}} 2 {traced} 0.75 1", lines[3], StringComparison.Ordinal);
        Assert.Equal("wait_bucket{le=\"+Inf\"} 2", lines[4]);
        Assert.DoesNotContain(scraped.Samples(), line => line.Contains('#', StringComparison.Ordinal));
    }

    [Fact]
    public void Scrape_SpanThatIsNotRecorded_IsNoExemplar()
    {
        using var scraped = new ScrapedMeter();
        using (new Activity("request").Start())
            scraped.Meter.CreateCounter<long>("c").Add(1);

        Assert.DoesNotContain(scraped.Samples(ExpositionFormat.OpenMetrics), line => line.Contains("trace_id", StringComparison.Ordinal));
    }

    [Fact]
    public void Scrape_AfterTheProviderEnded_Fails()
    {
        using var scraped = new ScrapedMeter(started: false);

        Assert.Throws<InvalidOperationException>(() => scraped.Scrape());
    }
}
