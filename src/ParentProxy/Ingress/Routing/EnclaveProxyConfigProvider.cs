using System.Globalization;
using Microsoft.Extensions.Primitives;
using ParentProxy.Configuration;
using ParentProxy.Configuration.Sections;
using ParentProxy.Ingress.Forwarding;
using Yarp.ReverseProxy.Configuration;

namespace ParentProxy.Ingress.Routing;

/// <summary>Tells YARP its routes and clusters: those of section <c>ReverseProxy</c>, then one route to all enclaves.</summary>
internal sealed class EnclaveProxyConfigProvider(ProxyOptions options) : IProxyConfigProvider
{
    private Snapshot _snapshot = new(options);

    /// <inheritdoc/>
    public IProxyConfig GetConfig() => Volatile.Read(ref _snapshot);

    /// <summary>Replaces routes and clusters; requests in flight keep theirs.</summary>
    public void Update(ProxyOptions options) => Interlocked.Exchange(ref _snapshot, new Snapshot(options)).Expire();

    private static ClusterConfig EnclavesCluster(ProxyOptions options) => new()
    {
        ClusterId = ReverseProxySection.ReservedId,
        LoadBalancingPolicy = options.Routing.LoadBalancing,
        Destinations = options.Enclaves.ToDictionary(e => e.Id, _ => Destination, StringComparer.OrdinalIgnoreCase),
    };

    private static RouteConfig EnclavesRoute { get; } = new()
    {
        RouteId = ReverseProxySection.ReservedId,
        ClusterId = ReverseProxySection.ReservedId,

        // After every configured route, before the answer that none matches.
        Order = int.MaxValue - 1,
        Match = new RouteMatch { Path = "{**any}" },
    };

    private static DestinationConfig Destination { get; } = new() { Address = EnclaveForwarder.DestinationPrefix };

    /// <summary>Destinations by the id of their registry entry, instead of the addresses as they were written.</summary>
    private static ClusterConfig Resolve(ClusterConfig cluster, ProxyOptions options)
    {
        var destinations = new Dictionary<string, DestinationConfig>(StringComparer.OrdinalIgnoreCase);
        foreach (var (id, _, destination) in ClusterMembers.Of(cluster, options.Enclaves))
            destinations[id] = destination with { Address = EnclaveForwarder.DestinationPrefix };
        return cluster with { Destinations = destinations, LoadBalancingPolicy = cluster.LoadBalancingPolicy ?? options.Routing.LoadBalancing };
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

        public Snapshot(ProxyOptions options)
        {
            ChangeToken = new CancellationChangeToken(_expired.Token);
            var clusters = options.ReverseProxy.Clusters.Select(c => Resolve(c, options)).ToList();
            var routes = options.ReverseProxy.Routes.Select(Marked).ToList();
            // While discovery looks for enclaves, requests wait for one: "no such route" would be wrong.
            if (options.Enclaves.Count > 0 || options.Discovery.Enabled)
            {
                clusters.Add(EnclavesCluster(options));
                routes.Add(EnclavesRoute);
            }

            Clusters = clusters;
            Routes = routes;
        }

        public string RevisionId { get; } = Guid.NewGuid().ToString("N");

        public IReadOnlyList<RouteConfig> Routes { get; }

        public IReadOnlyList<ClusterConfig> Clusters { get; }

        public IChangeToken ChangeToken { get; }

        public void Expire() => _expired.Cancel();
    }
}
