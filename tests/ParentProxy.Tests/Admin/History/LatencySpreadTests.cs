using ParentProxy.Admin.History;
using ParentProxy.Enclaves;

namespace ParentProxy.Tests.Admin.History;

public sealed class LatencySpreadTests
{
    [Fact]
    public void Quantile_OfAHundred_IsTheOneThatIsMeant()
    {
        var spread = Of([.. Enumerable.Range(1, 100)]);

        Assert.Equal(100, spread.Count);
        AssertNear(50, spread.Quantile(0.5));
        AssertNear(95, spread.Quantile(0.95));
        AssertNear(99, spread.Quantile(0.99));
        AssertNear(100, spread.Quantile(1));
        AssertNear(1, spread.Quantile(0));
    }

    [Fact]
    public void Quantile_OfOne_IsThatOne()
    {
        var spread = Of(40);

        foreach (var share in new[] { 0.5, 0.95, 0.99 })
            AssertNear(40, spread.Quantile(share));
    }

    [Fact]
    public void Quantile_OfNone_IsNone()
    {
        Assert.Null(default(LatencySpread).Quantile(0.5));
        Assert.Null(Of().Quantile(0.5));
        Assert.Null(LatencySpread.Sum([default, Of()]).Quantile(0.5));
    }

    [Fact]
    public void Sum_OfQuickOnesAndSlowOnes_HasBoth()
    {
        var sum = LatencySpread.Sum([Of(1, 1, 1, 1), default, Of(1, 900)]);

        Assert.Equal(6, sum.Count);
        AssertNear(1, sum.Quantile(0.5));
        AssertNear(900, sum.Quantile(0.95));
    }

    private static LatencySpread Of(params int[] milliseconds)
    {
        var histogram = new LatencyHistogram();
        var (before, now) = (new long[LatencyHistogram.Buckets], new long[LatencyHistogram.Buckets]);

        // What was there before does not count.
        histogram.Count(TimeSpan.FromSeconds(5));
        histogram.AddTo(before);
        foreach (var time in milliseconds)
            histogram.Count(TimeSpan.FromMilliseconds(time));
        histogram.AddTo(now);
        return LatencySpread.Between(before, now);
    }

    private static void AssertNear(double milliseconds, TimeSpan? time) =>
        Assert.Equal(milliseconds, time!.Value.TotalMilliseconds, milliseconds * 0.032);
}
