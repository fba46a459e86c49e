using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ParentProxy.Capabilities;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Health;
using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Ingress.Http2;
using ParentProxy.Ingress.Kestrel;
using ParentProxy.Ingress.Kestrel.Certificates;
using ParentProxy.Ingress.Kestrel.Refusals;
using ParentProxy.Ingress.Limiting;
using ParentProxy.Ingress.Pipeline;
using ParentProxy.Ingress.Routing;
using ParentProxy.Runtime;
using ParentProxy.Sockets;
using ParentProxy.Telemetry.AccessLog;
using ParentProxy.Telemetry.Tracing;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace ParentProxy.Ingress;

/// <summary>The public listeners: Kestrel in front, YARP's pipeline behind.</summary>
internal sealed class IngressServer : ICapability
{
    private static readonly TimeSpan HeadTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Longer than an ALB's default of 60 s, so that it never meets a connection that is being closed.</summary>
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(130);

    private readonly ActiveConfiguration _configuration;
    private readonly EnclaveRegistry _registry;
    private readonly EnclaveSelector _selector;
    private readonly Task<WebApplication> _composing;
    private readonly EnclaveProxyConfigProvider _routes;
    private readonly IngressListenerFactory _listeners;
    private readonly Action _onChanged;
    private readonly OpenConnections _connections = new();
    private readonly TimeProvider _time;
    private volatile bool _isStarted;

    /// <summary>Composes the server; nothing is bound yet.</summary>
    /// <param name="configuration">What is in effect.</param>
    /// <param name="registry">What is forwarded to.</param>
    /// <param name="selector">Who of them gets what.</param>
    /// <param name="drain">How far the stop has come.</param>
    /// <param name="accessLog">Where requests are logged.</param>
    /// <param name="tracing">The spans of requests.</param>
    /// <param name="health">The health of the whole, which is told on the public port, too.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">The log.</param>
    /// <param name="replace">Replaces services of the server when all are there: for a benchmark of one part against another.</param>
    public IngressServer(
        ActiveConfiguration configuration,
        EnclaveRegistry registry,
        EnclaveSelector selector,
        DrainState drain,
        AccessLogger accessLog,
        RequestTracing tracing,
        Func<HealthSummary> health,
        TimeProvider time,
        ILoggerFactory loggers,
        Action<IServiceCollection>? replace = null)
    {
        _configuration = configuration;
        _registry = registry;
        _selector = selector;
        Retries = new RetryPolicy(configuration, selector, time);
        Certificates = new ListenerCertificates(
            configuration.Options.Sections, time, loggers.CreateLogger<ListenerCertificates>());
        _routes = new EnclaveProxyConfigProvider(registry);
        _onChanged = registry.Changed.Set;
        _time = time;
        var kestrelRefusals = new KestrelRefusals(configuration, Refusals, _connections, accessLog, time);
        _listeners = new IngressListenerFactory(configuration, _connections, time, loggers, _onChanged);

        RateLimits = new RateLimits(configuration.Options.Limits, time);

        // A line ends with CRLF. Others take the LF alone for a part of the value: two readings of one request. The admin listener reads
        // the switch, too.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);

        // A third of the time that the program needs to start: the rest of it is composed meanwhile.
        _composing = Task.Run(() => Compose(drain, accessLog, tracing, health, loggers, kestrelRefusals, replace));
    }

    /// <summary>The addresses that are listened on.</summary>
    public IReadOnlyList<string> EndPoints => [.. App.Urls];

    /// <summary>Makes the meters of the platform that belong to these listeners.</summary>
    public IMeterFactory Meters { get; } = new IngressMeters();

    /// <summary>Whether every port is open; at a limit connections may wait all the same.</summary>
    public bool IsOpen => Open.All(l => l.IsOpen);

    /// <summary>Why not every new connection is let in; null while they are.</summary>
    public string? Refusal => _isStarted ? _listeners.Refusal : "the public listeners are not open yet";

    /// <summary>How many requests were refused for what they are.</summary>
    public RefusalCounts Refusals { get; } = new();

    /// <summary>How many requests for a path are let through.</summary>
    public RateLimits RateLimits { get; }

    /// <summary>What is sent again, and what was.</summary>
    public RetryPolicy Retries { get; }

    /// <summary>The certificates of the HTTPS endpoints.</summary>
    public ListenerCertificates Certificates { get; }

    /// <summary>The listeners that are open.</summary>
    public IReadOnlyCollection<IngressListener> Open => _listeners.Listeners;

    /// <inheritdoc/>
    public IReadOnlyList<ListenerView> Listeners => [.. Open.Select(listener => listener.View())];

    /// <inheritdoc/>
    public IStatusSection StatusSection => new ListenersSection(() => Listeners, Certificates);

    private WebApplication App => _composing.GetAwaiter().GetResult();

    /// <inheritdoc/>
    public void Apply(ProxyOptions options)
    {
        Certificates.Ask();
        RateLimits.Apply(options.Limits);
    }

    /// <inheritdoc/>
    public void AddInstruments(Meter meter) => IngressInstruments.Add(meter, _configuration, _registry, _selector, Retries, this);

    /// <summary>Binds the listeners; from then on requests come in.</summary>
    /// <exception cref="ListenException">An address cannot be listened on.</exception>
    /// <exception cref="IOException">The same, where Kestrel had a choice of addresses.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        Certificates.Prepare();
        await (await _composing).StartAsync(cancellationToken);
        Certificates.Start();
        _isStarted = true;
        _onChanged();
    }

    /// <inheritdoc/>
    public Task FinishOlderAsync(TimeSpan grace, CancellationToken over) => _connections.RetireAsync(grace, _time, over);

    /// <summary>Waits for the connections that came after <see cref="FinishOlderAsync"/> was called.</summary>
    /// <param name="over">Fires when the time for it is over.</param>
    public Task FinishNewerAsync(CancellationToken over) => _connections.WaitForNewerAsync(_time, over);

    /// <summary>Waits until who has connected has sent something, when nobody is accepted any more.</summary>
    /// <param name="over">Fires when the time for it is over.</param>
    public Task HeardFromAllAsync(CancellationToken over) => _connections.HeardFromAllAsync(_time, over);

    /// <summary>Closes the ports, or leaves them to the next process; what was accepted is still served.</summary>
    public Task StopAcceptingAsync() => _listeners.StopAcceptingAsync();

    /// <summary>Waits for the requests in flight and closes their connections; aborts them when the token fires.</summary>
    public Task StopAsync(CancellationToken cut) => App.StopAsync(cut);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // What it cannot be composed for was thrown at the start.
        await ((Task)_composing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _routes.Dispose();
        if (_composing.IsCompletedSuccessfully)
            await App.DisposeAsync();
        Meters.Dispose();
        RateLimits.Dispose();
        await Certificates.DisposeAsync();
    }

    /// <summary>What Kestrel is to do on the public listeners.</summary>
    internal static void ConfigureKestrel(
        KestrelServerOptions kestrel, IConfiguration sections, Action<EndpointConfiguration>? configureEndpoint = null)
    {
        kestrel.AddServerHeader = false;

        // Field values are bytes to us; Latin-1 keeps each of them.
        kestrel.RequestHeaderEncodingSelector = FieldDecoding.EncodingOf;
        kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;

        // In HTTP/2; RequestScheme decides what it counts for.
        kestrel.AllowAlternateSchemes = true;

        var limits = kestrel.Limits;
        limits.MaxRequestLineSize = 16 * 1024;
        limits.MaxRequestHeadersTotalSize = 64 * 1024;
        limits.MaxRequestHeaderCount = 200;
        limits.RequestHeadersTimeout = HeadTimeout;
        limits.KeepAliveTimeout = KeepAlive;
        limits.Http2.MaxRequestHeaderFieldSize = 64 * 1024;

        // A pause is legitimate; Timeouts:Idle ends what stands still.
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;

        // Each request gets the limit in effect.
        limits.MaxRequestBodySize = null;

        // Kestrel reads endpoints from its section by itself, limits it does not.
        sections.GetSection("Kestrel:Limits").Bind(limits);
        var loader = kestrel.Configure(sections.GetSection("Kestrel"), reloadOnChange: false);
        foreach (var endpoint in sections.GetSection("Kestrel:Endpoints").GetChildren())
            loader.Endpoint(endpoint.Key, options => configureEndpoint?.Invoke(options));
    }

    private WebApplication Compose(
        DrainState drain,
        AccessLogger accessLog,
        RequestTracing tracing,
        Func<HealthSummary> health,
        ILoggerFactory loggers,
        KestrelRefusals kestrelRefusals,
        Action<IServiceCollection>? replace)
    {
        // The content root is where the program is: in '/', where systemd starts it, a search would take minutes.
        var builder = WebApplication.CreateEmptyBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, ApplicationName = "parent-proxy" });
        var services = builder.Services;
        services.AddSingleton<IMeterFactory>(Meters);
        services.AddSingleton<ILoggerFactory>(new KestrelLoggers(loggers, kestrelRefusals));
        services.AddSingleton<DiagnosticSource>(kestrelRefusals);
        services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        services.AddSingleton(RateLimits);
        services.AddSingleton(_configuration).AddSingleton(_registry).AddSingleton(_selector).AddSingleton(Retries).AddSingleton(drain)
            .AddSingleton(Refusals).AddSingleton(accessLog).AddSingleton(tracing).AddSingleton(health).AddSingleton(_time);
        services.AddSingleton<IConnectionListenerFactory>(_listeners);
        builder.WebHost
            .UseKestrelCore()
            .UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel => ConfigureKestrel(
                kestrel,
                _configuration.Options.Sections,
                endpoint =>
                {
                    Certificates.Use(endpoint);
                    ProxyHeaderMiddleware.Use(endpoint, _configuration.Options, _time);
                }));
        services.AddRouting();

        // Timeouts:Drain alone says how long a stop may take; the host would cut it off after 30 s.
        services.Configure<HostOptions>(host => host.ShutdownTimeout = Timeout.InfiniteTimeSpan);

        // Only the cookies of session affinity are protected with it. A key on disk would outlive what it is for: after
        // a restart a client is simply given an enclave again.
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services.AddReverseProxy().AddTransforms<EnclaveTransforms>();
        services.AddSingleton<IProxyConfigProvider>(_routes);
        ReplaceForwarder(services);
        BalancingServices.Replace(services);
        replace?.Invoke(services);

        var app = builder.Build();

        // No route has a policy; without this the host would put the middleware that looks for them before all others.
        ((IApplicationBuilder)app).Properties["__AuthorizationMiddlewareSet"] = true;
        app.UseMiddleware<ExchangeMiddleware>();
        app.UseMiddleware<PublicHealthMiddleware>();
        app.UseMiddleware<MeasurementsMiddleware>();
        app.UseMiddleware<RateLimitMiddleware>();
        app.UseRouting();
        app.MapReverseProxy(proxy =>
        {
            proxy.UseMiddleware<FailoverMiddleware>();
            proxy.UseSessionAffinity();
            proxy.UseLoadBalancing();
        });
        app.MapFallback("{**any}", ExchangeMiddleware.RefuseUnroutedAsync);
        return app;
    }

    /// <summary>Puts ours in the place of YARP's forwarder, which stays what copies over HTTP/2.</summary>
    private static void ReplaceForwarder(IServiceCollection services)
    {
        var yarps = services.Last(d => d.ServiceType == typeof(IHttpForwarder)).ImplementationType!;
        services.AddSingleton<AttemptWatch>();
        services.AddSingleton(
            provider => ActivatorUtilities.CreateInstance<Http2Forwarder>(provider, ActivatorUtilities.CreateInstance(provider, yarps)));
        services.Replace(ServiceDescriptor.Singleton<IHttpForwarder, EnclaveForwarder>());
    }
}
