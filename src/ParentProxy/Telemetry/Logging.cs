using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using Serilog;
using Serilog.Core;
using Serilog.Debugging;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Settings.Configuration;

namespace ParentProxy.Telemetry;

/// <summary>The program's log: Serilog behind the framework's abstractions.</summary>
/// <remarks>
/// Not by <c>UseSerilog</c>: its factory goes past <see cref="LogLevels"/>, and there is no one host to use it on. The public
/// and the admin listener each have their own, and the log is there before and after both.
/// </remarks>
internal sealed class Logging : IAsyncDisposable
{
    private const string Line = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}";

    /// <summary>How long the end of the program waits for the last lines to be written.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(3);

    private readonly LogLevels _levels;
    private readonly Logger _serilog;
    private readonly SerilogLoggerProvider _provider;
    private readonly LogLosses _losses = new(TimeProvider.System);

    /// <summary>Opens the log, and the sinks that the Serilog section names.</summary>
    /// <param name="options">What the log looks like.</param>
    /// <param name="sections">Where the section <c>Serilog</c> is.</param>
    /// <param name="isUnderSystemd">Whether the journal reads what is written.</param>
    /// <param name="sink">Gets every event, instead of the console; null for the console.</param>
    public Logging(LogOptions options, IConfiguration sections, bool isUnderSystemd, ILogEventSink? sink = null)
    {
        _levels = new LogLevels(options);
        var serilog = new LoggerConfiguration().MinimumLevel.Verbose().Filter.ByExcluding(IsClientGone);
        var section = WithoutLevels(sections);
        ReadFrom(section, serilog);
        if (sink is not null)
        {
            serilog.WriteTo.Sink(sink);
        }
        else if (!section.GetSection("Serilog:WriteTo").GetChildren().Any())
        {
            var asJson = options.Format == LogFormat.Json || (options.Format == LogFormat.Auto && isUnderSystemd);

            // The console writes synchronously; nothing on the way of a request may wait for it. The access log writes there,
            // too, under the same lock.
            serilog.WriteTo.Async(
                sink =>
                {
                    if (asJson)
                        sink.Console(new JsonLineFormatter(), syncRoot: Console.Out);
                    else
                        sink.Console(outputTemplate: Line, formatProvider: CultureInfo.InvariantCulture, syncRoot: Console.Out);
                },
                monitor: _losses);
        }

        _serilog = serilog.CreateLogger();
        _provider = new SerilogLoggerProvider(_serilog);
        Factory = new LoggerFactory([_provider], _levels);
        _losses.Logger = Factory.CreateLogger<LogLosses>();
    }

    /// <summary>Makes loggers, for all of the program.</summary>
    public ILoggerFactory Factory { get; }

    /// <summary>Whether what is written goes to the journal.</summary>
    public static bool IsUnderSystemd(Func<string, string?> environment) =>
        Console.IsOutputRedirected && (environment("JOURNAL_STREAM") is not null || environment("INVOCATION_ID") is not null);

    /// <summary>Takes over the levels of a configuration.</summary>
    public void Update(ProxyOptions options) => _levels.Update(options.Log);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _losses.Dispose();
        Factory.Dispose();
        _provider.Dispose();
        try
        {
            await Task.Run(() => _serilog.DisposeAsync().AsTask()).WaitAsync(LastWords);
        }
        catch (TimeoutException)
        {
            // The reader of the log has stopped reading. What is left is lost, but that must not keep the program from ending.
        }
        catch (Exception ex)
        {
            // A sink of Serilog:WriteTo that writes its last lines to a full disk: no reason to end with anything but our own status.
            await Console.Error.WriteLineAsync($"parent-proxy: the log could not be closed: {ex.Message}");
        }
    }

    /// <summary>
    /// Kestrel's error, with a stack trace, for every client that breaks its upload off: it closes the connection then,
    /// which is all that there is to do.
    /// </summary>
    private static bool IsClientGone(LogEvent logEvent) =>
        logEvent.Properties.TryGetValue("EventId", out var id)
        && id is StructureValue structure
        && structure.Properties.Any(p => p is { Name: "Name", Value: ScalarValue { Value: "RequestBodyDrainBodyReaderInvalidState" } });

    /// <summary>Reads the section; a file that cannot be opened is told here, as Serilog itself keeps that to itself.</summary>
    private static void ReadFrom(IConfigurationRoot section, LoggerConfiguration serilog)
    {
        // Only during this call: later it would report the failure for every line, on the thread that writes the line.
        // What follows the second line is a stack trace.
        SelfLog.Enable(static message =>
        {
            var first = message.Split('\n').Take(2).Select(line => line.Trim());
            Console.Error.WriteLine($"parent-proxy: Serilog: {string.Join(": ", first)}");
        });
        try
        {
            serilog.ReadFrom.Configuration(section, new ConfigurationReaderOptions(
                typeof(ConsoleLoggerConfigurationExtensions).Assembly,
                typeof(FileLoggerConfigurationExtensions).Assembly,
                typeof(LoggerConfigurationAsyncExtensions).Assembly));
        }
        finally
        {
            SelfLog.Disable();
        }
    }

    private static IConfigurationRoot WithoutLevels(IConfiguration sections) => new ConfigurationBuilder()
        .AddInMemoryCollection(sections.GetSection("Serilog").AsEnumerable()
            .Where(pair => pair.Value is not null && !pair.Key.StartsWith("Serilog:MinimumLevel", StringComparison.OrdinalIgnoreCase)))
        .Build();
}
