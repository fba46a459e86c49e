using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Sockets;

namespace ParentProxy.Admin;

/// <summary>
/// The admin listener, and the one for metrics beside it: servers of their own, so that the accepting socket alone decides
/// what is admin, and so that they answer until the process ends.
/// </summary>
internal sealed class AdminServer : IAsyncDisposable
{
    private readonly AdminListener _pages;
    private readonly AdminListener? _metrics;

    /// <summary>Composes the listeners; nothing is bound yet.</summary>
    public AdminServer(ActiveConfiguration configuration, AdminPages pages, ILoggerFactory loggers)
    {
        var options = configuration.Options.Admin;
        _pages = new AdminListener("Admin:Url", options.Url, configuration, pages.ServeAsync, loggers);
        if (options.MetricsUrl is { } url)
            _metrics = new AdminListener("Admin:MetricsUrl", url, configuration, pages.ServeMetricsAsync, loggers);
    }

    /// <summary>The address of the admin listener.</summary>
    public string EndPoint => _pages.EndPoint;

    /// <summary>The address of the listener for metrics; null when there is none.</summary>
    public string? MetricsEndPoint => _metrics?.EndPoint;

    /// <summary>Binds the listeners.</summary>
    /// <exception cref="ListenException">An address cannot be listened on.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _pages.StartAsync(cancellationToken);
        if (_metrics is not null)
            await _metrics.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_metrics is not null)
            await _metrics.DisposeAsync();
        await _pages.DisposeAsync();
    }
}
