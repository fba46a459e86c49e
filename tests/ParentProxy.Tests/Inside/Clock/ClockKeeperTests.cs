using System.Globalization;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Inside.Clock;
using ParentProxy.Tests.Inside.Bridges;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;
using ParentProxy.Vsock;

namespace ParentProxy.Tests.Inside.Clock;

/// <summary>A clock that is compared with a parent's over real sockets; both stand still but for what a test adds.</summary>
public sealed class ClockKeeperTests : IAsyncDisposable
{
    private const string Checks = "clock.checks";
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(7);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(10);

    private readonly ManualTimeProvider _time = new();
    private readonly BridgeBench _bench;
    private readonly FakeClock _clock = new();
    private readonly FakeTimeParent _parent;
    private ClockKeeper? _keeper;
    private TimeSpan _ahead;
    private bool _isSynchronized = true;

    public ClockKeeperTests()
    {
        _bench = new BridgeBench(_time);
        _parent = new FakeTimeParent(_bench.Address("time.sock")) { Says = _ => Line() };
    }

    public async ValueTask DisposeAsync()
    {
        if (_keeper is not null)
            await _keeper.DisposeAsync();
        _parent.Dispose();
        _bench.Dispose();
    }

    [Theory]
    [InlineData(ClockAdjustment.Observe, 0.3, "")]
    [InlineData(ClockAdjustment.Observe, 100, "")]
    [InlineData(ClockAdjustment.Observe, 2e9, "")]
    [InlineData(ClockAdjustment.Slew, 2e9, "slew 2000000000")]
    [InlineData(ClockAdjustment.Slew, -1e9, "slew -1000000000")]
    [InlineData(ClockAdjustment.Step, 2e9, "step 2000000000")]
    [InlineData(ClockAdjustment.Slew, 0.3, "slew 0.3")]
    [InlineData(ClockAdjustment.Slew, -100, "slew -100")]
    [InlineData(ClockAdjustment.Step, 0.5, "slew 0.5")]
    [InlineData(ClockAdjustment.Step, -0.5, "slew -0.5")]
    [InlineData(ClockAdjustment.Step, 0.6, "step 0.6")]
    [InlineData(ClockAdjustment.Step, -100, "step -100")]
    [InlineData(ClockAdjustment.Step, 0, "")]
    internal async Task Compare_Difference_IsDealtWithAsItIsSet(ClockAdjustment adjust, double ahead, string expected)
    {
        _ahead = TimeSpan.FromSeconds(ahead);
        await ComparedAsync(adjust, expected.StartsWith("step", StringComparison.Ordinal) ? TimeSpan.FromSeconds(1) : Interval);

        Assert.Equal(expected, string.Join(", ", _clock.Done));
        Assert.Equal(expected.StartsWith("step", StringComparison.Ordinal) ? 1 : 0, Measured("clock.steps{}"));
        Assert.Equal(1, Measured($"{Checks}{{compared}}"));
    }

    [Fact]
    public async Task Compare_SeveralExchanges_TheFastestCounts()
    {
        // The way there and back take the same time in the third exchange alone.
        double[] there = [0.03, 0.05, 0.01, 0.001];
        double[] back = [0.05, 0.001, 0.01, 0.06];
        _parent.Says = i =>
        {
            _time.Advance(TimeSpan.FromSeconds(there[i % 4]));
            var line = Line();
            _time.Advance(TimeSpan.FromSeconds(back[i % 4]));
            return line;
        };
        _ahead = TimeSpan.FromSeconds(0.3);

        await ComparedAsync(ClockAdjustment.Slew, Interval);

        Assert.Equal(["slew 0.3"], _clock.Done);
        Assert.Equal(
            "The clock differs from the parent's by 0.3 s, give or take 0.01 s; the parent's own error is 0.00025 s",
            Assert.Single(_bench.Log.Entries).Message);
    }

    [Fact]
    public async Task Compare_LessThanTheExchangeMayAdd_IsNoDifference()
    {
        _parent.Says = _ =>
        {
            var line = Line();
            _time.Advance(TimeSpan.FromSeconds(0.02));
            return line;
        };
        _ahead = TimeSpan.FromSeconds(0.0199);

        await ComparedAsync(ClockAdjustment.Slew, Interval);

        Assert.Empty(_clock.Done);
    }

    [Fact]
    public async Task Compare_ParentNotSynchronized_NothingIsDoneAndItIsSaidOnce()
    {
        (_isSynchronized, _ahead) = (false, TimeSpan.FromSeconds(100));
        await ComparedAsync(ClockAdjustment.Step, Interval);
        await PassAsync(Interval, Interval);

        Assert.Empty(_clock.Done);
        Assert.Contains("synchronized=false", Assert.Single(_bench.Log.AtLeast(LogLevel.Warning)).Message, StringComparison.Ordinal);
        Assert.Equal(2, Measured($"{Checks}{{unsynchronized}}"));

        _isSynchronized = true;
        await PassAsync(Interval, TimeSpan.FromSeconds(1));
        Assert.Equal(["step 100"], _clock.Done);
    }

    [Fact]
    public async Task Compare_WithoutTheRight_IsSaidOnceAndGoesOn()
    {
        (_clock.Failure, _ahead) = (Errno.EPERM, TimeSpan.FromSeconds(0.2));
        await ComparedAsync(ClockAdjustment.Slew, Interval);
        await PassAsync(Interval, Interval);

        Assert.Contains(
            "by 0.2 s and cannot be adjusted (adjtimex: EPERM, operation not permitted)",
            Assert.Single(_bench.Log.AtLeast(LogLevel.Warning)).Message,
            StringComparison.Ordinal);
        Assert.Equal(2, Measured($"{Checks}{{compared}}"));
    }

    [Fact]
    public async Task Compare_LargeDifference_IsSaidWhenItComesAndGoes()
    {
        foreach (var ahead in (double[])[0.1, 2, 3, 0.2])
        {
            _ahead = TimeSpan.FromSeconds(ahead);
            if (_keeper is null)
                await ComparedAsync(ClockAdjustment.Slew, Interval);
            else
                await PassAsync(Interval, Interval);
        }

        Assert.Equal(
            [
                "The clock differs from the parent's by 0.1 s, give or take 0 s; the parent's own error is 0.00025 s",
                "The clock differs from the parent's by 2 s, which is more than Enclave:Time:StepThreshold. To slew it takes 0 days, 01:07 "
                    + "hours; with Enclave:Time:Adjust=Step it would be set at once",
                "The clock differs from the parent's by 0.2 s, less than Enclave:Time:StepThreshold again",
            ],
            _bench.Log.Entries.Select(entry => entry.Message));
    }

    [Theory]
    [InlineData(null, "it was closed without an answer")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n", "it answers something else than the time")]
    public async Task Compare_NoTime_IsSaidOnceAndTriedAgain(string? says, string failure)
    {
        _parent.Says = _ => says;
        await ComparedAsync(ClockAdjustment.Slew, Retry);
        await PassAsync(Retry, Retry);

        Assert.Contains(
            $"cannot be compared with the parent's on unix:{_bench.Path("time.sock")}: {failure}. ",
            Assert.Single(_bench.Log.Entries).Message,
            StringComparison.Ordinal);
        Assert.Equal(2, Measured($"{Checks}{{failed}}"));

        _parent.Says = _ => Line();
        await PassAsync(Retry, Interval);
        Assert.Equal(1, Measured($"{Checks}{{compared}}"));
    }

    [Fact]
    public async Task Compare_ParentAway_IsSaid()
    {
        _parent.Dispose();
        await ComparedAsync(ClockAdjustment.Slew, Retry);

        Assert.Contains("time.sock: ENOENT (", Assert.Single(_bench.Log.Entries).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ClockAdjustment.Step, false)]
    [InlineData(ClockAdjustment.Slew, true)]
    internal async Task Start_WaitsUntilTheClockIsSet_WhereItMayBe(ClockAdjustment adjust, bool goesOn)
    {
        using var answers = new ManualResetEventSlim();
        _ahead = TimeSpan.FromSeconds(100);
        _parent.Says = _ =>
        {
            answers.Wait();
            return Line();
        };
        var starting = Keeper(adjust).StartAsync(Patience);
        Assert.Equal(goesOn, starting.IsCompleted);

        answers.Set();
        await starting.WaitAsync(TestDeadline.Value);
        Assert.Equal(goesOn ? 0 : 1, _clock.Done.Count(done => done.StartsWith("step", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Start_ParentSaysNothing_WaitsNoLongerThanItMay()
    {
        using var answers = new ManualResetEventSlim();
        _parent.Says = _ =>
        {
            answers.Wait();
            return null;
        };
        var starting = Keeper(ClockAdjustment.Step).StartAsync(Patience);

        await _time.WaitForTimerAsync(Patience);
        _time.Advance(Patience);

        await starting.WaitAsync(TestDeadline.Value);
        answers.Set();
    }

    private string Line() => string.Create(
        CultureInfo.InvariantCulture,
        $"{_time.GetUtcNow().UtcDateTime + _ahead:yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'} error=0.000250 "
        + $"synchronized={(_isSynchronized ? "true" : "false")} leap=none source=kernel\n");

    /// <summary>Compares for the first time, after which it waits as long as this.</summary>
    private Task ComparedAsync(ClockAdjustment adjust, TimeSpan pause)
    {
        _ = Keeper(adjust).StartAsync(Patience);
        return _time.WaitForTimerAsync(pause);
    }

    private ClockKeeper Keeper(ClockAdjustment adjust)
    {
        var to = InsideTarget.Parse(_bench.Address("time.sock").Text).Value!;
        return _keeper = new ClockKeeper(
            new InsideTimeOptions { To = to, Adjust = adjust, Interval = Interval }, _bench.Context(new InsideOptions()), _clock);
    }

    private async Task PassAsync(TimeSpan pause, TimeSpan next)
    {
        _time.Advance(pause);
        await _time.WaitForTimerAsync(next);
    }

    private long Measured(string name) => _bench.Measure()[name];
}
