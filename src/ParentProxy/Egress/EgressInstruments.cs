using System.Diagnostics.Metrics;
using System.Text.Json;
using ParentProxy.Egress.Logs;
using ParentProxy.Egress.Lookups;
using ParentProxy.Enclaves;
using ParentProxy.Telemetry.Metrics;

namespace ParentProxy.Egress;

/// <summary>What is measured of egress. The counters are read when they are asked for.</summary>
internal sealed class EgressInstruments
{
    private const string Listener = "listener";
    private const string Result = "result";

    private static readonly string[] Results =
        [.. Enum.GetNames<EgressResult>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];

    private readonly Histogram<double> _connect;

    /// <summary>Adds them to the meter of the proxy.</summary>
    public EgressInstruments(
        Meter meter, Func<IEnumerable<EgressListener>> listeners, EgressCounts counts, DnsCounts questions, LogCounts lines)
    {
        _connect = meter.CreateHistogram<double>(
            "parentproxy.egress.connect.duration",
            "s",
            "Destinations that were reached, from the request of the enclave until they took the connection, the name's resolution "
                + "included.");
        meter.CreateObservableGauge(
            "parentproxy.egress.open_connections",
            () => listeners().Select(listener => Labelled.Value(listener.Connections, Listener, listener.Name)),
            null,
            "Connections of enclaves that are open.");
        meter.CreateObservableGauge(
            "parentproxy.egress.listener.up",
            () => listeners().Select(listener => Labelled.Value(listener.Refusal is null ? 1 : 0, Listener, listener.Name)),
            null,
            "Whether the listener takes connections of enclaves: 1, or 0 when it does not.");
        meter.CreateObservableCounter(
            "parentproxy.egress.connections",
            () => counts.Results.Select(one => new Measurement<long>(
                one.Count, new(Listener, one.Listener), new("rule", one.Rule), new(Result, Results[(int)one.Result]))),
            null,
            "Connections of enclaves that are over, and those that did not get what they came for, by the rule that decided and by result. "
                + "Of DNS questions are counted instead.");
        meter.CreateObservableCounter(
            "parentproxy.egress.bytes",
            () => counts.Bytes.SelectMany(Bytes),
            null,
            "Bytes that were carried between enclaves and destinations, by who sent them.");
        meter.CreateObservableCounter(
            "parentproxy.egress.dns.questions",
            () =>
                from result in DnsCounts.Results
                from framing in DnsCounts.Framings
                select new Measurement<long>(
                    questions.Of(result, framing), new(Result, DnsCounts.Word(result)), new("framing", DnsCounts.Word(framing))),
            null,
            "Questions of enclaves for names, by what they came to, and by whether their stream has lengths (framed) or not (bare).");
        meter.CreateObservableGauge(
            "parentproxy.egress.dns.open_streams", () => questions.OpenStreams, null, "Streams of DNS that are open.");
        meter.CreateObservableCounter(
            "parentproxy.egress.dns.streams",
            () => DnsCounts.Framings.Select(framing => Labelled.Value(questions.Streams(framing), "framing", DnsCounts.Word(framing))),
            null,
            "Streams of DNS that are over, by whether they had lengths (framed) or not (bare).");
        meter.CreateObservableCounter(
            "parentproxy.egress.dns.streams.idle",
            () => questions.IdleStreams,
            null,
            "Streams of DNS that were ended because nothing was asked on them any more.");
        meter.CreateObservableCounter(
            "parentproxy.egress.dns.truncated",
            () => questions.Truncated,
            null,
            "Answers that were cut, since a datagram had to hold them.");
        meter.CreateObservableCounter(
            "parentproxy.egress.log_lines",
            () => lines.Read().SelectMany(one => Lines(one.Label, one.Counts)),
            null,
            "Lines that enclaves wrote, by what became of them: written, over_rate (over Egress:Logs:LinesPerSecond), or lost because "
                + "the log was slower.");
        meter.CreateObservableCounter(
            "parentproxy.egress.log_lines.cut",
            () => lines.Read().Select(one => Labelled.Value(one.Counts.Cut, EnclaveMeter.Label, one.Label)),
            null,
            "Lines that were longer than Egress:Logs:MaxLineBytes, of which the rest was left out.");
    }

    /// <summary>A destination was reached.</summary>
    public void RecordConnect(TimeSpan duration) => _connect.Record(duration.TotalSeconds);

    private static Measurement<long>[] Bytes((string Listener, long FromEnclaves, long ToEnclaves) one) =>
    [
        new(one.FromEnclaves, new(Listener, one.Listener), new("from", "enclave")),
        new(one.ToEnclaves, new(Listener, one.Listener), new("from", "destination")),
    ];

    private static Measurement<long>[] Lines(string enclave, LineCounts counts) =>
    [
        new(counts.Written, new(EnclaveMeter.Label, enclave), new(Result, "written")),
        new(counts.OverRate, new(EnclaveMeter.Label, enclave), new(Result, "over_rate")),
        new(counts.Lost, new(EnclaveMeter.Label, enclave), new(Result, "lost")),
    ];
}
