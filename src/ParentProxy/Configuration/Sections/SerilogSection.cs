using Microsoft.Extensions.Logging;
using ParentProxy.Configuration.Reading;
using ParentProxy.Configuration.Sources;

namespace ParentProxy.Configuration.Sections;

/// <summary>
/// Section <c>Serilog</c>. Levels are ours, because they follow a reload; the rest is read by Serilog.Settings.Configuration.
/// </summary>
internal static class SerilogSection
{
    private static readonly Dictionary<string, LogLevel> Levels = new(StringComparer.Ordinal)
    {
        ["Verbose"] = LogLevel.Trace,
        ["Debug"] = LogLevel.Debug,
        ["Information"] = LogLevel.Information,
        ["Warning"] = LogLevel.Warning,
        ["Error"] = LogLevel.Error,
        ["Fatal"] = LogLevel.Critical,
    };

    private static readonly string[] LevelNames = [.. Levels.Keys];

    /// <summary>The sinks in this program, by the names that Serilog reads to the letter.</summary>
    private static readonly string[] Sinks = ["Console", "File", "Async"];

    /// <summary>What Serilog itself has: they lead to other sinks.</summary>
    private static readonly string[] Wrappers = ["Conditional", "FallbackChain", "Fallible", "Logger", "Sink"];

    /// <summary>Completes the log's options with the levels.</summary>
    public static LogOptions Read(SectionReader section, LogOptions log)
    {
        section.AcceptRest();
        CheckSinks(section.Node.Child("WriteTo"), section.Report);
        CheckSinks(section.Node.Child("AuditTo"), section.Report);
        const string key = "MinimumLevel";
        // Serilog has two forms: "Debug", and an object.
        return section.Ask(key).Shape == NodeShape.Value
            ? log with { Level = section.Value(log.Level, ParseLevel, key) }
            : section.Section(key, levels => log with
            {
                Level = levels.Value(log.Level, ParseLevel, "Default"),
                Overrides = levels.Section("Override", overrides => ReadOverrides(overrides, log.Overrides)),
            });
    }

    // Of a sink that it does not find Serilog says nothing: the program would run without a log.
    private static void CheckSinks(ConfigurationNode sinks, ConfigurationReport report)
    {
        foreach (var sink in sinks.Children)
        {
            var name = sink.Shape == NodeShape.Value ? sink : sink.Child("Name");
            if (name.Value is { } text && !Sinks.Contains(text, StringComparer.Ordinal) && !Wrappers.Contains(text, StringComparer.Ordinal))
            {
                var guess = Spelling.Guess(text, Sinks) is { } meant ? $"; did you mean {meant}?" : "";
                report.Problem(
                    name.Location, $"{Quoted.Text(text)} is not a sink of this program; the sinks are {string.Join(", ", Sinks)}{guess}");
            }

            // Those of Async, and those of a logger inside.
            var args = sink.Child("Args");
            CheckSinks(args.Child("configure"), report);
            CheckSinks(args.Child("configureLogger").Child("WriteTo"), report);
        }
    }

    private static Dictionary<string, LogLevel> ReadOverrides(SectionReader section, IReadOnlyDictionary<string, LogLevel> defaults)
    {
        var levels = new Dictionary<string, LogLevel>(defaults, StringComparer.Ordinal);
        foreach (var (category, level) in section.NamedValues(ParseLevel))
            levels[category] = level;
        return levels;
    }

    private static Parsed<LogLevel> ParseLevel(string text) =>
        Values.OneOf(text, LevelNames) is var (name, reason) && reason is null ? Levels[name] : new Mistake(reason!);
}
