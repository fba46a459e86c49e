using ParentProxy.Egress.Logs;
using ParentProxy.Tests.Simulator;

namespace ParentProxy.Tests.Egress.Logs;

public sealed class EnclaveLinesTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void TryTake_AfterABurst_AllowsTheRate()
    {
        var lines = Lines();

        Assert.Equal(50, Take(lines, 1000));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(10, Take(lines, 1000));
        _time.Advance(TimeSpan.FromMilliseconds(250));
        Assert.Equal(2, Take(lines, 1000));
        _time.Advance(TimeSpan.FromMilliseconds(50));
        Assert.Equal(1, Take(lines, 1000));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(50, Take(lines, 1000));
    }

    [Fact]
    public void TryTake_RateChanged_HoldsAtOnce()
    {
        var lines = Lines();
        Assert.Equal(50, Take(lines, 60));

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(lines.TryTake(1));
        Assert.False(lines.TryTake(1));
    }

    [Fact]
    public void TakeDropped_AskedAgain_HasOnlyWhatIsNew()
    {
        var lines = Lines();
        Take(lines, 53);
        lines.Lose();

        Assert.Equal((3, 1), lines.TakeDropped());
        Assert.Equal((0, 0), lines.TakeDropped());
        Assert.Equal((3, 1), (lines.Counts.OverRate, lines.Counts.Lost));
    }

    [Fact]
    public void IsRested_UntilTheBurstIsBack_IsFalse()
    {
        var lines = Lines();
        Take(lines, 50);
        Assert.False(lines.IsRested);

        _time.Advance(TimeSpan.FromSeconds(EnclaveLines.BurstSeconds) + TimeSpan.FromTicks(1));

        Assert.True(lines.IsRested);
    }

    private static int Take(EnclaveLines lines, int count) => Enumerable.Range(0, count).Count(_ => lines.TryTake(10));

    private EnclaveLines Lines() => new(ServedConnection.Enclave, new LineCounts(), _time);
}
