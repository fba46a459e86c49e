using ParentProxy.Runtime;
using ParentProxy.Tests.Support;
using ParentProxy.Vsock;

namespace ParentProxy.Tests.Runtime;

public sealed class KernelClockTests
{
    [Fact]
    public void Change_WithoutTheRight_IsRefused()
    {
        // As root it is given up first, and looked whether it is: no test may set the clock of the machine that it runs on.
        OwnNamespaces.TryRun(() =>
        {
            OwnNamespaces.DropCapabilities();
            Assert.Equal(Errno.EPERM, KernelClock.Slew(TimeSpan.FromMilliseconds(1)));
            Assert.Equal(Errno.EPERM, KernelClock.Step(TimeSpan.FromMilliseconds(-1)));
        });
    }

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
