using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ParentProxy.Configuration;

namespace ParentProxy.Telemetry;

/// <summary>
/// The levels by category. They stand in front of Serilog instead of in it, because there they can change while the
/// program runs, overrides included, when and only when a new configuration takes effect.
/// </summary>
internal sealed class LogLevels : IOptionsMonitor<LoggerFilterOptions>
{
    private LoggerFilterOptions _current;
    private Action<LoggerFilterOptions, string?>? _listeners;

    /// <summary>The levels of a configuration.</summary>
    public LogLevels(LogOptions options) => _current = Build(options);

    /// <inheritdoc/>
    public LoggerFilterOptions CurrentValue => Volatile.Read(ref _current);

    /// <inheritdoc/>
    public LoggerFilterOptions Get(string? name) => CurrentValue;

    /// <inheritdoc/>
    public IDisposable? OnChange(Action<LoggerFilterOptions, string?> listener)
    {
        _listeners += listener;
        return null;
    }

    /// <summary>Takes over the levels of a configuration.</summary>
    public void Update(LogOptions options)
    {
        Volatile.Write(ref _current, Build(options));
        _listeners?.Invoke(CurrentValue, null);
    }

    private static LoggerFilterOptions Build(LogOptions options)
    {
        var filter = new LoggerFilterOptions { MinLevel = options.Level };

        // The hosts inside tell of a failed start with a stack trace; the program tells it in a sentence.
        filter.Rules.Add(new LoggerFilterRule(providerName: null, "Microsoft.Extensions.Hosting", LogLevel.None, filter: null));

        // An activity and a scope for every request, for lines that repeat ours. An override of exactly this category has it back.
        filter.Rules.Add(new LoggerFilterRule(providerName: null, "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None, filter: null));
        foreach (var (category, level) in options.Overrides)
            filter.Rules.Add(new LoggerFilterRule(providerName: null, category, level, filter: null));
        return filter;
    }
}
