using ParentProxy.Trust;

namespace ParentProxy.Tests.Trust;

public sealed class TrustScheduleTests
{
    [Theory]
    [InlineData(60, 0, 60)]
    [InlineData(60, 1, 1)]
    [InlineData(60, 2, 2)]
    [InlineData(60, 6, 32)]
    [InlineData(60, 7, 60)]
    [InlineData(60, int.MaxValue, 60)]
    [InlineData(0.1, 1, 0.1)]
    [InlineData(86400, int.MaxValue, 65536)]
    public void Pause_DoublesWithEachFailure_UpToTheInterval(double interval, int failures, double pause) =>
        Assert.Equal(TimeSpan.FromSeconds(pause), TrustSchedule.Pause(TimeSpan.FromSeconds(interval), failures));
}
