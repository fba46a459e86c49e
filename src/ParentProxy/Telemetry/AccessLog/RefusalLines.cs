using Microsoft.Extensions.Logging;

namespace ParentProxy.Telemetry.AccessLog;

/// <summary>How many lines about refused requests there may be; says, once a minute at most, how many there would have been more.</summary>
/// <param name="time">The clock.</param>
/// <param name="logger">Where that is said.</param>
internal sealed class RefusalLines(TimeProvider time, ILogger logger)
{
    /// <summary>Lines at once, after a time without any.</summary>
    public const int Burst = 100;

    /// <summary>Lines a second when there are always more.</summary>
    public const int PerSecond = 10;

    private static readonly TimeSpan SayAgain = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private double _left = Burst;
    private long _filled = time.GetTimestamp();
    private long? _said;
    private long _leftOut;

    /// <summary>Takes the place of one line; false when there is none.</summary>
    public bool TryTake()
    {
        long unsaid;
        lock (_gate)
        {
            var now = time.GetTimestamp();
            _left = Math.Min(Burst, _left + (time.GetElapsedTime(_filled, now).TotalSeconds * PerSecond));
            _filled = now;
            if (_left >= 1)
            {
                _left--;
                return true;
            }

            _leftOut++;
            if (_said is { } said && time.GetElapsedTime(said, now) < SayAgain)
                return false;
            _said = now;
            unsaid = _leftOut;
            _leftOut = 0;
        }

        AccessLogWarnings.LeftOut(logger, unsaid, PerSecond);
        return false;
    }
}
