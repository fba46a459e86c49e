using System.Diagnostics.Metrics;
using Microsoft.Win32.SafeHandles;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Inside.Application;
using Serilog.Core;
using Serilog.Events;

namespace ParentProxy.Inside.Logs;

/// <summary>
/// Takes the lines of the application and of the program to the parent's log, and to the console where that is wanted. Without a parent's
/// log there is nothing to do: then both write to standard output themselves.
/// </summary>
internal sealed class LogShipper : IApplicationOutput, IParentLineEvents, IAsyncDisposable
{
    /// <summary>Bytes that wait for the console.</summary>
    private const int ConsoleBytes = 1024 * 1024;

    /// <summary>How long the end waits for a console that may be read by nobody.</summary>
    private static readonly TimeSpan ConsolePatience = TimeSpan.FromSeconds(1);

    private readonly InsideLogsOptions? _options;
    private readonly TimeProvider _time;
    private readonly LogEvents _events;
    private readonly LineQueue _parent;
    private readonly LineQueue _console;
    private readonly ConsoleLines _consoleLines;
    private readonly ShippedLines? _lines;
    private readonly OutputReader? _reader;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _sending = Task.CompletedTask;
    private readonly Lock _gate = new();
    private Task? _flushing;
    private long? _awaySince;

    /// <summary>Writes to the parent as soon as there is a line.</summary>
    /// <param name="options">Where the parent's log is, and how much may wait for it.</param>
    /// <param name="dialer">The way there.</param>
    /// <param name="meter">Where instruments are made.</param>
    /// <param name="time">The clock.</param>
    /// <param name="console">The descriptor of standard output; another in tests.</param>
    public LogShipper(InsideOptions options, IEnclaveDialer dialer, Meter meter, TimeProvider time, int console = 1)
    {
        (_options, _time, _events) = (options.Logs, time, new LogEvents(time));
        _parent = new LineQueue(_options?.BufferBytes ?? 0, lost => ShippedLines.AsJson(_events.Lost(lost)));
        _console = new LineQueue(ConsoleBytes, lost => ShippedLines.AsText(_events.LostOnConsole(lost)));
        _consoleLines = new ConsoleLines(_console, console);
        if (_options is not { } logs)
            return;
        if (logs.Console)
            _consoleLines.Start();
        _lines = new ShippedLines(_parent, logs.Console ? _console : null, logs.MaxLineBytes);
        _reader = new OutputReader(() => new LineCutter(logs.MaxLineBytes, _lines));
        LogInstruments.Add(meter, _parent);
        var parent = new ParentLines(logs.To, _parent, dialer, options.ConnectTimeout, this, time);
        _sending = Task.Run(() => SendAsync(parent));
    }

    /// <summary>Takes the program's own events; null when they go to standard output as they do elsewhere.</summary>
    public ILogEventSink? Sink => _lines;

    /// <inheritdoc/>
    public bool IsWanted => _reader is not null;

    /// <inheritdoc/>
    public void Read(SafeFileHandle output, SafeFileHandle error)
    {
        _reader!.Add(output);
        _reader.Add(error);
    }

    /// <inheritdoc/>
    public Task DrainAsync() => _reader?.DrainAsync() ?? Task.CompletedTask;

    /// <summary>Writes what waits, and completes when the parent has read it. What comes after that is lost; called at the end.</summary>
    /// <param name="atMost">How long it may take.</param>
    public Task FlushAsync(TimeSpan atMost)
    {
        lock (_gate)
            return _flushing ??= EndAsync(atMost);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Whoever waits for what is under way does so no more.
        await _stopping.CancelAsync();
        await FlushAsync(TimeSpan.Zero);
        _reader?.Dispose();
        _stopping.Dispose();
    }

    /// <inheritdoc/>
    void IParentLineEvents.Connected()
    {
        if (_awaySince is not { } since)
            return;
        _awaySince = null;
        _lines!.Emit(_events.Back(_options!.To, _time.GetElapsedTime(since)));
    }

    /// <inheritdoc/>
    void IParentLineEvents.Disconnected(string reason)
    {
        // Once for as long as it lasts.
        if (_awaySince is not null)
            return;
        _awaySince = _time.GetTimestamp();
        Tell(_events.Away(_options!.To, reason, _options.BufferBytes));
    }

    private async Task SendAsync(ParentLines parent)
    {
        try
        {
            await parent.RunAsync(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The time of the end is over.
        }
        catch (Exception ex)
        {
            Tell(_events.Fault(ex));
        }
    }

    private async Task EndAsync(TimeSpan atMost)
    {
        await DrainAsync();
        _parent.Complete();
        await _sending.WaitAsync(atMost, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stopping.CancelAsync();
        await _sending;
        if (_parent.Clear() is > 0 and var lines)
            TellOnConsole(_events.NotSent(_options!.To, lines));
        _console.Complete();
        await _consoleLines.Ended.WaitAsync(ConsolePatience, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Says on the console, too, what nobody else may ever see.</summary>
    private void Tell(LogEvent logEvent)
    {
        _lines!.Emit(logEvent);
        if (!_options!.Console)
            TellOnConsole(logEvent);
    }

    private void TellOnConsole(LogEvent logEvent)
    {
        _consoleLines.Start();
        _console.AddOwn(ShippedLines.AsText(logEvent));
    }
}
