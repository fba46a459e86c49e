using System.Runtime.InteropServices;
using ParentProxy.Hosting;
using ParentProxy.Tests.Simulator;

namespace ParentProxy.Tests.Hosting;

/// <summary>Which signals are one, by a clock that the test sets.</summary>
public sealed class StopSignalsTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly List<PosixSignal> _ended = [];
    private readonly StopSignals _signals;

    public StopSignalsTests() => _signals = new StopSignals(_ended.Add, _time, includeHangUp: true);

    public void Dispose() => _signals.Dispose();

    [Theory]
    [InlineData(PosixSignal.SIGTERM)]
    [InlineData(PosixSignal.SIGINT)]
    [InlineData(PosixSignal.SIGQUIT)]
    [InlineData(PosixSignal.SIGHUP)]
    public async Task SameSignal_WithinASecond_IsTheFirstStill(PosixSignal signal)
    {
        _signals.Take(signal);
        _signals.Take(signal);
        _time.Advance(TimeSpan.FromMilliseconds(999));
        _signals.Take(signal);

        Assert.Empty(_ended);
        Assert.Equal(signal, await _signals.Requested);
    }

    [Theory]
    [InlineData(PosixSignal.SIGTERM)]
    [InlineData(PosixSignal.SIGINT)]
    public void SameSignal_AfterASecond_EndsAtOnce(PosixSignal signal)
    {
        // Who goes on asking is heard a second after the first time, not after the last.
        _signals.Take(signal);
        _time.Advance(TimeSpan.FromMilliseconds(600));
        _signals.Take(signal);
        _time.Advance(TimeSpan.FromMilliseconds(400));
        _signals.Take(signal);

        Assert.Equal([signal], _ended);
    }

    [Theory]
    [InlineData(PosixSignal.SIGTERM, PosixSignal.SIGINT)]
    [InlineData(PosixSignal.SIGINT, PosixSignal.SIGTERM)]
    [InlineData(PosixSignal.SIGTERM, PosixSignal.SIGQUIT)]
    public async Task OtherSignal_AtAnyTime_EndsAtOnce(PosixSignal first, PosixSignal second)
    {
        _signals.Take(first);
        _signals.Take(second);

        Assert.Equal([second], _ended);
        Assert.Equal(first, await _signals.Requested);
    }
}
