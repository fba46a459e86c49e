using System.Diagnostics.Metrics;
using ParentProxy.Enclaves;
using ParentProxy.Telemetry.Metrics;

namespace ParentProxy.Passthrough;

/// <summary>What is measured of passthrough. The counters are read when they are asked for.</summary>
internal sealed class PassthroughInstruments
{
    private const string Listener = "listener";

    private readonly Histogram<double> _connect;
    private readonly Histogram<double> _duration;

    /// <summary>Adds them to the meter of the proxy.</summary>
    public PassthroughInstruments(
        Meter meter,
        Func<IEnumerable<PassthroughListener>> listeners,
        Func<IEnumerable<(string Listener, PassthroughCounts Counts)>> counts)
    {
        _connect = meter.CreateHistogram<double>(
            "parentproxy.passthrough.connect.duration",
            "s",
            "Connections from the accept until they had an enclave, what is read before included.");
        _duration = meter.CreateHistogram<double>(
            "parentproxy.passthrough.connection.duration", "s", "Connections that had an enclave, from the accept to their end.");
        meter.CreateObservableGauge(
            "parentproxy.passthrough.open_connections",
            () => listeners().Select(listener => Labelled.Value(listener.Connections, Listener, listener.Name)),
            null,
            "Connections that are open, those that look for an enclave included.");
        meter.CreateObservableCounter(
            "parentproxy.passthrough.connections",
            () => counts().SelectMany(Ended),
            null,
            "Connections that are over, by enclave and by what ended them.");
        meter.CreateObservableCounter(
            "parentproxy.passthrough.refused",
            () =>
                from one in counts()
                from reason in PassthroughRefusals.All
                select new Measurement<long>(
                    one.Counts.Of(reason), new(Listener, one.Listener), new("reason", PassthroughRefusals.Word(reason))),
            null,
            "Connections that were closed without having reached an enclave.");
        meter.CreateObservableCounter(
            "parentproxy.passthrough.bytes",
            () => counts().SelectMany(Bytes),
            null,
            "Bytes that were carried, by who sent them.");
    }

    /// <summary>A connection has its enclave.</summary>
    public void RecordConnect(string enclave, TimeSpan duration) => _connect.Record(duration.TotalSeconds, Enclave(enclave));

    /// <summary>A connection is over.</summary>
    public void RecordDuration(string enclave, TimeSpan duration) => _duration.Record(duration.TotalSeconds, Enclave(enclave));

    private static KeyValuePair<string, object?> Tag(string listener) => new(Listener, listener);

    private static KeyValuePair<string, object?> Enclave(string id) => new(EnclaveMeter.Label, id);

    private static IEnumerable<Measurement<long>> Ended((string Listener, PassthroughCounts Counts) one) =>
        one.Counts.Ended.Select(ended => new Measurement<long>(
            ended.Count, Tag(one.Listener), Enclave(ended.Enclave), new("end", ConnectionEnds.Word(ended.End))));

    private static Measurement<long>[] Bytes((string Listener, PassthroughCounts Counts) one) =>
    [
        new(one.Counts.BytesFromClients, Tag(one.Listener), new("from", "client")),
        new(one.Counts.BytesFromEnclaves, Tag(one.Listener), new("from", "enclave")),
    ];
}
