using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Health;

namespace ParentProxy.History;

/// <summary>Remembers since when the whole has its status.</summary>
internal sealed class StatusWatch(EnclaveRegistry registry, ActiveConfiguration configuration, DrainState drain, TimeProvider time) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopping = new();
    private (string Status, DateTimeOffset Since) _known = ("", time.GetUtcNow());
    private Task _loop = Task.CompletedTask;

    /// <summary>The status now, and since when it is that.</summary>
    public (HealthSummary Summary, DateTimeOffset Since) Look()
    {
        var summary = HealthSummary.Of(registry, configuration, drain);
        lock (_gate)
        {
            if (summary.Status != _known.Status)
                _known = (summary.Status, time.GetUtcNow());
            return (summary, _known.Since);
        }
    }

    /// <summary>Begins to look, at each change.</summary>
    public void Start() => _loop = Task.Run(() => RunAsync(_stopping.Token));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var changed = registry.Changed.Next;
                Look();
                await changed.WaitAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The end of the program.
        }
    }
}
