using Microsoft.Extensions.Logging;
using ParentProxy.Telemetry;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;
using Serilog.Sinks.Async;

namespace ParentProxy.Tests.Telemetry;

public sealed class LogLossesTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly TestLog _log = new();
    private readonly Queue _queue = new();

    public void Dispose() => _log.Dispose();

    [Fact]
    public void Minute_NothingLost_SaysNothing()
    {
        using var losses = Watch();

        _time.Advance(TimeSpan.FromMinutes(3));

        Assert.Empty(_log.AtLeast(LogLevel.Warning));
    }

    [Fact]
    public void Minute_LinesLost_SaysHowManySinceTheLastTime()
    {
        using var losses = Watch();

        _queue.DroppedMessagesCount = 3;
        _time.Advance(TimeSpan.FromMinutes(2));
        _queue.DroppedMessagesCount = 8;
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(
            ["Log: 3 lines", "Log: 5 lines"], _log.AtLeast(LogLevel.Warning).Select(warning => warning.Message[.."Log: 3 lines".Length]));
    }

    [Fact]
    public void Minute_TheQueueIsStillFull_WaitsUntilThereIsRoomForTheWarning()
    {
        using var losses = Watch();

        (_queue.DroppedMessagesCount, _queue.Count) = (3, 51);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(_log.AtLeast(LogLevel.Warning));
        _queue.Count = 50;
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.StartsWith("Log: 3 lines were lost", Assert.Single(_log.AtLeast(LogLevel.Warning)).Message, StringComparison.Ordinal);
    }

    private LogLosses Watch()
    {
        var loggers = LoggerFactory.Create(logging => logging.AddProvider(_log));
        var losses = new LogLosses(_time) { Logger = loggers.CreateLogger<LogLosses>() };
        losses.StartMonitoring(_queue);
        return losses;
    }

    private sealed class Queue : IAsyncLogEventSinkInspector
    {
        public int BufferSize => 100;

        public int Count { get; set; }

        public long DroppedMessagesCount { get; set; }
    }
}
