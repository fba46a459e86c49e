using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ParentProxy.Vsock;

/// <summary>Registers the Kestrel transport.</summary>
public static class VsockTransportExtensions
{
    /// <summary>
    /// Lets Kestrel listen on AF_VSOCK, next to its other transports:
    /// <c>kestrel.Listen(new VsockEndPoint(VsockCid.Any, 6300))</c>.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Changes the settings; null leaves the defaults.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddVsockTransport(this IServiceCollection services, Action<VsockTransportOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<VsockTransportOptions>();
        if (configure is not null)
            services.Configure(configure);

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConnectionListenerFactory, VsockTransportFactory>());
        return services;
    }
}
