using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace ParentProxy.Ingress.Routing;

/// <summary>
/// Chooses the enclave that has the fewest requests for its weight. Among equals they take turns by weight, so that the
/// weights also hold where there is never more than one request at a time.
/// </summary>
internal sealed class WeightedLeastRequestsPolicy(EnclaveRegistry registry) : ILoadBalancingPolicy
{
    private readonly Lock _gate = new();
    private readonly ConditionalWeakTable<DestinationState, StrongBox<int>> _turns = [];

    /// <inheritdoc/>
    public string Name => RoutingOptions.WeightedPolicy;

    /// <inheritdoc/>
    public DestinationState? PickDestination(HttpContext context, ClusterState cluster, IReadOnlyList<DestinationState> availableDestinations)
    {
        var least = double.MaxValue;
        var equals = new List<(DestinationState Destination, int Weight)>(availableDestinations.Count);
        foreach (var destination in availableDestinations)
        {
            var enclave = registry.Find(destination.DestinationId);
            var weight = enclave?.Weight ?? 1;
            var load = (double)(enclave?.InFlight ?? 0) / weight;
            if (load > least)
                continue;
            if (load < least)
                equals.Clear();
            least = load;
            equals.Add((destination, weight));
        }

        return equals.Count > 1 ? NextInTurn(equals) : equals[0].Destination;
    }

    /// <summary>Smooth weighted round robin: each gains its weight, the one with the most pays what all have gained.</summary>
    private DestinationState NextInTurn(List<(DestinationState Destination, int Weight)> equals)
    {
        lock (_gate)
        {
            var total = 0;
            StrongBox<int>? most = null;
            var chosen = equals[0].Destination;
            foreach (var (destination, weight) in equals)
            {
                var turn = _turns.GetOrCreateValue(destination);
                turn.Value += weight;
                total += weight;
                if (most is null || turn.Value > most.Value)
                    (most, chosen) = (turn, destination);
            }

            most!.Value -= total;
            return chosen;
        }
    }
}
