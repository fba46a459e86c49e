using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;

namespace ParentProxy.Telemetry.AccessLog;

/// <summary>Where the configuration in effect wants lines.</summary>
/// <param name="configuration">What is in effect.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where is told what goes wrong.</param>
internal sealed class ConfiguredTarget(ActiveConfiguration configuration, TimeProvider time, ILogger logger) : ILineTarget
{
    private ILineTarget? _target;
    private AccessLogOptions? _options;

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> lines)
    {
        var options = configuration.Options.AccessLog;
        if (_target is null || !IsSamePlace(options, _options!))
        {
            Dispose();
            _target = Open(options);
            _options = options;
        }

        _target.Write(lines);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        var target = _target;
        _target = null;
        target?.Dispose();
    }

    private ILineTarget Open(AccessLogOptions options) => options is { Sink: AccessLogSink.File, Path: { } path }
        ? new FileTarget(path, options.MaxFileBytes, options.MaxFiles, time, logger)
        : new ConsoleTarget();

    private static bool IsSamePlace(AccessLogOptions one, AccessLogOptions other) =>
        ReferenceEquals(one, other)
        || (one.Sink == other.Sink && one.Path == other.Path && one.MaxFileBytes == other.MaxFileBytes && one.MaxFiles == other.MaxFiles);
}
