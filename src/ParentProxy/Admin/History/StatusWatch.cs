using Microsoft.Extensions.Logging;
using ParentProxy.Enclaves;
using ParentProxy.Health;
using ParentProxy.Runtime;

namespace ParentProxy.Admin.History;

/// <summary>Remembers since when the whole has its status.</summary>
/// <param name="registry">The enclaves.</param>
/// <param name="health">The verdict at this moment.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told when the watch fails.</param>
internal sealed class StatusWatch(
    EnclaveRegistry registry,
    Func<HealthSummary> health,
    TimeProvider time,
    ILogger<StatusWatch> logger) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly BackgroundLoop _loop = new(ex => RuntimeLog.LoopFailed(logger, "watch of the status", ex));
    private (string Status, DateTimeOffset Since) _known = ("", time.GetUtcNow());

    /// <summary>The status now, and since when it is that.</summary>
    public (HealthSummary Summary, DateTimeOffset Since) Look()
    {
        var summary = health();
        lock (_gate)
        {
            if (summary.Status != _known.Status)
                _known = (summary.Status, time.GetUtcNow());
            return (summary, _known.Since);
        }
    }

    /// <summary>Begins to look, at each change.</summary>
    public void Start() => _loop.Start(RunAsync);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = registry.Changed.Next;
            Look();
            await changed.WaitAsync(cancellationToken);
        }
    }
}
