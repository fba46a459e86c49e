using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Runtime;

namespace ParentProxy.Enclaves;

/// <summary>
/// The one place that knows which enclaves exist, at which endpoint, in which state. Configuration and discovery write to it;
/// routing, health and the admin pages read it.
/// </summary>
internal sealed class EnclaveRegistry(
    ActiveConfiguration configuration,
    IEnclaveDialer dialer,
    TimeProvider time,
    EnclaveMeter meter,
    ILogger<EnclaveRegistry> logger)
{
    private static readonly TimeSpan DrainCheck = TimeSpan.FromMilliseconds(100);

    private readonly Lock _updating = new();
    private IReadOnlyList<EnclaveMember> _members = [];
    private IReadOnlyList<KnownEnclave> _known = [];
    private FrozenDictionary<string, Enclave> _byId = FrozenDictionary<string, Enclave>.Empty;
    private IReadOnlyList<Enclave> _all = [];
    private IReadOnlyList<FrozenSet<string>> _services = [];
    private FrozenDictionary<PassthroughTarget, IReadOnlyList<Enclave>> _byTarget =
        FrozenDictionary<PassthroughTarget, IReadOnlyList<Enclave>>.Empty;

    private ImmutableList<Enclave> _leaving = [];
    private long _lastReturn;

    /// <summary>Every enclave, in the order of the configuration.</summary>
    public IReadOnlyList<Enclave> All => Volatile.Read(ref _all);

    /// <summary>Those that left the configuration and still have requests; nothing is routed to them.</summary>
    public IReadOnlyList<Enclave> Leaving => Volatile.Read(ref _leaving);

    /// <summary>What is measured of them.</summary>
    public EnclaveMeter Meter => meter;

    /// <summary>Set when the state of any enclave changed or a probe ended.</summary>
    public WakeSignal Changed { get; } = new();

    /// <summary>Set when no connection to an enclave on vsock came about: its CID may be another by now.</summary>
    public WakeSignal DialFailed { get; } = new();

    /// <summary>The enclave with this id, or null.</summary>
    public Enclave? Find(string id) => Volatile.Read(ref _byId).GetValueOrDefault(id);

    /// <summary>The enclaves that a target of the configuration stands for, now. The same list until they change.</summary>
    public IReadOnlyList<Enclave> Of(PassthroughTarget target) => Volatile.Read(ref _byTarget).GetValueOrDefault(target) ?? [];

    /// <summary>
    /// Raised when the enclaves that there are to be may be others, by a configuration or by discovery; one at a time, once the
    /// registry has them.
    /// </summary>
    public event Action? Updated;

    /// <summary>The configuration that it was last told to take over; null before the first.</summary>
    public ProxyOptions? Options { get; private set; }

    /// <summary>The enclaves that there are to be, those of section <c>ReverseProxy</c> aside. The same list until they change.</summary>
    public IReadOnlyList<EnclaveMember> Members => Volatile.Read(ref _members);

    /// <summary>What discovery knows; takes effect with <see cref="Refresh"/> or <see cref="Apply"/>.</summary>
    public IReadOnlyList<KnownEnclave> Known
    {
        get => Volatile.Read(ref _known);
        set => Volatile.Write(ref _known, value);
    }

    /// <summary>
    /// Takes over the enclaves of a configuration, and what discovery knows. One that stays at its endpoint keeps its state and
    /// its connections; one whose endpoint changed, or that was restarted, is another enclave and has to pass a probe first.
    /// </summary>
    /// <param name="options">The configuration, already in effect.</param>
    /// <param name="before">What has to happen before, and not apart from it: discovery follows its settings.</param>
    public void Apply(ProxyOptions options, Action? before = null)
    {
        lock (_updating)
        {
            before?.Invoke();
            var newConnectors = Options is not { } old
                || options.Routing != old.Routing
                || options.Timeouts.Connect != old.Timeouts.Connect;
            Options = options;
            var members = Merge(options);
            if (!members.SequenceEqual(Members))
                Volatile.Write(ref _members, members);
            Rebuild(options, newConnectors);
            Updated?.Invoke();
        }
    }

    /// <summary>Takes over what discovery knows by now.</summary>
    public void Refresh()
    {
        lock (_updating)
        {
            if (Options is not { } options)
                return;
            var members = Merge(options);
            if (!members.SequenceEqual(Members))
            {
                Volatile.Write(ref _members, members);
                Rebuild(options, newConnectors: false);
            }

            Updated?.Invoke();
        }
    }

    /// <summary>Held while an enclave is ejected.</summary>
    public Lock Ejecting { get; } = new();

    /// <summary>Whether evidence from traffic may take an enclave out, in every service that it is one of.</summary>
    public bool MayEject(Enclave enclave)
    {
        foreach (var service in Volatile.Read(ref _services))
        {
            if (service.Contains(enclave.Id) && !EnclaveSelector.MayEject(service.Select(id => Find(id)?.Status.State)))
                return false;
        }

        return true;
    }

    /// <summary>Timestamp of the latest return of an enclave; 0 where none was away yet.</summary>
    public long LastReturn => Volatile.Read(ref _lastReturn);

    /// <summary>An enclave has returned, and begins with a part of its share.</summary>
    public void StartsSlowly() => Volatile.Write(ref _lastReturn, time.GetTimestamp());

    /// <summary>
    /// Has nothing more sent over the connections that an enclave has: what is in flight on them ends, what waits goes elsewhere.
    /// </summary>
    public void Reconnect(Enclave enclave)
    {
        lock (_updating)
        {
            if (!enclave.IsRetired && Options is { } options)
                enclave.UseConnector(new EnclaveConnector(enclave, dialer, options, time));
        }
    }

    /// <summary>Closes the idle connections to all enclaves; for the end of the program.</summary>
    public void Close()
    {
        foreach (var enclave in All)
            enclave.UseConnector(null);
    }

    private IReadOnlyList<EnclaveMember> Merge(ProxyOptions options) => EnclaveMerge.Of(options.Enclaves, Known, options.Discovery.Port);

    private void Rebuild(ProxyOptions options, bool newConnectors)
    {
        var clusters = ClusterMembers.OfAll(options.ReverseProxy, [.. Members.Select(member => (member.Id, member.Name))]).ToList();
        var ofClusters =
            from cluster in clusters
            from member in cluster.Members
            where member.Endpoint is not null
            select (new EnclaveMember(member.Id, member.Id, member.Endpoint!), (string?)cluster.Cluster);
        var passthrough = options.Passthrough.SelectMany(listener => listener.Targets.Select(target => (listener, target))).ToList();
        var ofPassthrough =
            from entry in passthrough
            where entry.target.Endpoint is { } endpoint && !Members.Any(member => member.Endpoint == endpoint)
            group entry.listener.Probe by entry.target.Endpoint into probes
            let uri = probes.Key.ToString()
            select (new EnclaveMember(uri, uri, probes.Key) { Probe = probes.First() }, (string?)null);
        var next = new List<Enclave>();
        foreach (var (member, cluster) in Members.Select(member => (member, (string?)null)).Concat(ofPassthrough).Concat(ofClusters))
            next.Add(Generation(member, cluster, options, newConnectors));

        var gone = All.Except(next).ToList();
        Volatile.Write(ref _byId, next.ToFrozenDictionary(e => e.Id, StringComparer.OrdinalIgnoreCase));
        var byTarget = passthrough.Select(entry => entry.target).Distinct().ToFrozenDictionary(
            target => target,
            target => (IReadOnlyList<Enclave>)[.. next.Where(enclave => enclave.Cluster is null && Matches(target, enclave))]);
        Volatile.Write(ref _byTarget, byTarget);
        Volatile.Write(ref _services,
        [
            Members.Select(member => member.Id).ToFrozenSet(StringComparer.OrdinalIgnoreCase),
            .. clusters.Select(cluster => cluster.Members.Select(member => member.Id).ToFrozenSet(StringComparer.OrdinalIgnoreCase)),
            .. byTarget.Values.Select(enclaves => enclaves.Select(enclave => enclave.Id).ToFrozenSet(StringComparer.OrdinalIgnoreCase)),
        ]);
        Volatile.Write(ref _all, next);
        foreach (var enclave in gone)
        {
            _ = RetireAsync(enclave, Find(enclave.Id) is { } successor
                ? $"replaced by what is at {successor.Endpoint} now"
                : "no longer configured, or no longer found");
        }

        Changed.Set();
    }

    /// <summary>An endpoint has an enclave of its own, which no pattern means.</summary>
    private bool Matches(PassthroughTarget target, Enclave enclave) => target.Endpoint is { } endpoint
        ? enclave.Endpoint == endpoint
        : target.Matches(enclave.Id, enclave.Name) && Members.Any(member => member.Id == enclave.Id);

    /// <summary>The enclave that there is already for a member, or a new one.</summary>
    private Enclave Generation(EnclaveMember member, string? cluster, ProxyOptions options, bool newConnector)
    {
        var enclave = Find(member.Id);
        var isSuccessor = enclave is not null;
        var isNew = enclave is null
            || enclave.IsRetired
            || enclave.Endpoint != member.Endpoint
            || enclave.Name != member.Name
            || enclave.IsOtherThan(member.Instance);
        var wasUsable = enclave is { IsUsable: true };
        if (isNew)
        {
            enclave = new Enclave(member.Id, member.Name, member.Endpoint, cluster, this, meter.Of(member.Id), configuration, time, logger)
            {
                IsSuccessor = isSuccessor,
            };
            if (wasUsable && !enclave.IsUsable && member.WhyDrained is null)
                enclave.Metrics.CountOutage();
        }

        enclave!.Probe = member.Probe;
        enclave.SeenAs(member.Instance);
        if (isNew || newConnector)
            enclave.UseConnector(new EnclaveConnector(enclave, dialer, options, time));
        enclave.Weight = member.Weight;
        enclave.IsBackup = member.IsBackup;
        enclave.SetAside(member.WhyDrained);
        return enclave;
    }

    private async Task RetireAsync(Enclave enclave, string reason)
    {
        // Its requests may finish, but not for ever: what is left when it is gone ends with it.
        var started = time.GetTimestamp();
        enclave.Drain(reason);
        ImmutableInterlocked.Update(ref _leaving, list => list.Add(enclave));
        while (enclave.InFlight > 0 && time.GetElapsedTime(started) < configuration.Options.Timeouts.Drain)
            await Task.Delay(DrainCheck, time);
        enclave.Leave();
        ImmutableInterlocked.Update(ref _leaving, list => list.Remove(enclave));
    }
}
