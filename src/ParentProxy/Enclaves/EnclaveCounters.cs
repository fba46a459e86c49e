using System.Diagnostics.Metrics;
using System.Globalization;

namespace ParentProxy.Enclaves;

/// <summary>What was counted of each enclave that there ever was. All of it is read when it is asked for.</summary>
internal static class EnclaveCounters
{
    private const string EnclaveLabel = EnclaveMeter.Label;

    /// <summary>Adds them to the meter of the proxy.</summary>
    public static void Add(Meter meter, EnclaveMeter enclaves)
    {
        meter.CreateObservableCounter(
            "parentproxy.requests",
            () => enclaves.All.SelectMany(Requests),
            null,
            "Requests by their final status, counted when its head is written; 499: the client was gone before.");
        meter.CreateObservableCounter(
            "parentproxy.request.bytes",
            () => Each(enclaves, e => e.RequestBytes),
            null,
            "Bytes of request bodies that clients sent, tunnels and passthrough included.");
        meter.CreateObservableCounter(
            "parentproxy.response.bytes",
            () => Each(enclaves, e => e.ResponseBytes),
            null,
            "Bytes of response bodies of enclaves that were given to clients, tunnels and passthrough included.");
        meter.CreateObservableCounter(
            "parentproxy.connects",
            () => Named(enclaves, "result", e => e.Connects),
            null,
            "Dials to enclaves for requests and passthrough by result: ok, the errno by name, or a word.");
        meter.CreateObservableCounter(
            "parentproxy.probes", () => Named(enclaves, "result", e => e.Probes), null, "Health probes by result.");
        meter.CreateObservableCounter(
            "parentproxy.attestation.checks",
            () => Named(enclaves, "result", e => e.Attestations),
            null,
            "Requests for attestation documents by what they came to: verified, unpinned, the check that failed, or how the request did.");
        meter.CreateObservableCounter(
            "parentproxy.tunnels.ended",
            () => Named(enclaves, "reason", e => e.Tunnels),
            null,
            "Upgraded connections that have ended, by how they ended; closed is a normal end.");
        meter.CreateObservableCounter(
            "parentproxy.failovers",
            () => Each(enclaves, e => e.Failovers),
            null,
            "Requests and passthrough connections that left an enclave for another one.");
        meter.CreateObservableCounter(
            "parentproxy.ejections",
            () => Each(enclaves, e => e.Ejections),
            null,
            "How often evidence from traffic took an enclave out.");
        meter.CreateObservableCounter(
            "parentproxy.enclave.state_changes",
            () => Each(enclaves, e => e.StateChanges),
            null,
            "How often the state of an enclave has changed.");
    }

    private static IEnumerable<Measurement<long>> Requests(EnclaveMetrics enclave) =>
        enclave.Requests.Read().Select(row => new Measurement<long>(
            row.Count,
            Tag(EnclaveLabel, enclave.Id),
            Tag("method", row.Method),
            Tag("code", row.Code.ToString(CultureInfo.InvariantCulture))));

    private static IEnumerable<Measurement<long>> Each(EnclaveMeter enclaves, Func<EnclaveMetrics, long> read) =>
        enclaves.All
            .Where(enclave => enclave != enclaves.None)
            .Select(enclave => new Measurement<long>(read(enclave), Tag(EnclaveLabel, enclave.Id)));

    private static IEnumerable<Measurement<long>> Named(EnclaveMeter enclaves, string label, Func<EnclaveMetrics, NamedCounts> read) =>
        enclaves.All.SelectMany(enclave =>
            read(enclave).Read().Select(row => new Measurement<long>(row.Count, Tag(EnclaveLabel, enclave.Id), Tag(label, row.Name))));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
