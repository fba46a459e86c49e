using Microsoft.AspNetCore.Http;
using ParentProxy.Enclaves;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace ParentProxy.Ingress.Routing;

/// <summary>
/// Gives an enclave that has just returned a part of its requests only, which grows with the time: its caches are cold and
/// its code is not compiled yet. A policy around another one, which chooses among those that this leaves.
/// </summary>
internal sealed class SlowStartPolicy(ILoadBalancingPolicy inner, EnclaveRegistry registry) : ILoadBalancingPolicy
{
    /// <inheritdoc/>
    public string Name => inner.Name;

    /// <inheritdoc/>
    public DestinationState? PickDestination(HttpContext context, ClusterState cluster, IReadOnlyList<DestinationState> availableDestinations)
    {
        if (!registry.IsAnyStartingSlowly)
            return inner.PickDestination(context, cluster, availableDestinations);
        var chosen = new List<DestinationState>(availableDestinations.Count);
        foreach (var destination in availableDestinations)
        {
            var share = registry.Find(destination.DestinationId)?.Share ?? 1;
            if (share >= 1 || Random.Shared.NextDouble() < share)
                chosen.Add(destination);
        }

        return inner.PickDestination(context, cluster, chosen.Count > 0 ? chosen : availableDestinations);
    }
}
