namespace ParentProxy.Inside.Clock;

/// <summary>What is counted of comparisons, for the metrics. One thread counts, any may read.</summary>
internal sealed class ClockCounts
{
    private readonly long[] _checks = new long[Enum.GetValues<ClockCheckResult>().Length];
    private long _steps;
    private long _offset = long.MinValue;

    /// <summary>By how much the clock was behind the parent's at last; null: that is not known.</summary>
    public TimeSpan? Offset
    {
        get => Interlocked.Read(ref _offset) is not long.MinValue and var ticks ? new TimeSpan(ticks) : null;
        set => Interlocked.Exchange(ref _offset, value?.Ticks ?? long.MinValue);
    }

    /// <summary>How often the clock was set at once.</summary>
    public long Steps => Interlocked.Read(ref _steps);

    /// <summary>Comparisons that ended so.</summary>
    public long Of(ClockCheckResult result) => Interlocked.Read(ref _checks[(int)result]);

    public void Count(ClockCheckResult result) => Interlocked.Increment(ref _checks[(int)result]);

    public void CountStep() => Interlocked.Increment(ref _steps);
}
