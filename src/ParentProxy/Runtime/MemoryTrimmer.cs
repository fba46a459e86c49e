namespace ParentProxy.Runtime;

/// <summary>
/// Gives memory back to the system once a burst of work is over: without a reason to collect, the runtime keeps what thousands of
/// connections have left behind for as long as the process is idle.
/// </summary>
/// <remarks>
/// A collection of the whole heap holds up everything for some milliseconds, so that it is made only when next to nothing is going
/// on, and once for each burst.
/// </remarks>
internal sealed class MemoryTrimmer : IAsyncDisposable
{
    /// <summary>How often is looked.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>What may be allocated from one look to the next by a process that is idle: probes, histories, a scrape.</summary>
    public const long IdleBytes = 1 << 20;

    /// <summary>What must have been allocated since the last time to make it worth while.</summary>
    public const long BurstBytes = 16 << 20;

    private readonly ITimer _timer;
    private readonly Func<long> _allocated;
    private readonly Action _collect;
    private long _seen;
    private long _collected;

    /// <summary>Begins to look, until it is disposed.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="allocated">How many bytes were ever allocated.</param>
    /// <param name="collect">Collects the whole heap and gives back what is free.</param>
    public MemoryTrimmer(TimeProvider time, Func<long>? allocated = null, Action? collect = null)
    {
        _allocated = allocated ?? (static () => GC.GetTotalAllocatedBytes());
        _collect = collect ?? (static () => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true));
        _seen = _collected = _allocated();
        _timer = time.CreateTimer(static self => ((MemoryTrimmer)self!).Look(), this, Interval, Interval);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void Look()
    {
        var now = _allocated();
        var isIdle = now - Interlocked.Exchange(ref _seen, now) < IdleBytes;
        if (!isIdle || now - _collected < BurstBytes)
            return;
        _collected = now;
        _collect();
    }
}
