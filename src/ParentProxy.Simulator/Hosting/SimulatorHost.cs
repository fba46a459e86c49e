using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ParentProxy.Simulator.Attestation;
using ParentProxy.Simulator.Listening;
using ParentProxy.Vsock;

namespace ParentProxy.Simulator.Hosting;

/// <summary>Builds the web server of a simulated enclave.</summary>
internal static class SimulatorHost
{
    // For those who neither read nor leave; everything that waits ends by itself at once.
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(5);
    private const int HeadBytes = 256 * 1024;

    /// <param name="options">What the enclave is.</param>
    /// <param name="addListeners">Adds what it listens on.</param>
    public static WebApplication Build(SimulatorOptions options, Action<KestrelServerOptions> addListeners)
    {
        // Empty: no environment, no configuration files and no watchers, in whichever process and working directory this is.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            LiftLimits(kestrel);
            addListeners(kestrel);
        });

        var services = builder.Services;
        services.AddVsockTransport();
        services.AddRoutingCore();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        services.AddSingleton<IMeterFactory, SimulatorMeterFactory>();
        // As with the meters: spans of the simulated side must not appear among the proxy's.
        services.AddSingleton(new ActivitySource("ParentProxy.Simulator"));
        if (options.LoggerFactory is { } loggerFactory)
            services.AddSingleton(loggerFactory);
        return builder.Build();
    }

    /// <summary>Adds the listener of the application.</summary>
    /// <returns>The listener, which knows its endpoint once the server has started.</returns>
    public static ListenOptions ListenForHttp(KestrelServerOptions kestrel, ListenAddress address, SimulatorOptions options) =>
        Listen(kestrel, address, options, listen => listen.Protocols = options.Http2 ? HttpProtocols.Http2 : HttpProtocols.Http1);

    /// <summary>Adds the listener of the one-line JSON protocol.</summary>
    /// <returns>The listener, which knows its endpoint once the server has started.</returns>
    public static ListenOptions ListenForLines(
        KestrelServerOptions kestrel, ListenAddress address, LineServer server, SimulatorOptions options) =>
        Listen(kestrel, address, options, listen =>
        {
            listen.Protocols = HttpProtocols.None;
            listen.Run(server.ServeAsync);
        });

    private static ListenOptions Listen(
        KestrelServerOptions kestrel, ListenAddress address, SimulatorOptions options, Action<ListenOptions> serve)
    {
        ListenOptions? listener = null;
        kestrel.Listen(address.EndPoint, listen =>
        {
            if (address.Transport == ListenTransport.Hybrid)
            {
                var handshake = new HybridHandshake(address.HybridPort, options.TimeProvider);
                listen.Use(next => connection => handshake.RunAsync(connection, next));
            }

            serve(listen);
            listener = listen;
        });
        return listener!;
    }

    // Whoever is tested with this enclave is to be stopped by its own limits, never by ours.
    private static void LiftLimits(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        // Bytes in and out as they are: a header field that is no UTF-8 would be refused.
        kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;

        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = null;
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
        limits.MaxRequestLineSize = HeadBytes;
        limits.MaxRequestHeadersTotalSize = HeadBytes;
        limits.MaxRequestHeaderCount = 10_000;
        limits.RequestHeadersTimeout = TimeSpan.FromHours(1);
        limits.KeepAliveTimeout = TimeSpan.FromDays(1);
        limits.Http2.MaxRequestHeaderFieldSize = HeadBytes;
    }
}
