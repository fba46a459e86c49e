using ParentProxy.Egress.Time;

namespace ParentProxy.Tests.Egress.Time;

public sealed class KernelClockTests
{
    [Fact]
    public void Read_OfThisMachine_IsItsTimeAndABound()
    {
        // The kernel leaves out what is below a microsecond.
        var before = DateTime.UtcNow.AddMicroseconds(-1);
        var reading = KernelClock.Read();
        var after = DateTime.UtcNow;

        Assert.Equal(DateTimeKind.Utc, reading.Utc.Kind);
        if (reading.Failure is not null)
            return;
        Assert.InRange(reading.Utc, before, after);
        Assert.InRange(reading.MaxError, TimeSpan.Zero, TimeSpan.FromSeconds(16));
    }
}
