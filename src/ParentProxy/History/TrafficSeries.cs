using ParentProxy.Enclaves;

namespace ParentProxy.History;

/// <summary>The last samples of one source of counts: a ring of fixed size.</summary>
internal sealed class TrafficSeries
{
    private readonly Lock _gate = new();
    private readonly TrafficSample[] _ring = new TrafficSample[TrafficHistory.Length];
    private (long Requests, long Errors, long Ended, TimeSpan Duration) _before;
    private int _next;
    private int _count;

    /// <summary>Begins with the counts as they are.</summary>
    public TrafficSeries(params IEnumerable<EnclaveMetrics> sources) => _before = Sum(sources);

    /// <summary>The samples, the oldest first.</summary>
    public TrafficSample[] Samples
    {
        get
        {
            lock (_gate)
            {
                var samples = new TrafficSample[_count];
                for (var i = 0; i < _count; i++)
                    samples[i] = _ring[(_next - _count + i + _ring.Length) % _ring.Length];
                return samples;
            }
        }
    }

    /// <summary>Ends a step of time.</summary>
    public void Take(TimeSpan elapsed, bool isOut, params IEnumerable<EnclaveMetrics> sources)
    {
        var now = Sum(sources);
        lock (_gate)
        {
            _ring[_next] = new TrafficSample(elapsed, now.Requests - _before.Requests, now.Errors - _before.Errors, now.Ended - _before.Ended, now.Duration - _before.Duration, isOut);
            _next = (_next + 1) % _ring.Length;
            _count = Math.Min(_count + 1, _ring.Length);
        }

        _before = now;
    }

    private static (long Requests, long Errors, long Ended, TimeSpan Duration) Sum(IEnumerable<EnclaveMetrics> sources)
    {
        var (requests, errors, ended, duration) = (0L, 0L, 0L, TimeSpan.Zero);
        foreach (var source in sources)
        {
            requests += source.Requests.Total;
            errors += source.Requests.ServerErrors;
            ended += source.Ended;
            duration += source.TotalDuration;
        }

        return (requests, errors, ended, duration);
    }
}
