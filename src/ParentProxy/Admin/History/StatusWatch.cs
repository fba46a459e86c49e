using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Health;

namespace ParentProxy.Admin.History;

/// <summary>Remembers since when the whole has its status.</summary>
/// <param name="registry">The enclaves.</param>
/// <param name="configuration">What is in effect.</param>
/// <param name="drain">How far the stop has come.</param>
/// <param name="refusal">Why new connections are not let in; null while they are.</param>
/// <param name="time">The clock.</param>
internal sealed class StatusWatch(EnclaveRegistry registry, ActiveConfiguration configuration, DrainState drain, Func<string?> refusal, TimeProvider time) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopping = new();
    private (string Status, DateTimeOffset Since) _known = ("", time.GetUtcNow());
    private Task _loop = Task.CompletedTask;

    /// <summary>The status now, and since when it is that.</summary>
    public (HealthSummary Summary, DateTimeOffset Since) Look()
    {
        var summary = HealthSummary.Of(registry, configuration, drain, refusal());
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
