using ParentProxy.Egress;

namespace ParentProxy.Admin;

/// <summary>What enclaves reach, and what they did not reach, as the admin listener shows it.</summary>
/// <param name="Listeners">The listeners for enclaves.</param>
/// <param name="NotReached">What enclaves asked for last and did not get, the most recent first; 200 at most.</param>
internal sealed record EgressView(IEnumerable<EgressListenerView> Listeners, IEnumerable<EgressRefusalView> NotReached)
{
    /// <summary>What is there at this moment.</summary>
    public static EgressView Of(EgressCapability egress) => new(
        egress.Open.Select(EgressListenerView.Of), egress.NotReached.Select(EgressRefusalView.Of));
}
