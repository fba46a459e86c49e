using System.Numerics;

namespace ParentProxy.Enclaves;

/// <summary>
/// How long requests took, counted in buckets: each power of two of microseconds has 16 of them, so that a quantile read
/// from them is at most 3 % off, and counting one is a single increment.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int StepBits = 4;
    private const int Steps = 1 << StepBits;

    /// <summary>The last bucket holds everything from about a day on.</summary>
    private const int LargestPower = 36;

    /// <summary>How many buckets there are.</summary>
    public const int Buckets = ((LargestPower - StepBits) * Steps) + (2 * Steps);

    private readonly long[] _counts = new long[Buckets];

    /// <summary>Counts a request into the bucket of its duration.</summary>
    public void Count(TimeSpan duration) => Interlocked.Increment(ref _counts[BucketOf(duration)]);

    /// <summary>Adds the counts so far to others.</summary>
    public void AddTo(long[] counts)
    {
        for (var bucket = 0; bucket < Buckets; bucket++)
            counts[bucket] += Interlocked.Read(ref _counts[bucket]);
    }

    /// <summary>What stands for all durations of a bucket: its middle.</summary>
    public static TimeSpan Middle(int bucket)
    {
        // Below two rounds of steps a bucket is one microsecond; from there on its width doubles with each round.
        var (shift, step) = bucket < 2 * Steps ? (0, bucket) : ((bucket / Steps) - 1, Steps + (bucket % Steps));
        return TimeSpan.FromMicroseconds((step + 0.5) * (1L << shift));
    }

    /// <summary>The bucket of a duration.</summary>
    internal static int BucketOf(TimeSpan duration)
    {
        var microseconds = Math.Max(0, duration.Ticks / TimeSpan.TicksPerMicrosecond);
        if (microseconds < Steps)
            return (int)microseconds;
        var shift = BitOperations.Log2((ulong)microseconds) - StepBits;
        return Math.Min(Buckets - 1, (shift * Steps) + (int)(microseconds >> shift));
    }
}
