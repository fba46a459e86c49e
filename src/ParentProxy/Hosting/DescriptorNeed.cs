using ParentProxy.Configuration;

namespace ParentProxy.Hosting;

/// <summary>How many connections a configuration lets in.</summary>
internal static class DescriptorNeed
{
    /// <summary>All of them. A request takes a descriptor on either side, and so does a connection that is carried, in or out.</summary>
    public static long Of(ProxyOptions options)
    {
        var tunnels = options.Egress.Forwards.Count + (options.Egress.Connect is null ? 0 : 1);
        return options.Limits.MaxConnections
            + options.Passthrough.Sum(listener => (long)listener.MaxConnections)
            + ((long)tunnels * options.Egress.MaxConnections);
    }
}
