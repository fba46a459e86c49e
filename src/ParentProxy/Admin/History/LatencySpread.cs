using ParentProxy.Enclaves;

namespace ParentProxy.Admin.History;

/// <summary>
/// How long the requests of some step of time took: only the buckets in which there are any, so that quiet times take no space.
/// </summary>
internal readonly struct LatencySpread
{
    private readonly (ushort Bucket, int Count)[]? _counts;

    private LatencySpread((ushort Bucket, int Count)[] counts) => _counts = counts;

    /// <summary>How many requests there were.</summary>
    public long Count
    {
        get
        {
            var sum = 0L;
            foreach (var (_, count) in _counts ?? [])
                sum += count;
            return sum;
        }
    }

    /// <summary>What came between two readings of a histogram.</summary>
    public static LatencySpread Between(long[] before, long[] now)
    {
        var counts = new List<(ushort, int)>();
        for (var bucket = 0; bucket < now.Length; bucket++)
        {
            if (now[bucket] - before[bucket] is > 0 and var count)
                counts.Add(((ushort)bucket, (int)Math.Min(int.MaxValue, count)));
        }

        return new LatencySpread([.. counts]);
    }

    /// <summary>Steps of time taken together.</summary>
    public static LatencySpread Sum(IEnumerable<LatencySpread> spreads)
    {
        var sum = new long[LatencyHistogram.Buckets];
        foreach (var spread in spreads)
        {
            foreach (var (bucket, count) in spread._counts ?? [])
                sum[bucket] += count;
        }

        return Between(new long[sum.Length], sum);
    }

    /// <summary>The time within which this share of the requests ended; null without any.</summary>
    public TimeSpan? Quantile(double share)
    {
        if (Count is not (> 0 and var all))
            return null;
        var left = Math.Max(1, (long)Math.Ceiling(share * all));
        foreach (var (bucket, count) in _counts!)
        {
            left -= count;
            if (left <= 0)
                return LatencyHistogram.Middle(bucket);
        }

        return null;
    }
}
