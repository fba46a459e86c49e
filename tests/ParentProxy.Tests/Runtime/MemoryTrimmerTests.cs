using ParentProxy.Runtime;
using ParentProxy.Tests.Simulator;

namespace ParentProxy.Tests.Runtime;

public sealed class MemoryTrimmerTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly MemoryTrimmer _trimmer;
    private long _allocated;
    private long _ended;
    private long _turns;
    private int _collections;

    public MemoryTrimmerTests() => _trimmer = new MemoryTrimmer(() => _ended, () => _turns, _time, () => _allocated, () => _collections++);

    public ValueTask DisposeAsync() => _trimmer.DisposeAsync();

    [Fact]
    public void Look_AfterTheStart_CollectsOnceItIsIdle()
    {
        for (var i = 0; i < 3; i++)
        {
            _allocated += MemoryTrimmer.IdleBytes;
            Pass(MemoryTrimmer.Interval);
        }

        Assert.Equal(0, _collections);
        Pass(MemoryTrimmer.Interval);
        Assert.Equal(1, _collections);
        Pass(10 * MemoryTrimmer.Pause);
        Assert.Equal(1, _collections);
    }

    [Fact]
    public void Look_BurstThatGoesOn_CollectsOnceItIsOver()
    {
        IsOverTheStart();
        for (var i = 0; i < 20; i++)
        {
            _allocated += MemoryTrimmer.BurstBytes;
            Pass(MemoryTrimmer.Interval);
        }

        Assert.Equal(0, _collections);
        Pass(MemoryTrimmer.Interval);
        Assert.Equal(1, _collections);
        Pass(10 * MemoryTrimmer.Pause);
        Assert.Equal(1, _collections);
    }

    [Fact]
    public void Look_ManyConnectionsHaveEnded_Collects()
    {
        IsOverTheStart();
        _ended += MemoryTrimmer.BurstConnections - 1;
        Pass(MemoryTrimmer.Interval);
        Assert.Equal(0, _collections);
        _ended++;
        Pass(MemoryTrimmer.Interval);
        Assert.Equal(1, _collections);
    }

    [Fact]
    public void Look_OneBurstAfterTheOther_CollectsNotOftenerThanThePause()
    {
        IsOverTheStart();
        for (var burst = 0; burst < 20; burst++)
        {
            _ended += MemoryTrimmer.BurstConnections;
            Pass(MemoryTrimmer.Interval);
        }

        Assert.Equal(2, _collections);
    }

    [Fact]
    public void Look_BytesAreCarried_WaitsForTheEndOfThat()
    {
        IsOverTheStart();
        _ended += MemoryTrimmer.BurstConnections;
        for (var i = 0; i < 5; i++)
        {
            _turns += MemoryTrimmer.IdleTurns;
            Pass(MemoryTrimmer.Interval);
        }

        Assert.Equal(0, _collections);
        Pass(MemoryTrimmer.Interval);
        Assert.Equal(1, _collections);
    }

    private void IsOverTheStart()
    {
        Pass(MemoryTrimmer.Interval + MemoryTrimmer.Pause);
        Assert.Equal(1, _collections);
        _collections = 0;
    }

    private void Pass(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += MemoryTrimmer.Interval)
            _time.Advance(MemoryTrimmer.Interval);
    }
}
