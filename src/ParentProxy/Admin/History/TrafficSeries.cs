using ParentProxy.Enclaves;

namespace ParentProxy.Admin.History;

/// <summary>The last samples of one source of counts: a ring of fixed size.</summary>
internal sealed class TrafficSeries
{
    private readonly Lock _gate = new();
    private readonly TrafficSample[] _ring = new TrafficSample[TrafficHistory.Length];
    private Counts _before;
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
        var sample = new TrafficSample(
            elapsed,
            now.Requests - _before.Requests,
            now.Errors - _before.Errors,
            LatencySpread.Between(_before.Times, now.Times),
            now.Outages - _before.Outages,
            isOut);
        lock (_gate)
        {
            _ring[_next] = sample;
            _next = (_next + 1) % _ring.Length;
            _count = Math.Min(_count + 1, _ring.Length);
        }

        _before = now;
    }

    private static Counts Sum(IEnumerable<EnclaveMetrics> sources)
    {
        var sum = new Counts(0, 0, 0, new long[LatencyHistogram.Buckets]);
        foreach (var source in sources)
        {
            source.Times.AddTo(sum.Times);
            sum = sum with
            {
                Requests = sum.Requests + source.Requests.Total,
                Errors = sum.Errors + source.Requests.ServerErrors,
                Outages = sum.Outages + source.Outages,
            };
        }

        return sum;
    }

    private readonly record struct Counts(long Requests, long Errors, long Outages, long[] Times);
}
