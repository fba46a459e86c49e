using Microsoft.Extensions.Logging;
using Serilog.Sinks.Async;

namespace ParentProxy.Telemetry;

/// <summary>
/// Says, once a minute at most, how many lines of the program's log found no room in its queue. Not before half of the queue is
/// free again: otherwise that line would be lost as well.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed partial class LogLosses(TimeProvider time) : IAsyncLogEventSinkMonitor, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private ITimer? _timer;
    private long _said;

    /// <summary>Where it is said. Set once the log is open.</summary>
    public ILogger? Logger { get; set; }

    /// <inheritdoc/>
    public void StartMonitoring(IAsyncLogEventSinkInspector inspector) =>
        _timer = time.CreateTimer(_ => Look(inspector), state: null, Interval, Timeout.InfiniteTimeSpan);

    /// <inheritdoc/>
    public void StopMonitoring(IAsyncLogEventSinkInspector inspector) => Dispose();

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    private void Look(IAsyncLogEventSinkInspector inspector)
    {
        var lost = inspector.DroppedMessagesCount - _said;
        if (lost > 0 && inspector.Count <= inspector.BufferSize / 2 && Logger is { } logger)
        {
            _said += lost;
            Lost(logger, lost);
        }

        _timer?.Change(Interval, Timeout.InfiniteTimeSpan);
    }

    [LoggerMessage(EventId = 710, Level = LogLevel.Warning,
        Message = "Log: {Lines} lines were lost since the last such warning: standard output was not read fast enough")]
    private static partial void Lost(ILogger logger, long lines);
}
