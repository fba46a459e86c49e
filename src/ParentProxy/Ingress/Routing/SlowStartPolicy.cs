using Microsoft.AspNetCore.Http;
using ParentProxy.Enclaves;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace ParentProxy.Ingress.Routing;

/// <summary>A policy of YARP's, which chooses among those that <see cref="EnclaveSelector.Warm"/> leaves it.</summary>
internal sealed class SlowStartPolicy(ILoadBalancingPolicy inner, EnclaveSelector selector) : ILoadBalancingPolicy
{
    /// <inheritdoc/>
    public string Name => inner.Name;

    /// <inheritdoc/>
    public DestinationState? PickDestination(
        HttpContext context, ClusterState cluster, IReadOnlyList<DestinationState> availableDestinations) =>
        inner.PickDestination(context, cluster, selector.Warm(availableDestinations, static member => member.DestinationId));
}
