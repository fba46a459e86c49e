using ParentProxy.Endpoints;

namespace ParentProxy.Configuration;

/// <summary>An entry of <c>Egress:Forwards</c>: connections to one address go to one destination.</summary>
internal sealed record EgressForwardOptions : EgressListenerOptions
{
    /// <summary>Where they go: a name that is resolved for each of them, or an address.</summary>
    public required Destination To { get; init; }
}
