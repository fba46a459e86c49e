using Yarp.ReverseProxy.Configuration;

namespace ParentProxy.Configuration;

/// <summary>
/// Section <c>ReverseProxy</c> as YARP reads it. Destination addresses are still as written: endpoint URIs or
/// <c>enclave://X</c>.
/// </summary>
internal sealed record ReverseProxyOptions
{
    /// <summary>What the operator wrote; the route to the enclaves of <c>Enclaves</c> is not among them.</summary>
    public IReadOnlyList<RouteConfig> Routes { get; init; } = [];

    /// <summary>What the operator wrote; the cluster of the enclaves of <c>Enclaves</c> is not among them.</summary>
    public IReadOnlyList<ClusterConfig> Clusters { get; init; } = [];
}
