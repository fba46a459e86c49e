using System.Collections.Frozen;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace ParentProxy.Egress.Logs;

/// <summary>How logging libraries write the level of a line.</summary>
internal static class JsonLevel
{
    private static readonly FrozenSet<string> Names =
        new[] { "level", "lvl", "severity", "loglevel", "log.level", "levelname", "@l" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenDictionary<string, LogLevel> Words = new (LogLevel Level, string[] Words)[]
    {
        (LogLevel.Trace, ["trace", "trce", "trc", "verbose", "vrb", "finest", "finer", "silly", "all", "t"]),
        (LogLevel.Debug, ["debug", "dbug", "dbg", "fine", "config", "d"]),
        (LogLevel.Information, ["information", "informational", "info", "inf", "notice", "default", "success", "http", "i"]),
        (LogLevel.Warning, ["warning", "warn", "wrn", "w"]),
        (LogLevel.Error, ["error", "eror", "err", "fail", "severe", "e"]),
        (LogLevel.Critical, ["critical", "crit", "fatal", "ftl", "panic", "dpanic", "alert", "emergency", "emerg", "c", "f"]),
    }.SelectMany(level => level.Words, (level, word) => (word, level.Level)).ToFrozenDictionary(
        pair => pair.word, pair => pair.Level, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a field of this name tells the level.</summary>
    public static bool IsName(string name) => Names.Contains(name);

    /// <summary>
    /// The level that a field says in a word, or in a number of pino and bunyan: 10 trace, 20 debug, and so on to 60 fatal, and what
    /// lies between. Null for anything else, such as syslog's numbers, which count the other way round.
    /// </summary>
    public static LogLevel? Read(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Words.TryGetValue(value.GetString()!, out var level) ? level : null,
        JsonValueKind.Number => value.TryGetDouble(out var number) ? number switch
        {
            >= 60 => LogLevel.Critical,
            >= 50 => LogLevel.Error,
            >= 40 => LogLevel.Warning,
            >= 30 => LogLevel.Information,
            >= 20 => LogLevel.Debug,
            >= 10 => LogLevel.Trace,
            _ => null,
        } : null,
        _ => null,
    };
}
