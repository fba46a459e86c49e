using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using ParentProxy.Telemetry.Metrics;

namespace ParentProxy.Inside.Bridges;

/// <summary>What is measured of bridges. The counters are read when they are asked for.</summary>
internal sealed class BridgeInstruments
{
    private const string Listener = "listener";

    private readonly ConcurrentDictionary<string, BridgeCounts> _counts = new(StringComparer.Ordinal);

    /// <summary>Adds them to the meter of the program; once for all its bridges.</summary>
    public BridgeInstruments(Meter meter)
    {
        meter.CreateObservableGauge(
            "parentproxy.inside.connections.open",
            () => _counts.Select(one => Labelled.Value(one.Value.Open, Listener, one.Key)),
            null,
            "Connections that are open, those that are not yet carried included.");
        meter.CreateObservableCounter(
            "parentproxy.inside.connections",
            () =>
                from one in _counts
                from result in BridgeResults.All
                let count = one.Value.Of(result)
                where count > 0 || result == BridgeResult.Ok
                select new Measurement<long>(count, new(Listener, one.Key), new("result", BridgeResults.Word(result))),
            null,
            "Connections that are over, by what they came to.");
        meter.CreateObservableCounter(
            "parentproxy.inside.bytes",
            () => _counts.SelectMany(one => Bytes(one.Key, one.Value)),
            null,
            "Bytes that were carried to programs inside (in) and from them (out).");
    }

    /// <summary>What is counted under a label, from its first use on.</summary>
    public BridgeCounts Of(string listener) => _counts.GetOrAdd(listener, static _ => new BridgeCounts());

    private static Measurement<long>[] Bytes(string listener, BridgeCounts counts) =>
    [
        new(counts.In, new(Listener, listener), new("direction", "in")),
        new(counts.Out, new(Listener, listener), new("direction", "out")),
    ];
}
