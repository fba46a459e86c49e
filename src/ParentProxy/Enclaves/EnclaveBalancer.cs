using System.Runtime.CompilerServices;
using ParentProxy.Configuration;

namespace ParentProxy.Enclaves;

/// <summary>
/// The policies of <c>Routing:LoadBalancing</c> for what is no request of YARP's. They choose as those of the same names there.
/// </summary>
internal sealed class EnclaveBalancer(EnclaveSelector selector, ActiveConfiguration configuration)
{
    private readonly ConditionalWeakTable<object, StrongBox<int>> _turns = [];

    /// <summary>Chooses one by the policy that is in effect now.</summary>
    /// <param name="service">Whose enclaves they are: each has turns of its own.</param>
    /// <param name="candidates">At least one.</param>
    public Enclave Choose(object service, IReadOnlyList<Enclave> candidates)
    {
        if (candidates.Count == 1)
            return candidates[0];
        candidates = selector.Warm(candidates, static enclave => enclave.Id);
        return configuration.Options.Routing.LoadBalancing switch
        {
            "FirstAlphabetical" => candidates.MinBy(static enclave => enclave.Id, StringComparer.OrdinalIgnoreCase)!,
            "Random" => Any(candidates),
            "RoundRobin" => candidates[NextTurn(service, candidates.Count)],
            RoutingOptions.WeightedPolicy => selector.LeastLoaded(candidates, static enclave => enclave.Id),
            _ => BetterOfTwo(candidates),
        };
    }

    private int NextTurn(object service, int count) =>
        (int)((uint)(Interlocked.Increment(ref _turns.GetOrCreateValue(service).Value) - 1) % (uint)count);

    private static Enclave Any(IReadOnlyList<Enclave> candidates) => candidates[Random.Shared.Next(candidates.Count)];

    private static Enclave BetterOfTwo(IReadOnlyList<Enclave> candidates)
    {
        var (one, other) = (Any(candidates), Any(candidates));
        return one.InFlight <= other.InFlight ? one : other;
    }
}
