namespace ParentProxy.Runtime;

/// <summary>
/// Gives memory back to the system once a burst of work is over, the start being the first: without a reason to collect, the runtime
/// keeps what thousands of connections have left behind for as long as the process is idle.
/// </summary>
/// <remarks>
/// A collection of the whole heap holds up everything for some milliseconds, so that it is made only when next to nothing is going
/// on, and not often.
/// </remarks>
internal sealed class MemoryTrimmer : IAsyncDisposable
{
    /// <summary>How often is looked.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>From one collection to the next at least.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(20);

    /// <summary>What may be allocated from one look to the next by a process that is idle: probes, histories, a scrape.</summary>
    public const long IdleBytes = 256 << 10;

    /// <summary>How often event loops may be woken meanwhile: who only carries bytes allocates nothing.</summary>
    public const long IdleTurns = 1000;

    /// <summary>What must have been allocated since the last time to make it worth while.</summary>
    public const long BurstBytes = 16 << 20;

    /// <summary>So many connections as must have ended since the last time, to make it worth while as well.</summary>
    public const long BurstConnections = 1000;

    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Func<long> _ended;
    private readonly Func<long> _turns;
    private readonly Func<long> _allocated;
    private readonly Action _collect;
    private (long Allocated, long Turns) _seen;
    private (long Allocated, long Ended, long At) _last;
    private bool _hasCollected;

    /// <summary>Begins to look, until it is disposed.</summary>
    /// <param name="ended">How many connections have ended.</param>
    /// <param name="turns">How often event loops were woken.</param>
    /// <param name="time">The clock.</param>
    /// <param name="allocated">How many bytes were ever allocated; null for what the runtime says.</param>
    /// <param name="collect">Collects the whole heap and gives back what is free; null for the real thing.</param>
    public MemoryTrimmer(
        Func<long> ended, Func<long> turns, TimeProvider time, Func<long>? allocated = null, Action? collect = null)
    {
        _ended = ended;
        _turns = turns;
        _time = time;
        _allocated = allocated ?? (static () => GC.GetTotalAllocatedBytes());
        _collect = collect ?? GiveBack;
        _seen = (_allocated(), turns());
        _last = (_seen.Allocated, _ended(), time.GetTimestamp());
        _timer = time.CreateTimer(static self => ((MemoryTrimmer)self!).OnTick(), this, Interval, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private static void GiveBack()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        FilePages.Release();
    }

    private void OnTick()
    {
        Look();
        try
        {
            _timer.Change(Interval, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The end of the program.
        }
    }

    private void Look()
    {
        var (allocated, ended, turns) = (_allocated(), _ended(), _turns());
        var isIdle = allocated - _seen.Allocated < IdleBytes && turns - _seen.Turns < IdleTurns;
        _seen = (allocated, turns);
        var isWorthWhile = allocated - _last.Allocated >= BurstBytes || ended - _last.Ended >= BurstConnections;
        var isDue = !_hasCollected || (isWorthWhile && _time.GetElapsedTime(_last.At) >= Pause);
        if (!isIdle || !isDue)
            return;
        _hasCollected = true;
        _last = (allocated, ended, _time.GetTimestamp());
        _collect();
    }
}
