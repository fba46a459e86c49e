using Yarp.ReverseProxy.Configuration;

namespace ParentProxy.Configuration;

/// <summary>
/// Section <c>ReverseProxy</c> as YARP reads it. Destination addresses are still as written: endpoint URIs or
/// <c>enclave://X</c>.
/// </summary>
internal sealed record ReverseProxyOptions
{
    /// <summary>Routes.</summary>
    public IReadOnlyList<RouteConfig> Routes { get; init; } = [];

    /// <summary>Clusters.</summary>
    public IReadOnlyList<ClusterConfig> Clusters { get; init; } = [];
}
