using System.Globalization;
using Microsoft.Extensions.Logging;
using ParentProxy.Runtime;
using ParentProxy.Sockets;

namespace ParentProxy.Hosting;

/// <summary>Keeps systemd informed: the status line, and a watchdog that beats only while the proxy really serves.</summary>
internal sealed class SystemdService(ServiceManager manager, ProxyServer server, TimeProvider time, ILogger<SystemdService> logger)
    : IAsyncDisposable
{
    private readonly BackgroundLoop _status = new(ex => RuntimeLog.LoopFailed(logger, "status line of systemd", ex));
    private readonly BackgroundLoop _watchdog = new(ex => RuntimeLog.LoopFailed(logger, "watchdog of systemd", ex));
    private string _told = "";

    /// <summary>How often systemd expects a beat, from the environment that it sets; null when it expects none.</summary>
    public static TimeSpan? WatchdogInterval(Func<string, string?> environment)
    {
        var pid = environment("WATCHDOG_PID");
        if (pid is not null && pid != Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
            return null;
        var interval = environment("WATCHDOG_USEC");
        return long.TryParse(interval, NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0
            ? TimeSpan.FromMicroseconds(microseconds)
            : null;
    }

    /// <summary>
    /// Tells the status at once and then at each change, and beats when a watchdog waits for it. Does nothing where nobody
    /// listens.
    /// </summary>
    /// <param name="watchdog">How often systemd expects a beat; null when it expects none.</param>
    public void Start(TimeSpan? watchdog)
    {
        if (!manager.IsEnabled)
            return;
        ReportStatus();
        _status.Start(ReportStatusAsync);
        if (watchdog is { } interval)
            _watchdog.Start(cancellationToken => BeatAsync(interval, cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _watchdog.DisposeAsync();
        await _status.DisposeAsync();
    }

    private async Task ReportStatusAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = server.Registry.Changed.Next;
            ReportStatus();
            await changed.WaitAsync(cancellationToken);
        }
    }

    private void ReportStatus()
    {
        var summary = server.Health;
        var status = $"{summary.Status}: {summary.Healthy} of {summary.Total} enclaves healthy";
        if (summary.Refusal is { } refusal && !server.Drain.IsDraining)
            status += $"; {refusal}";
        if (status != _told)
            manager.Status(_told = status);
    }

    private async Task BeatAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.Zero });
        while (true)
        {
            if (await IsServingAsync(client, interval / 2, cancellationToken))
                manager.Watchdog();
            await Task.Delay(interval / 3, time, cancellationToken);
        }
    }

    /// <summary>
    /// A request over a real socket through Kestrel and the thread pool, accept loops that run, and no event loop that is
    /// held up.
    /// </summary>
    private async Task<bool> IsServingAsync(HttpClient client, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        try
        {
            using var answer = await client.GetAsync(server.LiveUri, deadline.Token);
            await EventLoop.TurnAllAsync().WaitAsync(deadline.Token);
            if (answer.IsSuccessStatusCode && (server.IsOpen || server.Drain.IsClosing))
                return true;
            HostingLog.NotServing(logger, $"{server.LiveUri} answered {(int)answer.StatusCode}, ports open: {server.IsOpen}");
        }
        catch (Exception ex) when (ex is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            HostingLog.NotServing(logger, ex.Message);
        }

        return false;
    }
}
