using System.Globalization;
using Microsoft.Extensions.Primitives;
using ParentProxy.Configuration;
using ParentProxy.Configuration.Sections;
using ParentProxy.Enclaves;
using ParentProxy.Ingress.Forwarding;
using Yarp.ReverseProxy.Configuration;

namespace ParentProxy.Ingress.Routing;

/// <summary>
/// Tells YARP its routes and clusters: those of section <c>ReverseProxy</c>, then one route to all enclaves. Follows the
/// registry: requests in flight keep what they have.
/// </summary>
/// <remarks>
/// YARP compares what it is told with what it has. When enclaves come and go it is told the same routes; the clusters are made
/// anew, and are equal to those before but for their destinations.
/// </remarks>
internal sealed class EnclaveProxyConfigProvider : IProxyConfigProvider, IDisposable
{
    private readonly EnclaveRegistry _registry;
    private Snapshot _snapshot;

    /// <summary>Begins with what the registry has.</summary>
    /// <param name="registry">The enclaves, and the configuration that they are of.</param>
    public EnclaveProxyConfigProvider(EnclaveRegistry registry)
    {
        _registry = registry;
        _snapshot = Snapshot.Of(registry, before: null);
        registry.Updated += Update;
    }

    private static RouteConfig EnclavesRoute { get; } = new()
    {
        RouteId = ReverseProxySection.ReservedId,
        ClusterId = ReverseProxySection.ReservedId,

        // After every configured route, before the response that none matches.
        Order = int.MaxValue - 1,
        Match = new RouteMatch { Path = "{**any}" },
    };

    private static DestinationConfig Destination { get; } = new() { Address = EnclaveForwarder.DestinationPrefix };

    /// <inheritdoc/>
    public IProxyConfig GetConfig() => Volatile.Read(ref _snapshot);

    /// <inheritdoc/>
    public void Dispose() => _registry.Updated -= Update;

    /// <summary>Called by the registry, one at a time.</summary>
    private void Update()
    {
        if (!_snapshot.IsOf(_registry))
            Interlocked.Exchange(ref _snapshot, Snapshot.Of(_registry, _snapshot)).Expire();
    }

    /// <summary>
    /// Adds the limit to what YARP compares. YARP treats two routes that differ only in
    /// <see cref="RouteConfig.MaxRequestBodySize"/> as the same, and would keep using the old limit.
    /// </summary>
    private static RouteConfig Marked(RouteConfig route) => route.MaxRequestBodySize is not { } limit ? route : route with
    {
        Metadata = new Dictionary<string, string>(route.Metadata ?? new Dictionary<string, string>(), StringComparer.OrdinalIgnoreCase)
        {
            ["parent-proxy/" + nameof(RouteConfig.MaxRequestBodySize)] = limit.ToString(CultureInfo.InvariantCulture),
        },
    };

#pragma warning disable CA1001 // The source has no timer and no handle, and YARP may look at the token after the next snapshot.
    private sealed class Snapshot : IProxyConfig
#pragma warning restore CA1001
    {
        private readonly CancellationTokenSource _expired = new();
        private readonly ProxyOptions _options;
        private readonly IReadOnlyList<EnclaveMember> _members;

        private Snapshot(ProxyOptions options, IReadOnlyList<EnclaveMember> members, Snapshot? before)
        {
            _options = options;
            _members = members;
            ChangeToken = new CancellationChangeToken(_expired.Token);

            // While discovery looks for enclaves, requests wait for one: "no such route" would be wrong.
            var hasEnclaves = members.Count > 0 || options.Discovery.Enabled;
            (string, string)[] names = [.. members.Select(member => (member.Id, member.Name))];
            var clusters = options.ReverseProxy.Clusters.Select(cluster => Resolve(cluster, names));
            Clusters = [.. hasEnclaves ? clusters.Append(EnclavesCluster()) : clusters];
            if (before is not null && ReferenceEquals(before._options, options) && before.HasEnclaves == hasEnclaves)
                Routes = before.Routes;
            else
                Routes = [.. options.ReverseProxy.Routes.Select(Marked), .. hasEnclaves ? [EnclavesRoute] : (RouteConfig[])[]];
            HasEnclaves = hasEnclaves;
        }

        public string RevisionId { get; } = Guid.NewGuid().ToString("N");

        public IReadOnlyList<RouteConfig> Routes { get; }

        public IReadOnlyList<ClusterConfig> Clusters { get; }

        public IChangeToken ChangeToken { get; }

        private bool HasEnclaves { get; }

        public static Snapshot Of(EnclaveRegistry registry, Snapshot? before) => new(registry.Options!, registry.Members, before);

        public bool IsOf(EnclaveRegistry registry) =>
            ReferenceEquals(_options, registry.Options) && ReferenceEquals(_members, registry.Members);

        public void Expire() => _expired.Cancel();

        private ClusterConfig EnclavesCluster() => new()
        {
            ClusterId = ReverseProxySection.ReservedId,
            LoadBalancingPolicy = _options.Routing.LoadBalancing,
            Destinations = _members.ToDictionary(member => member.Id, _ => Destination, StringComparer.OrdinalIgnoreCase),
        };

        /// <summary>Destinations by the id of their registry entry, instead of the addresses as they were written.</summary>
        private ClusterConfig Resolve(ClusterConfig cluster, IReadOnlyList<(string Id, string Name)> names)
        {
            var destinations = new Dictionary<string, DestinationConfig>(StringComparer.OrdinalIgnoreCase);
            foreach (var (id, _, destination) in ClusterMembers.Of(cluster, names))
                destinations[id] = destination with { Address = EnclaveForwarder.DestinationPrefix };
            return cluster with
            {
                Destinations = destinations,
                LoadBalancingPolicy = cluster.LoadBalancingPolicy ?? _options.Routing.LoadBalancing,
            };
        }
    }
}
