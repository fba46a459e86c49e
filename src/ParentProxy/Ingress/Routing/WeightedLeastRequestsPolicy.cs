using Microsoft.AspNetCore.Http;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace ParentProxy.Ingress.Routing;

/// <summary><see cref="EnclaveSelector.LeastLoaded"/> as a policy of YARP's.</summary>
internal sealed class WeightedLeastRequestsPolicy(EnclaveSelector selector) : ILoadBalancingPolicy
{
    /// <inheritdoc/>
    public string Name => RoutingOptions.WeightedPolicy;

    /// <inheritdoc/>
    public DestinationState? PickDestination(
        HttpContext context, ClusterState cluster, IReadOnlyList<DestinationState> availableDestinations) =>
        selector.LeastLoaded(availableDestinations, static member => member.DestinationId);
}
