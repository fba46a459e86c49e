using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ParentProxy.Telemetry.Prometheus;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Telemetry.Prometheus;

public sealed class PrometheusEndpointTests : IDisposable
{
    private readonly ScrapedMeter _scraped = new();
    private readonly ManualTimeProvider _time = new();
    private readonly TestLog _log = new();
    private readonly PrometheusEndpoint _endpoint;
    private int _collections;

    public PrometheusEndpointTests()
    {
        _endpoint = new PrometheusEndpoint([_scraped.Cumulative, _scraped.Gauges], _time, _log.CreateLogger("test"));
        _scraped.Meter.CreateObservableGauge("collections", () => ++_collections);
    }

    public void Dispose()
    {
        _endpoint.Dispose();
        _scraped.Dispose();
    }

    [Fact]
    public async Task Scrape_RightAfterAnother_IsCollectedAnew()
    {
        await ScrapeAsync();
        await ScrapeAsync();

        Assert.Equal(2, _collections);
    }

    [Fact]
    public async Task Scrape_InTheOtherFormat_IsACollectionOfItsOwn()
    {
        Assert.StartsWith("text/plain; version=0.0.4", (await ScrapeAsync()).Context.Response.ContentType, StringComparison.Ordinal);
        var (context, body) = await ScrapeAsync(request => request.Headers.Accept = "application/openmetrics-text");

        Assert.StartsWith("application/openmetrics-text; version=1.0.0", context.Response.ContentType, StringComparison.Ordinal);
        Assert.EndsWith("# EOF\n", body, StringComparison.Ordinal);
        Assert.Equal(2, _collections);
    }

    [Fact]
    public async Task Scrape_ManyDuringOne_ShareTheNextCollection()
    {
        using var begun = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        _scraped.Meter.CreateObservableGauge("slow", () =>
        {
            begun.Set();
            goOn.Wait(TestDeadline.Value);
            return 1;
        });
        var first = Task.Run(() => ScrapeAsync());
        Assert.True(begun.Wait(TestDeadline.Value));
        var others = Enumerable.Range(0, 50).Select(_ => ScrapeAsync()).ToList();
        goOn.Set();
        await first;

        Assert.Single((await Task.WhenAll(others)).Select(scrape => scrape.Body).Distinct());
        Assert.Equal(2, _collections);
    }

    [Fact]
    public async Task Scrape_ThatFails_Is500AndLogged()
    {
        using var ended = new ScrapedMeter(started: false);
        using var endpoint = new PrometheusEndpoint([ended.Cumulative], _time, _log.CreateLogger("test"));
        var context = new DefaultHttpContext();

        await endpoint.ScrapeAsync(context);

        Assert.Equal(500, context.Response.StatusCode);
        Assert.Contains("ended", Assert.Single(_log.AtLeast(LogLevel.Error)).Exception!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scrape_WithoutTimeLeft_Is408()
    {
        // The one before holds the collection up.
        using var hold = new ManualResetEventSlim();
        var entered = new TaskCompletionSource();
        _scraped.Meter.CreateObservableCounter("slow", () =>
        {
            entered.TrySetResult();
            hold.Wait(TestDeadline.Value);
            return 1L;
        });
        var first = Task.Run(() => ScrapeAsync());
        await entered.Task.WaitAsync(TestDeadline.Value);
        var second = ScrapeAsync(request => request.Headers["X-Prometheus-Scrape-Timeout-Seconds"] = "2.5");
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(2.5));
        _time.Advance(TimeSpan.FromSeconds(2.5));

        Assert.Equal(408, (await second.WaitAsync(TestDeadline.Value)).Context.Response.StatusCode);
        hold.Set();
        Assert.Equal(200, (await first.WaitAsync(TestDeadline.Value)).Context.Response.StatusCode);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1e9")]
    [InlineData("NaN")]
    [InlineData("soon")]
    public async Task Scrape_WithATimeoutThatIsNone_Is200(string timeout) =>
        Assert.Equal(200, (await ScrapeAsync(request => request.Headers["X-Prometheus-Scrape-Timeout-Seconds"] = timeout)).Context.Response.StatusCode);

    [Fact]
    public async Task Scrape_NamesOfTwoTypes_AreToldOnce()
    {
        _scraped.Meter.CreateCounter<long>("shared").Add(1);
        _scraped.Other.CreateGauge<long>("shared_total").Record(2);

        await ScrapeAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        await ScrapeAsync();

        Assert.Contains("shared_total", Assert.Single(_log.AtLeast(LogLevel.Warning)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scrape_ThousandsOfSeries_IsWhole()
    {
        var counter = _scraped.Meter.CreateCounter<long>("many");
        for (var i = 0; i < 1900; i++)
            counter.Add(1, new KeyValuePair<string, object?>("i", i.ToString(CultureInfo.InvariantCulture) + new string('x', 500)));

        var (context, body) = await ScrapeAsync();

        Assert.Equal(1900, body.Split('\n').Count(line => line.StartsWith("many_total{", StringComparison.Ordinal)));
        Assert.Equal(context.Response.ContentLength, Encoding.UTF8.GetByteCount(body));
    }

    private async Task<(HttpContext Context, string Body)> ScrapeAsync(Action<HttpRequest>? prepare = null)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "GET";
        using var body = new MemoryStream();
        context.Response.Body = body;
        prepare?.Invoke(context.Request);
        await _endpoint.ScrapeAsync(context);
        return (context, Encoding.UTF8.GetString(body.ToArray()));
    }
}
