using System.Diagnostics.Metrics;

namespace ParentProxy.Telemetry.Metrics;

/// <summary>Measurements with one label.</summary>
internal static class Labelled
{
    /// <summary>What an observable instrument of several series hands over for one of them.</summary>
    public static Measurement<T> Value<T>(T value, string label, string text)
        where T : struct => new(value, new KeyValuePair<string, object?>(label, text));
}
