using Microsoft.Extensions.Logging;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Log</c>, and the levels of section <c>Serilog</c> (<c>Serilog:MinimumLevel</c>).</summary>
internal sealed record LogOptions
{
    /// <summary>How events are written to the console.</summary>
    public LogFormat Format { get; init; } = LogFormat.Auto;

    /// <summary>The level of what no override names.</summary>
    public LogLevel Level { get; init; } = LogLevel.Information;

    /// <summary>Levels by category prefix.</summary>
    public IReadOnlyDictionary<string, LogLevel> Overrides { get; init; } = new Dictionary<string, LogLevel>();
}
