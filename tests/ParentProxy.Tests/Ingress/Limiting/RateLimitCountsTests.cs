using ParentProxy.Ingress.Limiting;
using ParentProxy.Tests.Simulator;

namespace ParentProxy.Tests.Ingress.Limiting;

public sealed class RateLimitCountsTests
{
    [Fact]
    public void Count_WithinAMinute_IsToldOfAtTheNextLine()
    {
        var clock = new ManualTimeProvider();
        var counts = new RateLimitCounts(clock);

        Assert.Equal(1, counts.Count(RateLimitScope.Client));
        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(0, counts.Count(RateLimitScope.Total));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, counts.Count(RateLimitScope.Client));

        Assert.Equal((2, 1), (counts.Of(RateLimitScope.Client), counts.Of(RateLimitScope.Total)));
    }
}
