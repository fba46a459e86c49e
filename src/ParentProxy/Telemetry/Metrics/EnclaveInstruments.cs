using System.Diagnostics.Metrics;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Discovery;

namespace ParentProxy.Telemetry.Metrics;

/// <summary>
/// What is told of each enclave. All of it is read when it is asked for; gauges tell of those that are there now, counters
/// of all that ever were.
/// </summary>
internal static class EnclaveInstruments
{
    private const string EnclaveLabel = EnclaveMeter.Label;

    private static readonly EnclaveState[] States = Enum.GetValues<EnclaveState>();
    private static readonly string[] StateNames = [.. States.Select(state => state.ToString().ToLowerInvariant())];

    /// <summary>Adds them to a meter.</summary>
    public static void Add(Meter meter, EnclaveRegistry registry, Func<IReadOnlyList<KnownEnclave>> discovered)
    {
        AddGauges(meter, registry);
        AddCounters(meter, registry.Meter);
        AddDescribed(meter, registry, discovered);
    }

    private static void AddGauges(Meter meter, EnclaveRegistry registry)
    {
        meter.CreateObservableGauge("parentproxy.requests.in_flight", () => InFlight(registry), null, "Requests that an enclave is working on, tunnels included.");
        meter.CreateObservableGauge("parentproxy.enclave.state", () => registry.All.Concat(WithoutSuccessor(registry)).SelectMany(StatesOf), null, "1 for the state that an enclave is in, 0 for the others.");
        meter.CreateObservableGauge("parentproxy.enclave.info", () => registry.All.Select(Info), null, "Where an enclave is dialled.");
        meter.CreateObservableGauge("parentproxy.enclave.connections", () => registry.All.SelectMany(Connections), null, "Open connections to an enclave by what they do.");
    }

    private static void AddCounters(Meter meter, EnclaveMeter enclaves)
    {
        meter.CreateObservableCounter("parentproxy.requests", () => enclaves.All.SelectMany(Requests), null, "Requests by their final status, counted when its head is written; 499: the client was gone before.");
        meter.CreateObservableCounter("parentproxy.request.bytes", () => Each(enclaves, e => e.RequestBytes), null, "Bytes of request bodies that clients sent, tunnels included.");
        meter.CreateObservableCounter("parentproxy.response.bytes", () => Each(enclaves, e => e.ResponseBytes), null, "Bytes of response bodies of enclaves that were given to clients, tunnels included.");
        meter.CreateObservableCounter("parentproxy.connects", () => Named(enclaves, "result", e => e.Connects), null, "Dials to enclaves for requests by result: ok, the errno by name, or a word.");
        meter.CreateObservableCounter("parentproxy.probes", () => Named(enclaves, "result", e => e.Probes), null, "Health probes by result.");
        meter.CreateObservableCounter("parentproxy.tunnels.ended", () => Named(enclaves, "reason", e => e.Tunnels), null, "Upgraded connections that are over by how they ended; closed is in order.");
        meter.CreateObservableCounter("parentproxy.failovers", () => Each(enclaves, e => e.Failovers), null, "Requests that left an enclave for another one.");
        meter.CreateObservableCounter("parentproxy.ejections", () => Each(enclaves, e => e.Ejections), null, "How often evidence from traffic took an enclave out.");
        meter.CreateObservableCounter("parentproxy.enclave.state_changes", () => Each(enclaves, e => e.StateChanges), null, "How often the state of an enclave has changed.");
    }

    private static void AddDescribed(Meter meter, EnclaveRegistry registry, Func<IReadOnlyList<KnownEnclave>> discovered)
    {
        meter.CreateObservableGauge("parentproxy.enclave.cpus", () => Described(e => e.Cpus), null, "Processors of an enclave, as nitro-cli tells.");
        meter.CreateObservableGauge("parentproxy.enclave.memory", () => Described(e => e.MemoryMiB * 1024 * 1024), "By", "Memory of an enclave, as nitro-cli tells.");
        meter.CreateObservableGauge("parentproxy.enclave.debug", () => Described(e => e.IsDebug ? 1 : 0), null, "Whether an enclave runs in debug mode, as nitro-cli tells: its memory is no secret then.");

        // One that is refused has no id here; it is told of by the name that it would have.
        IEnumerable<Measurement<long>> Described(Func<DescribedEnclave, long?> read) => discovered()
            .Where(known => !known.IsForeign)
            .Select(known => (Id: registry.All.FirstOrDefault(e => e.Instance == known.Described.EnclaveId)?.Id ?? known.Id ?? known.Described.Name, Value: read(known.Described)))
            .Where(known => known.Value is not null)
            .Select(known => new Measurement<long>(known.Value!.Value, Tag(EnclaveLabel, known.Id)));
    }

    private static IEnumerable<Measurement<int>> StatesOf(Enclave enclave)
    {
        var now = enclave.Status.State;
        for (var i = 0; i < States.Length; i++)
            yield return new Measurement<int>(States[i] == now ? 1 : 0, Tag(EnclaveLabel, enclave.Id), Tag("state", StateNames[i]));
    }

    private static Measurement<int> Info(Enclave enclave) => new(
        1,
        Tag(EnclaveLabel, enclave.Id),
        Tag("name", enclave.Name),
        Tag("endpoint", enclave.Endpoint.ToString()),
        Tag("transport", enclave.Endpoint.Transport.ToString().ToLowerInvariant()));

    private static IEnumerable<Measurement<int>> Connections(Enclave enclave)
    {
        // Read one after the other while they change.
        var (open, idle, tunnels) = (enclave.OpenConnections, enclave.IdleConnections, enclave.Tunnels);
        var id = Tag(EnclaveLabel, enclave.Id);
        yield return new Measurement<int>(Math.Max(0, open - idle - tunnels), id, Tag("state", "active"));
        yield return new Measurement<int>(idle, id, Tag("state", "idle"));
        yield return new Measurement<int>(tunnels, id, Tag("state", "tunnel"));
    }

    private static IEnumerable<Measurement<long>> Requests(EnclaveMetrics enclave) => enclave.Requests.Read().Select(row => new Measurement<long>(
        row.Count,
        Tag(EnclaveLabel, enclave.Id),
        Tag("method", row.Method),
        Tag("code", row.Code.ToString(System.Globalization.CultureInfo.InvariantCulture))));

    /// <summary>Also of enclaves that have left the configuration: their requests go on for <c>Timeouts:Drain</c>.</summary>
    private static IEnumerable<Measurement<int>> InFlight(EnclaveRegistry registry) => registry.All.Concat(registry.Leaving)
        .GroupBy(enclave => enclave.Id, StringComparer.OrdinalIgnoreCase)
        .Select(same => new Measurement<int>(same.Sum(enclave => enclave.InFlight), Tag(EnclaveLabel, same.First().Id)));

    // Of two with one id the state is that of the one which gets the requests.
    private static IEnumerable<Enclave> WithoutSuccessor(EnclaveRegistry registry) =>
        registry.Leaving.Where(enclave => registry.Find(enclave.Id) is null).DistinctBy(enclave => enclave.Id, StringComparer.OrdinalIgnoreCase);

    private static IEnumerable<Measurement<long>> Each(EnclaveMeter enclaves, Func<EnclaveMetrics, long> read) =>
        enclaves.All.Where(enclave => enclave != enclaves.None).Select(enclave => new Measurement<long>(read(enclave), Tag(EnclaveLabel, enclave.Id)));

    private static IEnumerable<Measurement<long>> Named(EnclaveMeter enclaves, string label, Func<EnclaveMetrics, NamedCounts> read) =>
        enclaves.All.SelectMany(enclave => read(enclave).Read().Select(row => new Measurement<long>(row.Count, Tag(EnclaveLabel, enclave.Id), Tag(label, row.Name))));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
