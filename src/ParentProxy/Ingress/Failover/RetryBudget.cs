namespace ParentProxy.Ingress.Failover;

/// <summary>
/// Bounds how many requests are sent again: a share of those of the last ten seconds, and a few when there were hardly any.
/// When everything fails, retries then add that share to the load and no more.
/// </summary>
internal sealed class RetryBudget(TimeProvider time)
{
    /// <summary>So many in ten seconds, however few requests there are.</summary>
    public const int Floor = 10;

    private const int Seconds = 10;

    private readonly Lock _gate = new();
    private readonly long _started = time.GetTimestamp();
    private readonly long[] _requests = new long[Seconds];
    private readonly long[] _retries = new long[Seconds];
    private long _second;

    /// <summary>Counts a request, whatever becomes of it.</summary>
    public void CountRequest()
    {
        var now = Now();
        lock (_gate)
        {
            Advance(now);
            _requests[_second % Seconds]++;
        }
    }

    /// <summary>Takes the place of one retry; false when all are taken.</summary>
    /// <param name="percent">The share of the requests; 0 for no retry at all.</param>
    public bool TryTake(int percent)
    {
        if (percent == 0)
            return false;
        var now = Now();
        lock (_gate)
        {
            Advance(now);
            if (_retries.Sum() >= Math.Max(Floor, _requests.Sum() * percent / 100))
                return false;
            _retries[_second % Seconds]++;
            return true;
        }
    }

    /// <summary>Takes a place whether there is one or not.</summary>
    public void Take()
    {
        var now = Now();
        lock (_gate)
        {
            Advance(now);
            _retries[_second % Seconds]++;
        }
    }

    private long Now() => (long)time.GetElapsedTime(_started).TotalSeconds;

    /// <summary>Forgets the seconds that are over.</summary>
    private void Advance(long now)
    {
        if (now <= _second)
            return;
        for (var second = Math.Max(_second + 1, now - Seconds + 1); second <= now; second++)
            _requests[second % Seconds] = _retries[second % Seconds] = 0;
        _second = now;
    }
}
