using ParentProxy.Enclaves;

namespace ParentProxy.Tests.Enclaves;

public sealed class LatencyHistogramTests
{
    [Fact]
    public void Middle_AnyDuration_IsAtMostThreePercentOff()
    {
        // From 32 µs to half a day, in steps that meet the edges of buckets and what lies between them.
        for (var microseconds = 32d; microseconds < 43_200e6; microseconds *= 1.013)
        {
            var duration = TimeSpan.FromMicroseconds(Math.Floor(microseconds));
            var middle = LatencyHistogram.Middle(LatencyHistogram.BucketOf(duration));
            Assert.InRange(middle / duration, 0.968, 1.032);
        }
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, 0)]
    [InlineData(15, 15)]
    [InlineData(16, 16)]
    [InlineData(31, 31)]
    [InlineData(32, 32)]
    [InlineData(33, 32)]
    [InlineData(34, 33)]
    [InlineData(long.MaxValue / 10, LatencyHistogram.Buckets - 1)]
    public void BucketOf_EdgesOfTheScale_AreInIt(long microseconds, int bucket) =>
        Assert.Equal(bucket, LatencyHistogram.BucketOf(new TimeSpan(microseconds * TimeSpan.TicksPerMicrosecond)));

    [Fact]
    public void BucketOf_GrowsWithTheDuration()
    {
        var last = 0;
        for (var microseconds = 0; microseconds < 5_000; microseconds++)
        {
            var bucket = LatencyHistogram.BucketOf(TimeSpan.FromMicroseconds(microseconds));
            Assert.InRange(bucket, last, last + 1);
            last = bucket;
        }
    }
}
