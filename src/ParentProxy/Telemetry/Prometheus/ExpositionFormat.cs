namespace ParentProxy.Telemetry.Prometheus;

/// <summary>The two texts that Prometheus reads.</summary>
internal enum ExpositionFormat
{
    /// <summary>Prometheus text 0.0.4.</summary>
    Text,

    /// <summary>OpenMetrics 1.0: the same with units, exemplars and the times when series began.</summary>
    OpenMetrics,
}
