using ParentProxy.Endpoints;

namespace ParentProxy.Configuration;

/// <summary>An entry of <c>Egress:Forwards</c>: connections to one address go to one destination.</summary>
internal sealed record EgressForwardOptions : EgressListenerOptions
{
    /// <summary>Where they go: a name or an address, and a port.</summary>
    public required Destination To { get; init; }
}
