using System.Diagnostics;

namespace ParentProxy.Scenarios.Wire;

/// <summary>The time of a run: zero when its measured load begins, negative while it warms up.</summary>
internal sealed class RunClock
{
    private TimeSpan _warmUp;
    private long _start = Stopwatch.GetTimestamp();

    /// <summary>Now.</summary>
    public TimeSpan Now => Stopwatch.GetElapsedTime(_start) - _warmUp;

    /// <summary>Begins the warm-up.</summary>
    public void Start(TimeSpan warmUp)
    {
        _warmUp = warmUp;
        _start = Stopwatch.GetTimestamp();
    }

    /// <summary>Waits for a time; not at all when it has passed.</summary>
    public async Task ReachAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        while (time - Now is var left && left > TimeSpan.Zero)
            await Task.Delay(left, cancellationToken);
    }
}
