using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ParentProxy.Configuration;
using ParentProxy.Inside.Application;
using ParentProxy.Runtime;
using ParentProxy.Sockets;
using ParentProxy.Telemetry.Metrics;
using ParentProxy.Vsock;

namespace ParentProxy.Inside.Status;

/// <summary>
/// What the parent asks the enclave: <c>/health</c>, 200 while the application serves and 503 with the reason while it does not, so
/// that an application that is down can be told from an enclave that is gone; and <c>/metrics</c>.
/// </summary>
internal sealed class StatusListener : IAsyncDisposable
{
    private const string Setting = "Enclave:Status:Listen";

    private readonly WebApplication _app;
    private readonly InsideAddress _address;
    private readonly MetricsPipeline _metrics;
    private readonly Func<ApplicationStatus?> _application;
    private readonly TimeProvider _time;

    /// <summary>Composes the listener; nothing is bound yet.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="context">What all parts share.</param>
    /// <param name="metrics">What <c>/metrics</c> shows.</param>
    /// <param name="application">The application's state; null where there is none to start.</param>
    public StatusListener(
        InsideStatusOptions options, InsideContext context, MetricsPipeline metrics, Func<ApplicationStatus?> application)
    {
        _address = options.Listen;
        _metrics = metrics;
        _application = application;
        _time = context.Time;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
            ApplicationName = "parent-proxy",
        });
        builder.Services.AddSingleton(context.Loggers);
        builder.Services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(_address.EndPoint);
        });

        // Behind Kestrel's own, which would else be left out.
        builder.Services.AddVsockTransport();
        _app = builder.Build();
        _app.Run(ServeAsync);
    }

    /// <summary>Binds the address and serves it.</summary>
    /// <exception cref="ListenException">The address cannot be listened on.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _app.StartAsync(cancellationToken);
        }
        catch (Exception ex) when (ex.GetBaseException() is VsockException cause)
        {
            throw new ListenException(_address.Text, cause, Setting, "another program of the image");
        }
        catch (Exception ex) when (ex.GetBaseException() is SocketException cause)
        {
            throw new ListenException(_address.SocketPath ?? _address.Text, _address.SocketPath is not null, cause, Setting);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private Task ServeAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.StatusCode = (int)HttpStatusCode.MethodNotAllowed;
            context.Response.Headers.Allow = "GET, HEAD";
            return Task.CompletedTask;
        }

        if (context.Request.Path == "/health")
            return HealthAsync(context);
        if (context.Request.Path == "/metrics")
            return _metrics.ScrapeAsync(context);
        context.Response.StatusCode = (int)HttpStatusCode.NotFound;
        return Task.CompletedTask;
    }

    private Task HealthAsync(HttpContext context)
    {
        var application = _application();
        var complaint = InsideHealth.Complaint(application, _time);
        var body = InsideHealth.Body(complaint, application, _time);
        context.Response.StatusCode = (int)(complaint is null ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable);
        context.Response.ContentType = complaint is null ? "application/json" : "application/problem+json";
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}
