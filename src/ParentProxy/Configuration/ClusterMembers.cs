using System.Collections.Frozen;
using ParentProxy.Configuration.Sections;
using ParentProxy.Endpoints;
using Yarp.ReverseProxy.Configuration;

namespace ParentProxy.Configuration;

/// <summary>
/// Which registry entries stand behind a cluster of section <c>ReverseProxy</c>: an endpoint URI is an entry of its own,
/// <c>enclave://X</c> names entries of <c>Enclaves</c>.
/// </summary>
internal static class ClusterMembers
{
    /// <summary>The members of every cluster, by its id.</summary>
    public static IEnumerable<(string Cluster, IReadOnlyList<(string Id, EnclaveEndpoint? Endpoint)> Members)> OfAll(
        ReverseProxyOptions options, IReadOnlyList<(string Id, string Name)> enclaves) => options.Clusters
        .Select(cluster =>
            (cluster.ClusterId, (IReadOnlyList<(string, EnclaveEndpoint?)>)[.. Of(cluster, enclaves).Select(m => (m.Id, m.Endpoint))]));

    /// <summary>The members of a cluster.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="enclaves">The enclaves that it may name: ids and names.</param>
    /// <returns>The id of each entry, its endpoint when the destination brings it, and the destination.</returns>
    public static IEnumerable<(string Id, EnclaveEndpoint? Endpoint, DestinationConfig Destination)> Of(
        ClusterConfig cluster, IReadOnlyList<(string Id, string Name)> enclaves)
    {
        foreach (var (name, destination) in cluster.Destinations ?? FrozenDictionary<string, DestinationConfig>.Empty)
        {
            if (EnclaveEndpoint.TryParse(destination.Address, out var endpoint, out _))
            {
                yield return ($"{cluster.ClusterId}/{name}", endpoint, destination);
            }
            else if (EnclavePattern.TryParse(destination.Address, out var pattern))
            {
                foreach (var (id, other) in enclaves)
                {
                    if (EnclavePattern.Matches(pattern, id) || EnclavePattern.Matches(pattern, other))
                        yield return (id, null, destination);
                }
            }
        }
    }
}
