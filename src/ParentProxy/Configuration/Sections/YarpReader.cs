using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using ParentProxy.Configuration.Reading;
using ParentProxy.Configuration.Sources;
using Yarp.ReverseProxy.Configuration;

namespace ParentProxy.Configuration.Sections;

/// <summary>
/// YARP's own reader and validator, in containers that live as long as a configuration is read: what they accept is what
/// YARP will accept. One route or cluster at a time, so that what they say of it has a path.
/// </summary>
internal sealed class YarpReader : IDisposable
{
    private readonly Lazy<ServiceProvider> _services = new(() => Services(new ConfigurationBuilder().Build()));

    /// <summary>Reads and validates a route; null when YARP refuses it.</summary>
    public RouteConfig? ReadRoute(SectionReader section) =>
        Read(section, "Routes", config => config.Routes.Single(), (validator, route) => validator.ValidateRouteAsync(route));

    /// <summary>Reads and validates a cluster; null when YARP refuses it.</summary>
    public ClusterConfig? ReadCluster(SectionReader section) =>
        Read(section, "Clusters", config => config.Clusters.Single(), (validator, cluster) => validator.ValidateClusterAsync(cluster));

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_services.IsValueCreated)
            _services.Value.Dispose();
    }

    private static ServiceProvider Services(IConfiguration configuration)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddReverseProxy().LoadFromConfig(configuration);
        // Affinity policies ask for it; nothing is protected here, and the real one would look for keys on disk.
        services.AddSingleton<IDataProtectionProvider, EphemeralDataProtectionProvider>();
        return services.BuildServiceProvider();
    }

    private T? Read<T>(
        SectionReader section, string kind, Func<IProxyConfig, T> pick, Func<IConfigValidator, T, ValueTask<IList<Exception>>> validate)
        where T : class
    {
        try
        {
            var node = new ConfigurationNode(kind, kind, ConfigurationOrigin.File) { Shape = NodeShape.Object, Children = [section.Node] };
            using var services = Services(FlatSections.Create(node));
            var item = pick(services.GetRequiredService<IProxyConfigProvider>().GetConfig());
            // Validators look policies up, which is asynchronous by its signature only.
            var errors = validate(_services.Value.GetRequiredService<IConfigValidator>(), item).AsTask().GetAwaiter().GetResult();
            foreach (var error in errors)
                section.Report.Problem(section.Location, error.Message);
            return errors.Count == 0 ? item : null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // YARP's reader throws whatever the parser of a value throws.
            section.Report.Problem(section.Location, $"YARP cannot read it: {e.GetBaseException().Message}");
            return null;
        }
    }
}
