using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using ParentProxy.Enclaves;
using ParentProxy.Runtime;

namespace ParentProxy.Admin.History;

/// <summary>
/// The traffic of the last 15 minutes, for people: every 5 s the counters that there are anyway are read. A request
/// costs nothing, and a busy enclave some ten kilobytes.
/// </summary>
internal sealed class TrafficHistory(EnclaveRegistry registry, TimeProvider time, ILogger<TrafficHistory> logger) : IAsyncDisposable
{
    /// <summary>Samples that are kept.</summary>
    public const int Length = 180;

    /// <summary>How long a step of time is.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, TrafficSeries> _byId = new(StringComparer.OrdinalIgnoreCase);
    private readonly BackgroundLoop _loop = new(ex => RuntimeLog.LoopFailed(logger, "history of the traffic", ex));
    private long _last = time.GetTimestamp();

    /// <summary>All requests, those to enclaves that are no longer there included.</summary>
    public TrafficSeries Total { get; } = new(registry.Meter.All);

    /// <summary>Requests that reached no enclave.</summary>
    public TrafficSeries None { get; } = new(registry.Meter.None);

    /// <summary>The samples of an enclave, the oldest first.</summary>
    public IReadOnlyList<TrafficSample> Of(string id) => _byId.TryGetValue(id, out var series) ? series.Samples : [];

    /// <summary>Begins to take samples.</summary>
    public void Start()
    {
        foreach (var enclave in registry.All)
            _byId.TryAdd(enclave.Id, new TrafficSeries(enclave.Metrics));
        _loop.Start(RunAsync);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    /// <summary>Ends a step of time.</summary>
    internal void Take()
    {
        var now = time.GetTimestamp();
        var elapsed = time.GetElapsedTime(_last, now);
        _last = now;
        Total.Take(elapsed, isOut: false, registry.Meter.All);
        None.Take(elapsed, isOut: false, registry.Meter.None);
        var enclaves = registry.All;
        foreach (var enclave in enclaves)
        {
            var series = _byId.GetOrAdd(enclave.Id, static (_, enclave) => new TrafficSeries(enclave.Metrics), enclave);
            series.Take(elapsed, enclave.Condition.State != EnclaveState.Healthy, enclave.Metrics);
        }

        foreach (var id in _byId.Keys.Where(id => !enclaves.Any(enclave => enclave.Id.Equals(id, StringComparison.OrdinalIgnoreCase))))
            _byId.TryRemove(id, out _);
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
            Take();
    }
}
