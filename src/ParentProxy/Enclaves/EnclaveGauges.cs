using System.Diagnostics.Metrics;
using ParentProxy.Enclaves.Discovery;

namespace ParentProxy.Enclaves;

/// <summary>
/// The current state of the enclaves that exist now. All values are read at collection time.
/// </summary>
/// <remarks>
/// OpenTelemetry keeps a slot for every set of labels that an instrument ever showed, of a limited number, and what comes after
/// that has no series of its own. But an enclave that is found by its name has another endpoint after each restart. So before the
/// slots run out the gauges are made anew, in a meter that has all of them free.
/// </remarks>
internal sealed class EnclaveGauges : IDisposable
{
    /// <summary>How many enclaves fit: each needs one series for each state.</summary>
    private const int Room = 200;

    private const string EnclaveLabel = EnclaveMeter.Label;

    private static readonly EnclaveState[] States = Enum.GetValues<EnclaveState>();
    private static readonly string[] StateNames = [.. States.Select(state => state.ToString().ToLowerInvariant())];

    private static readonly TrustVerdict[] Verdicts = Enum.GetValues<TrustVerdict>();
    private static readonly string[] VerdictNames = [.. Verdicts.Select(verdict => verdict.ToString().ToLowerInvariant())];

    private readonly EnclaveRegistry _registry;
    private readonly Func<Meter> _newMeter;
    private readonly Lock _gate = new();
    private readonly HashSet<(string Id, string Name, string? EndPoint)> _shown = [];
    private Meter _meter;

    /// <summary>Makes the gauges, in a meter of their own.</summary>
    /// <param name="registry">The enclaves.</param>
    /// <param name="newMeter">Makes a meter that shows what it is given as the proxy's.</param>
    public EnclaveGauges(EnclaveRegistry registry, Func<Meter> newMeter)
    {
        _registry = registry;
        _newMeter = newMeter;
        _meter = Make();
        registry.Updated += Follow;
        Follow();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _registry.Updated -= Follow;
        _meter.Dispose();
    }

    private void Follow()
    {
        lock (_gate)
        {
            var (before, now) = (_shown.Count, Shown());
            _shown.UnionWith(now);
            if (_shown.Count <= Room || _shown.Count == before)
                return;
            _shown.Clear();
            _shown.UnionWith(now);
            _meter.Dispose();
            _meter = Make();
        }
    }

    private static IEnumerable<Measurement<int>> StatesOf(Enclave enclave)
    {
        var now = enclave.Status.State;
        for (var i = 0; i < States.Length; i++)
            yield return new Measurement<int>(States[i] == now ? 1 : 0, Tag(EnclaveLabel, enclave.Id), Tag("state", StateNames[i]));
    }

    private static IEnumerable<Measurement<int>> VerdictsOf(Enclave enclave)
    {
        var now = enclave.Attestation?.Verdict;
        for (var i = 0; i < Verdicts.Length; i++)
            yield return new Measurement<int>(Verdicts[i] == now ? 1 : 0, Tag(EnclaveLabel, enclave.Id), Tag("verdict", VerdictNames[i]));
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

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    private Meter Make()
    {
        var meter = _newMeter();
        meter.CreateObservableGauge(
            "parentproxy.requests.in_flight", InFlight, null, "Requests that an enclave is working on, tunnels and passthrough included.");
        meter.CreateObservableGauge(
            "parentproxy.enclave.state",
            () => _registry.All.Concat(WithoutSuccessor()).SelectMany(StatesOf),
            null,
            "1 for the state that an enclave is in, 0 for the others.");
        meter.CreateObservableGauge("parentproxy.enclave.info", () => _registry.All.Select(Info), null, "Where an enclave is dialled.");
        meter.CreateObservableGauge(
            "parentproxy.enclave.backup",
            () => _registry.All.Select(enclave => new Measurement<int>(enclave.IsBackup ? 1 : 0, Tag(EnclaveLabel, enclave.Id))),
            null,
            "Whether an enclave gets traffic only while none of its service is usable that is no backup.");
        meter.CreateObservableGauge(
            "parentproxy.enclave.connections",
            () => _registry.All.SelectMany(Connections),
            null,
            "Open connections to an enclave by what they do.");
        meter.CreateObservableGauge(
            "parentproxy.enclave.cpus", () => Described(e => e.Cpus), null, "Processors of an enclave, as nitro-cli reports.");
        meter.CreateObservableGauge(
            "parentproxy.enclave.memory",
            () => Described(e => e.MemoryMiB * 1024 * 1024),
            "By",
            "Memory of an enclave, as nitro-cli reports.");
        meter.CreateObservableGauge(
            "parentproxy.enclave.debug",
            () => Described(e => e.IsDebug ? 1 : 0),
            null,
            "Whether an enclave runs in debug mode, as nitro-cli reports: its memory is no secret then.");
        meter.CreateObservableGauge(
            "parentproxy.attestation.verdict",
            () => _registry.All.Where(enclave => enclave.Attestation is not null).SelectMany(VerdictsOf),
            null,
            "1 for the verdict on an enclave's last attestation document, 0 for the others; none while Attestation:Mode is off.");
        meter.CreateObservableGauge(
            "parentproxy.attestation.verified.timestamp",
            () => _registry.All.Where(enclave => enclave.Attestation is { VerifiedAt: not null }).Select(VerifiedAt),
            "s",
            "When an attestation document of an enclave last passed, in seconds since 1970.");
        return meter;
    }

    private static Measurement<double> VerifiedAt(Enclave enclave) =>
        new(enclave.Attestation!.VerifiedAt!.Value.ToUnixTimeMilliseconds() / 1000.0, Tag(EnclaveLabel, enclave.Id));

    private List<(string Id, string Name, string? EndPoint)> Shown() =>
    [
        .. _registry.All.Select(enclave => (enclave.Id, enclave.Name, (string?)enclave.Endpoint.ToString())),
        .. Named().Select(known => (known.Id, known.Described.Name, (string?)null)),
    ];

    // One that is refused has no id here; it is told of by the name that it would have.
    private IEnumerable<(string Id, DescribedEnclave Described)> Named() => _registry.Known
        .Where(known => !known.IsForeign)
        .Select(known => (
            _registry.All.FirstOrDefault(e => e.Instance == known.Described.EnclaveId)?.Id ?? known.Id ?? known.Described.Name,
            known.Described));

    private IEnumerable<Measurement<long>> Described(Func<DescribedEnclave, long?> read) => Named()
        .Select(known => (known.Id, Value: read(known.Described)))
        .Where(known => known.Value is not null)
        .Select(known => new Measurement<long>(known.Value!.Value, Tag(EnclaveLabel, known.Id)));

    /// <summary>Also of enclaves that have left the configuration: their requests go on for <c>Timeouts:Drain</c>.</summary>
    private IEnumerable<Measurement<int>> InFlight() => _registry.All.Concat(_registry.Leaving)
        .GroupBy(enclave => enclave.Id, StringComparer.OrdinalIgnoreCase)
        .Select(same => new Measurement<int>(same.Sum(enclave => enclave.InFlight), Tag(EnclaveLabel, same.First().Id)));

    // If two enclaves share an id, the state shown is that of the one that gets requests.
    private IEnumerable<Enclave> WithoutSuccessor() => _registry.Leaving
        .Where(enclave => _registry.Find(enclave.Id) is null)
        .DistinctBy(enclave => enclave.Id, StringComparer.OrdinalIgnoreCase);
}
