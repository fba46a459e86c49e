using System.Buffers;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;

namespace ParentProxy.Telemetry.AccessLog;

/// <summary>
/// The access log: which requests it holds, how they are written, where to. Follows the configuration in effect. It does
/// not go through the program's log: no level of that concerns it, and a line costs no object.
/// </summary>
internal sealed class AccessLogger : IAsyncDisposable
{
    /// <summary>From one warning about lost lines to the next.</summary>
    private static readonly TimeSpan WarnAgain = TimeSpan.FromMinutes(1);

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _line;

    private readonly ActiveConfiguration _configuration;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ILogger _logger;
    private readonly LineQueue _queue;
    private readonly RefusalLines _refusals;
    private readonly Lock _warning = new();
    private LoggedFields _fields;
    private long? _warned;
    private long _unwarned;

    /// <summary>An access log to which nothing was written yet.</summary>
    /// <param name="configuration">What is in effect.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where is told that lines were lost.</param>
    /// <param name="random">Decides what a sample holds.</param>
    public AccessLogger(ActiveConfiguration configuration, TimeProvider time, ILogger<AccessLogger> logger, Random? random = null)
    {
        _configuration = configuration;
        _time = time;
        _logger = logger;
        _random = random ?? Random.Shared;
        _fields = new LoggedFields(configuration.Options.AccessLog);
        _refusals = new RefusalLines(time, logger);
        _queue = new LineQueue(new ConfiguredTarget(configuration, time, logger), OnDropped);
    }

    /// <summary>Lines that were written.</summary>
    public long Lines => _queue.Written;

    /// <summary>Lines that were lost, because they came too fast or could not be written.</summary>
    public long Dropped => _queue.Dropped;

    /// <summary>Whether a request is to be logged. Ask once for each: it may be left to chance.</summary>
    /// <param name="status">Its final status.</param>
    /// <param name="isRemarkable">Whether it is logged as long as anything is.</param>
    public bool Wants(int status, bool isRemarkable)
    {
        var options = _configuration.Options.AccessLog;
        return options.Mode switch
        {
            AccessLogMode.Off => false,
            _ when isRemarkable => true,
            AccessLogMode.Errors => false,
            _ => status is < 200 or > 299 || options.Sample2xx >= 1 || _random.NextDouble() < options.Sample2xx,
        };
    }

    /// <summary>
    /// Whether a request that is refused is to be logged. Ask once for each. To have them refused costs a client so little
    /// that among the errors only so many have a line; where every request has one, they have it too.
    /// </summary>
    public bool WantsRefusal() => _configuration.Options.AccessLog.Mode switch
    {
        AccessLogMode.Off => false,
        AccessLogMode.Errors => _refusals.TryTake(),
        _ => true,
    };

    /// <summary>Logs a request. Never waits.</summary>
    public void Write(in AccessEvent request)
    {
        var fields = Fields(_configuration.Options.AccessLog);
        var line = _line ??= new ArrayBufferWriter<byte>(1024);
        line.ResetWrittenCount();
        if (fields.Options.Format == AccessLogFormat.Combined)
            CombinedLine.Write(request, fields, line);
        else
            JsonLine.Write(request, fields, line);
        _queue.Add(line.WrittenSpan);
    }

    /// <summary>Writes what waits, if that takes no longer than a moment.</summary>
    public ValueTask DisposeAsync() => _queue.DisposeAsync();

    private LoggedFields Fields(AccessLogOptions options)
    {
        var fields = _fields;
        return ReferenceEquals(fields.Options, options) ? fields : _fields = new LoggedFields(options);
    }

    private void OnDropped(int lines, string why)
    {
        lock (_warning)
        {
            _unwarned += lines;
            if (_warned is { } last && _time.GetElapsedTime(last) < WarnAgain)
                return;
            _warned = _time.GetTimestamp();
            lines = (int)Math.Min(_unwarned, int.MaxValue);
            _unwarned = 0;
        }

        AccessLogWarnings.Lost(_logger, lines, why);
    }
}
