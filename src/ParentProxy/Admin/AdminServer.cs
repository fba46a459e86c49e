using Microsoft.Extensions.Logging;
using ParentProxy.Admin.History;
using ParentProxy.Admin.StatusPage;
using ParentProxy.Capabilities;
using ParentProxy.Configuration;
using ParentProxy.Egress;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Health;
using ParentProxy.Hosting;
using ParentProxy.Ingress;
using ParentProxy.Sockets;
using ParentProxy.Telemetry.Metrics;

namespace ParentProxy.Admin;

/// <summary>
/// The admin listener, and the one for metrics beside it: servers of their own, so that the accepting socket alone decides
/// what is admin, and so that they answer until the process ends. Remembers for the status page what nobody else does.
/// </summary>
internal sealed class AdminServer : IAsyncDisposable
{
    private readonly TrafficHistory _history;
    private readonly StatusWatch _watch;
    private readonly AdminListener _pages;
    private readonly AdminListener? _metrics;

    /// <summary>Composes the listeners; nothing is bound yet.</summary>
    public AdminServer(
        ActiveConfiguration configuration,
        EnclaveRegistry registry,
        EnclaveSelector selector,
        IngressServer ingress,
        DiscoveryMonitor discovery,
        HealthCapability health,
        EgressCapability egress,
        IReadOnlyList<ICapability> capabilities,
        ReloadStatus reloads,
        MetricsPipeline metrics,
        EnclaveMetricsRelay relay,
        TimeProvider time,
        ILoggerFactory loggers)
    {
        _history = new TrafficHistory(registry, time, loggers.CreateLogger<TrafficHistory>());
        _watch = new StatusWatch(registry, () => health.Summary, time, loggers.CreateLogger<StatusWatch>());
        var settings = new SettingsSection(reloads);
        List<IStatusSection> sections = [.. capabilities.Select(capability => capability.StatusSection).OfType<IStatusSection>()];
        var sources = new PageSources(
            registry, configuration, selector, ingress.Retries, discovery, _history, _watch, sections, settings, time);
        var statusPage = new StatusDocument(sources);
        var pages = new AdminPages(
            registry,
            configuration,
            ingress,
            () => capabilities.SelectMany(capability => capability.Listeners),
            discovery,
            health,
            egress,
            reloads,
            metrics,
            relay,
            statusPage,
            _history,
            time);
        var options = configuration.Options.Admin;
        _pages = new AdminListener("Admin:Url", options.Url, configuration, pages.ServeAsync, loggers);
        if (options.MetricsUrl is { } url)
            _metrics = new AdminListener("Admin:MetricsUrl", url, configuration, pages.ServeMetricsAsync, loggers);
    }

    /// <summary>The address of the admin listener.</summary>
    public string EndPoint => _pages.EndPoint;

    /// <summary>The address of the listener for metrics; null when there is none.</summary>
    public string? MetricsEndPoint => _metrics?.EndPoint;

    /// <summary>Begins to remember, and binds the listeners.</summary>
    /// <exception cref="ListenException">An address cannot be listened on.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _history.Start();
        _watch.Start();
        await _pages.StartAsync(cancellationToken);
        if (_metrics is not null)
            await _metrics.StartAsync(cancellationToken);
    }

    /// <summary>Closes the ports, when the requests on them are over.</summary>
    public async Task StopAsync()
    {
        await _pages.StopAsync();
        if (_metrics is not null)
            await _metrics.StopAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _history.DisposeAsync();
        await _watch.DisposeAsync();
        if (_metrics is not null)
            await _metrics.DisposeAsync();
        await _pages.DisposeAsync();
    }
}
