namespace ParentProxy.Ingress.Limiting;

/// <summary>How many requests for a path were refused over a rate, since the path has a rule.</summary>
internal sealed class RateLimitCounts(TimeProvider time)
{
    private static readonly TimeSpan SayAgain = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly long[] _byScope = new long[Enum.GetValues<RateLimitScope>().Length];
    private long _unsaid;
    private long? _said;

    /// <summary>How many were over a limit.</summary>
    public long Of(RateLimitScope scope) => Interlocked.Read(ref _byScope[(int)scope]);

    /// <summary>Counts a refused request.</summary>
    /// <returns>How many have to be told of now; 0 when that was done less than a minute ago.</returns>
    public long Count(RateLimitScope scope)
    {
        Interlocked.Increment(ref _byScope[(int)scope]);
        lock (_gate)
        {
            _unsaid++;
            var now = time.GetTimestamp();
            if (_said is { } said && time.GetElapsedTime(said, now) < SayAgain)
                return 0;
            _said = now;
            var unsaid = _unsaid;
            _unsaid = 0;
            return unsaid;
        }
    }
}
