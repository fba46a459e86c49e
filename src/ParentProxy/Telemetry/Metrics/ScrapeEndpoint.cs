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
            await _turn.WaitAsync(context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The scraper has gone.
            return;
        }

        try
        {
            await _scrape(context);
        }
        finally
        {
            _turn.Release();
        }

        if (context.Response.StatusCode == StatusCodes.Status500InternalServerError)
            MetricsLog.ScrapeFailed(logger);
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    // Paths and methods are the business of the listener that the request came by.
    private static RequestDelegate Middleware(MeterProvider provider) => new ApplicationBuilder(new ServiceCollection().BuildServiceProvider())
        .UseOpenTelemetryPrometheusScrapingEndpoint(provider, static _ => true, path: null, configureBranchedPipeline: null, optionsName: null)
        .Build();
}
