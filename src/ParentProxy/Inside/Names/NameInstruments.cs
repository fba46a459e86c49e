using System.Diagnostics.Metrics;

namespace ParentProxy.Inside.Names;

/// <summary>What is measured of names. The counters are read when they are asked for.</summary>
internal static class NameInstruments
{
    private static readonly string[] Words = [.. NameCounts.Results.Select(result => result.ToString().ToLowerInvariant())];

    /// <summary>Adds them to a meter.</summary>
    public static void Add(Meter meter, NameCounts counts)
    {
        meter.CreateObservableCounter(
            "parentproxy.inside.dns.questions",
            () => NameCounts.Results.Select(
                result => new Measurement<long>(counts.Of(result), new KeyValuePair<string, object?>("result", Words[(int)result]))),
            null,
            "Questions of programs inside for names, by what they came to.");
        meter.CreateObservableGauge(
            "parentproxy.inside.dns.open", () => counts.Open, null, "Questions of programs inside that have no answer yet.");
    }
}
