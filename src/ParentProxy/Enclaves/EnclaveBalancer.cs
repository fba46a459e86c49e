using ParentProxy.Configuration;

namespace ParentProxy.Enclaves;

/// <summary>
/// The policies of <c>Routing:LoadBalancing</c> for what is no request of YARP's. They choose as those of the same names there.
/// </summary>
internal sealed class EnclaveBalancer(EnclaveSelector selector, ActiveConfiguration configuration)
{
    private int _turn = -1;

    /// <summary>Chooses one.</summary>
    /// <param name="candidates">At least one.</param>
    public Enclave Choose(IReadOnlyList<Enclave> candidates)
    {
        if (candidates.Count == 1)
            return candidates[0];
        candidates = selector.Warm(candidates, static enclave => enclave.Id);
        return configuration.Options.Routing.LoadBalancing switch
        {
            "FirstAlphabetical" => candidates.MinBy(static enclave => enclave.Id, StringComparer.OrdinalIgnoreCase)!,
            "Random" => Any(candidates),
            "RoundRobin" => candidates[(int)((uint)Interlocked.Increment(ref _turn) % (uint)candidates.Count)],
            RoutingOptions.WeightedPolicy => selector.LeastLoaded(candidates, static enclave => enclave.Id),
            _ => BetterOfTwo(candidates),
        };
    }

    private static Enclave Any(IReadOnlyList<Enclave> candidates) => candidates[Random.Shared.Next(candidates.Count)];

    private static Enclave BetterOfTwo(IReadOnlyList<Enclave> candidates)
    {
        var (one, other) = (Any(candidates), Any(candidates));
        return one.InFlight <= other.InFlight ? one : other;
    }
}
