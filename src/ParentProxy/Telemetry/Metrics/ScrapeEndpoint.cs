using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;

namespace ParentProxy.Telemetry.Metrics;

/// <summary>
/// The exporter's middleware, and what it leaves out. It would let a scrape share the collection that another one has
/// begun, and so miss a request whose answer the client has in hand: here each waits for its turn and collects anew. And
/// it answers 500 without a word in the log.
/// </summary>
internal sealed class ScrapeEndpoint(MeterProvider provider, ILogger logger) : IDisposable
{
    private readonly RequestDelegate _scrape = Middleware(provider);
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Answers a GET or HEAD request: 200, 408 when the scraper has no more time, 500 when the collection failed.</summary>
    public async Task ScrapeAsync(HttpContext context)
    {
        try
        {
            using var page = await CollectAsync(context);
            if (context.Response.StatusCode == StatusCodes.Status500InternalServerError)
                MetricsLog.ScrapeFailed(logger);
            if (HttpMethods.IsHead(context.Request.Method))
                return;
            context.Response.ContentLength = page.Length;
            await page.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The scraper has gone.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    /// <summary>The page, held in memory: one who does not read it must not hold up the turn of the others.</summary>
    private async Task<MemoryStream> CollectAsync(HttpContext context)
    {
        var page = new MemoryStream();
        var client = context.Response.Body;
        await _turn.WaitAsync(context.RequestAborted);
        try
        {
            context.Response.Body = page;
            await _scrape(context);
        }
        finally
        {
            context.Response.Body = client;
            _turn.Release();
        }

        page.Position = 0;
        return page;
    }

    // Paths and methods are the business of the listener that the request came by.
    private static RequestDelegate Middleware(MeterProvider provider)
    {
        var builder = new ApplicationBuilder(new ServiceCollection().BuildServiceProvider());
        builder.UseOpenTelemetryPrometheusScrapingEndpoint(
            provider, static _ => true, path: null, configureBranchedPipeline: null, optionsName: null);
        return builder.Build();
    }
}
