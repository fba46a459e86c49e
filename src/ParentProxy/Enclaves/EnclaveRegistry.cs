using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Runtime;

namespace ParentProxy.Enclaves;

/// <summary>
/// The one place that knows which enclaves exist, at which endpoint, in which state. Configuration writes to it;
/// routing, health and the admin pages read it.
/// </summary>
internal sealed class EnclaveRegistry(
    ActiveConfiguration configuration,
    IEnclaveDialer dialer,
    TimeProvider time,
    Func<HttpMessageHandler, HttpMessageHandler> wrapHandler,
    EnclaveMeter meter,
    ILogger<EnclaveRegistry> logger)
{
    private static readonly TimeSpan DrainCheck = TimeSpan.FromMilliseconds(100);

    private FrozenDictionary<string, Enclave> _byId = FrozenDictionary<string, Enclave>.Empty;
    private IReadOnlyList<Enclave> _all = [];
    private IReadOnlyList<FrozenSet<string>> _services = [];
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

    /// <summary>
    /// Takes over the enclaves of a configuration. One that stays at its endpoint keeps its state and its
    /// connections; one whose endpoint changed, or that was restarted, is another enclave and has to pass a probe first.
    /// </summary>
    /// <param name="options">The configuration, already in effect.</param>
    /// <param name="before">The configuration before it, or null at the start.</param>
    public void Apply(ProxyOptions options, ProxyOptions? before)
    {
        var newPools = before is null || options.Routing != before.Routing || options.Timeouts.Connect != before.Timeouts.Connect;
        var next = new List<Enclave>();
        foreach (var (id, name, endpoint, weight, instance, cluster) in Wanted(options))
        {
            var enclave = Find(id);
            var isSuccessor = enclave is not null;
            var isNew = enclave is null || enclave.IsRetired || enclave.Endpoint != endpoint || enclave.Name != name || enclave.IsOtherThan(instance);
            var wasUsable = enclave is { IsUsable: true };
            if (isNew)
                enclave = new Enclave(id, name, endpoint, cluster, this, meter.Of(id), configuration, time, logger) { IsSuccessor = isSuccessor };
            if (isNew && wasUsable && !enclave!.IsUsable)
                enclave.Metrics.CountOutage();
            enclave!.SeenAs(instance);
            if (isNew || newPools)
                enclave!.UsePool(new EnclaveHttpPool(enclave, dialer, options, time, wrapHandler));
            enclave!.Weight = weight;
            next.Add(enclave);
        }

        var gone = All.Except(next).ToList();
        Volatile.Write(ref _byId, next.ToFrozenDictionary(e => e.Id, StringComparer.OrdinalIgnoreCase));
        Volatile.Write(ref _services, [.. ServicesOf(options)]);
        Volatile.Write(ref _all, next);
        foreach (var enclave in gone)
            _ = RetireAsync(enclave, Find(enclave.Id) is { } successor ? $"replaced by what is at {successor.Endpoint} now" : "no longer configured, or no longer found");
        Changed.Set();
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

    /// <summary>Closes the idle connections to all enclaves; for the end of the program.</summary>
    public void Close()
    {
        foreach (var enclave in All)
            enclave.UsePool(null);
    }

    private static IEnumerable<(string Id, string Name, EnclaveEndpoint Endpoint, int Weight, string? Instance, string? Cluster)> Wanted(ProxyOptions options)
    {
        foreach (var enclave in options.Enclaves)
            yield return (enclave.Id, enclave.Name, enclave.Endpoint, enclave.Weight, enclave.Instance, null);
        foreach (var cluster in options.ReverseProxy.Clusters)
        {
            foreach (var (id, endpoint, _) in ClusterMembers.Of(cluster, options.Enclaves))
            {
                if (endpoint is not null)
                    yield return (id, id, endpoint, 1, null, cluster.ClusterId);
            }
        }
    }

    /// <summary>The sets of enclaves among which a request chooses, by their ids.</summary>
    private static IEnumerable<FrozenSet<string>> ServicesOf(ProxyOptions options) => options.ReverseProxy.Clusters
        .Select(cluster => ClusterMembers.Of(cluster, options.Enclaves).Select(member => member.Id))
        .Prepend(options.Enclaves.Select(enclave => enclave.Id))
        .Select(ids => ids.ToFrozenSet(StringComparer.OrdinalIgnoreCase));

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
