using ParentProxy.Inside.Application;

namespace ParentProxy.Tests.Inside.Application;

public sealed class RestartDelayTests
{
    [Fact]
    public void After_ShortRuns_DoublesUpToAMinuteUntilItHasRunForOne()
    {
        var delays = new RestartDelay(TimeSpan.FromSeconds(1));

        Assert.Equal(
            [1, 2, 4, 8, 16, 32, 60, 60, 1, 2],
            new[] { 0, 0, 0, 0, 0, 59, 0, 0, 60, 0 }.Select(ran => delays.After(TimeSpan.FromSeconds(ran)).TotalSeconds));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(90, 90)]
    public void After_NoneOrALongOne_StaysAsItIs(int first, int next)
    {
        var delays = new RestartDelay(TimeSpan.FromSeconds(first));

        Assert.Equal(first, delays.After(TimeSpan.Zero).TotalSeconds);
        Assert.Equal(next, delays.After(TimeSpan.Zero).TotalSeconds);
    }
}
