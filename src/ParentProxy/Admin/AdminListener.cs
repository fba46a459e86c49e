using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Runtime;
using ParentProxy.Sockets;

namespace ParentProxy.Admin;

/// <summary>One address for operators, with a server of its own: what it answers depends on the accepting socket alone.</summary>
internal sealed class AdminListener : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _url;
    private readonly string _setting;

    /// <summary>Composes the listener; nothing is bound yet.</summary>
    /// <param name="setting">The setting that <paramref name="url"/> comes from.</param>
    /// <param name="url">Where it listens.</param>
    /// <param name="configuration">What is in effect.</param>
    /// <param name="pages">What it answers.</param>
    /// <param name="loggers">The log.</param>
    public AdminListener(string setting, string url, ActiveConfiguration configuration, RequestDelegate pages, ILoggerFactory loggers)
    {
        _setting = setting;
        _url = url;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
            ApplicationName = "parent-proxy",
        });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        builder.WebHost.UseKestrelCore().UseUrls(url).ConfigureKestrel(Configure)
            .UseSockets(sockets => sockets.CreateBoundListenSocket = endPoint => ListenSocket.Bind(endPoint).Socket);
        _app = builder.Build();
        _app.Run(context => ServeAsync(context, configuration.Options.Admin, pages));
    }

    /// <summary>The address that is listened on.</summary>
    public string EndPoint => _app.Urls.First();

    /// <summary>Binds the address that the setting names, port 0 for a free one.</summary>
    /// <exception cref="ListenException">The address cannot be listened on.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _app.StartAsync(cancellationToken);
        }
        catch (Exception ex) when (ex.GetBaseException() is SocketException cause)
        {
            throw new ListenException(_url, isFile: false, cause, _setting);
        }
    }

    /// <summary>Closes the port, when the requests on it are over.</summary>
    public Task StopAsync() => _app.StopAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;

        // Kestrel closes a listening socket with a reset, by an option that the kernel hands on to whatever is accepted there after that:
        // by the next process, which has the same socket.
        kestrel.ConfigureEndpointDefaults(listen => listen.Use(next => connection =>
        {
            if (connection.Features.Get<IConnectionSocketFeature>() is { } feature)
                feature.Socket.LingerState = new LingerOption(enable: false, seconds: 0);
            return next(connection);
        }));
    }

    private static Task ServeAsync(HttpContext context, AdminOptions options, RequestDelegate pages)
    {
        AdminPages.AddFields(context.Response);

        // A page in an operator's browser must not reach us under a name of its own (DNS rebinding).
        if (!IsAllowed(context.Request.Host, options))
        {
            return AdminPages.ProblemAsync(
                context, StatusCodes.Status400BadRequest, "Host must be an IP literal, localhost or in Admin:AllowedHosts.");
        }

        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            return AdminPages.ProblemAsync(context, StatusCodes.Status405MethodNotAllowed, "No request changes state here.");
        }

        return pages(context);
    }

    private static bool IsAllowed(HostString host, AdminOptions options)
    {
        var name = host.Host.Trim('[', ']');
        return IPAddress.TryParse(name, out _)
            || name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || options.AllowedHosts.Contains(name, StringComparer.OrdinalIgnoreCase);
    }
}
