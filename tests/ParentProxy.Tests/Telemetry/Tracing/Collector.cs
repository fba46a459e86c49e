using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using ParentProxy.Telemetry;

namespace ParentProxy.Tests.Telemetry.Tracing;

/// <summary>A collector that takes OTLP over HTTP.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ExportedSpan> _spans = new();
    private int _metrics;

    private Collector(WebApplication app) => _app = app;

    public OtlpSettings Settings => new(new Uri(_app.Urls.Single()));

    public IReadOnlyList<ExportedSpan> Spans => [.. _spans];

    /// <summary>How often metrics came.</summary>
    public int Metrics => Volatile.Read(ref _metrics);

    public static async Task<Collector> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var collector = new Collector(app);
        app.Run(collector.TakeAsync);
        await app.StartAsync();
        return collector;
    }

    /// <summary>The span of a request itself.</summary>
    public ExportedSpan Server(string path) => Spans.Single(span => span.Kind == "server" && span.Attributes["url.path"] == path);

    /// <summary>The spans of its tries, in their order.</summary>
    public IReadOnlyList<ExportedSpan> Attempts(ExportedSpan request) =>
        [.. Spans.Where(span => span.Kind == "client" && span.TraceId == request.TraceId && span.ParentId == request.Id)];

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        if (context.Request.Path == "/v1/traces")
        {
            foreach (var span in ExportedSpan.Read(body.ToArray()))
                _spans.Enqueue(span);
        }
        else if (context.Request.Path == "/v1/metrics")
        {
            Interlocked.Increment(ref _metrics);
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        }
    }
}
