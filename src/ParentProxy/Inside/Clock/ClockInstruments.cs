using System.Diagnostics.Metrics;

namespace ParentProxy.Inside.Clock;

/// <summary>What is measured of the clock. The counters are read when they are asked for.</summary>
internal static class ClockInstruments
{
    private static readonly ClockCheckResult[] Results = Enum.GetValues<ClockCheckResult>();
    private static readonly string[] Words = [.. Results.Select(result => result.ToString().ToLowerInvariant())];

    /// <summary>Adds them to a meter.</summary>
    public static void Add(Meter meter, ClockCounts counts)
    {
        meter.CreateObservableGauge(
            "parentproxy.inside.clock.offset",
            () => counts.Offset is { } offset ? [new Measurement<double>(offset.TotalSeconds)] : Array.Empty<Measurement<double>>(),
            "s",
            "By how much the clock of the enclave was behind the parent's at the last comparison; negative when it was ahead.");
        meter.CreateObservableCounter(
            "parentproxy.inside.clock.steps", () => counts.Steps, null, "How often the clock was set at once.");
        meter.CreateObservableCounter(
            "parentproxy.inside.clock.checks",
            () => Results.Select(
                result => new Measurement<long>(counts.Of(result), new KeyValuePair<string, object?>("result", Words[(int)result]))),
            null,
            "Comparisons with the parent's clock, by what came of them.");
    }
}
