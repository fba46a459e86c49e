using Microsoft.Extensions.Logging;
using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Log</c>, and the levels of section <c>Serilog</c> (<c>Serilog:MinimumLevel</c>).</summary>
internal sealed record LogOptions
{
    /// <summary>How events are written to the console.</summary>
    public LogFormat Format { get; init; } = LogFormat.Auto;

    /// <summary>The level of what no override names.</summary>
    public LogLevel Level { get; init; } = LogLevel.Information;

    /// <summary>Levels by category prefix.</summary>
    public IReadOnlyDictionary<string, LogLevel> Overrides { get; init; } =
        new Dictionary<string, LogLevel>(StringComparer.Ordinal)
        {
            ["Microsoft"] = LogLevel.Warning,
            ["System"] = LogLevel.Warning,

            // Its warnings say again, with a stack trace, what ours say with the enclave and a hint.
            ["Yarp"] = LogLevel.Error,
        };

    /// <summary>Reads section <c>Log</c>; the levels stay at their defaults.</summary>
    public static LogOptions Read(SectionReader section)
    {
        var defaults = new LogOptions();
        return new LogOptions { Format = section.Enum(defaults.Format) };
    }
}
