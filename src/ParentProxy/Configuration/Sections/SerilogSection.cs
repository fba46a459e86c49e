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

    /// <summary>Completes the log's options with the levels.</summary>
    public static LogOptions Read(SectionReader section, LogOptions log)
    {
        section.AcceptRest();
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
