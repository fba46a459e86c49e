using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using ParentProxy.Configuration;
using ParentProxy.Hosting;
using ParentProxy.Telemetry;
using Yarp.ReverseProxy.Forwarder;

namespace ParentProxy.YarpHost;

/// <summary>
/// parent-proxy with everything that it does, but for the last step: that is YARP's
/// forwarder over <see cref="SocketsHttpHandler"/>.
/// </summary>
internal static class FullHost
{
    /// <summary>Serves until a signal comes.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string configFile)
    {
        var loaded = ConfigurationLoader.Load(new ConfigurationSources { ConfigFile = configFile, SystemFile = null, ShippedFile = null });
        if (loaded.Options is not { } options)
        {
            await Console.Error.WriteLineAsync(string.Join('\n', loaded.Problems));
            return 1;
        }

        using var signals = new StopSignals(_ => Environment.Exit(1), TimeProvider.System);
        await using var logging = new Logging(options.Log, options.Sections, isUnderSystemd: false);
        await using var server = new ProxyServer(
            new ActiveConfiguration(options),
            logging.Factory,
            TimeProvider.System,
            replaceIngress: services => services.Replace(ServiceDescriptor.Singleton<IHttpForwarder, YarpForwarder>()));
        await server.StartAsync(CancellationToken.None);
        await signals.Requested;
        return 0;
    }
}
