using System.Globalization;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ParentProxy.Telemetry.Prometheus;

/// <summary>Answers scrapes.</summary>
internal sealed class PrometheusEndpoint : IDisposable
{
    private const string TimeoutField = "X-Prometheus-Scrape-Timeout-Seconds";
    private const double LongestTimeout = 3600;

    private readonly PrometheusCollector _collector;
    private readonly HashSet<string> _conflicts = [];
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>An endpoint for the metrics of one provider or several, whose families stand together in one exposition.</summary>
    public PrometheusEndpoint(IReadOnlyList<PrometheusExporter> exporters, TimeProvider time, ILogger logger)
    {
        _time = time;
        _logger = logger;
        _collector = new PrometheusCollector(exporters, ReportConflict);
    }

    /// <summary>Answers a GET or HEAD request: 200, 408 when the scraper has no more time, 500 when the collection failed.</summary>
    public async Task ScrapeAsync(HttpContext context)
    {
        var response = context.Response;
        using var patience = new CancellationTokenSource(TimeoutOf(context.Request), _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, patience.Token);
        var format = ExpositionNegotiation.Format(context.Request);
        Exposition exposition;
        try
        {
            exposition = await _collector.CollectAsync(format, linked.Token);
        }
        catch (OperationCanceledException)
        {
            response.StatusCode = StatusCodes.Status408RequestTimeout;
            return;
        }
        catch (Exception ex)
        {
            PrometheusLog.ScrapeFailed(_logger, ex);
            response.StatusCode = StatusCodes.Status500InternalServerError;
            return;
        }

        try
        {
            response.ContentType = ExpositionNegotiation.ContentType(format);
            response.Headers.Vary = "Accept, Accept-Encoding";
            if (ExpositionNegotiation.AcceptsGzip(context.Request))
                await WriteCompressedAsync(context, exposition.Text);
            else
                await WriteAsync(context, exposition.Text);
        }
        finally
        {
            exposition.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _collector.Dispose();

    private static async Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> text)
    {
        context.Response.ContentLength = text.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(text, context.RequestAborted);
    }

    private static async Task WriteCompressedAsync(HttpContext context, ReadOnlyMemory<byte> text)
    {
        context.Response.Headers.ContentEncoding = "gzip";
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        await using var gzip = new GZipStream(context.Response.Body, CompressionLevel.Fastest, leaveOpen: true);
        await gzip.WriteAsync(text, context.RequestAborted);
    }

    private static TimeSpan TimeoutOf(HttpRequest request) =>
        double.TryParse(request.Headers[TimeoutField], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0.001 and <= LongestTimeout
            ? TimeSpan.FromSeconds(seconds)
            : Timeout.InfiniteTimeSpan;

    // Once for each: a scrape comes every few seconds.
    private void ReportConflict(string family)
    {
        if (_conflicts.Add(family))
            PrometheusLog.FamilyLeftOut(_logger, family);
    }
}
