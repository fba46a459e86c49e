using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using ParentProxy.Telemetry;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Formatting.Display;

namespace ParentProxy.Tests.Egress.Logs;

/// <summary>The log of the program up to its sink, which keeps events here, or blocks.</summary>
internal sealed class EventLog : IDisposable
{
    private readonly ConcurrentQueue<LogEvent> _events = new();
    private readonly Logger _serilog;
    private readonly LoggerFactory _factory;

    public EventLog()
    {
        _serilog = new LoggerConfiguration().MinimumLevel.Verbose().WriteTo.Sink(new Sink(this)).CreateLogger();
        _factory = new LoggerFactory([new SerilogLoggerProvider(_serilog)], new LoggerFilterOptions { MinLevel = LogLevel.Trace });
    }

    public ILoggerFactory Factory => _factory;

    /// <summary>While it is unset, whoever writes waits.</summary>
    public ManualResetEventSlim Open { get; } = new(initialState: true);

    public IReadOnlyList<LogEvent> Events => [.. _events];

    /// <summary>What the program prints of each: <c>INF prover-1 (CID 16): hello</c>.</summary>
    public IReadOnlyList<string> Lines => [.. _events.Select(AsText)];

    public static string AsText(LogEvent logEvent)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        new MessageTemplateTextFormatter("{Level:u3} {Message:lj}", CultureInfo.InvariantCulture).Format(logEvent, text);
        return text.ToString();
    }

    public static string AsJson(LogEvent logEvent)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        new JsonLineFormatter().Format(logEvent, text);
        return text.ToString();
    }

    public void Dispose()
    {
        Open.Set();
        _factory.Dispose();
        _serilog.Dispose();
    }

    private sealed class Sink(EventLog log) : ILogEventSink
    {
        public void Emit(LogEvent logEvent)
        {
            log.Open.Wait();
            log._events.Enqueue(logEvent);
        }
    }
}
