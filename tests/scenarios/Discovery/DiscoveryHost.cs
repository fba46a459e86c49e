using System.Globalization;
using ParentProxy.Configuration;
using ParentProxy.Hosting;
using ParentProxy.Telemetry;

namespace ParentProxy.Scenarios.Discovery;

/// <summary>The verb <c>host FILE CID=PORT…</c>: the real server, but CIDs lead to ports of the loopback.</summary>
internal static class DiscoveryHost
{
    /// <summary>The verb.</summary>
    public const string Verb = "host";

    /// <summary>What it says once it serves.</summary>
    public const string Ready = "host is ready";

    /// <summary>Serves until it is killed.</summary>
    public static async Task<int> RunAsync(string file, IEnumerable<string> places)
    {
        var loaded = ConfigurationLoader.Load(new ConfigurationSources { ConfigFile = file });
        if (loaded.Options is not { } options)
        {
            await Console.Error.WriteLineAsync(string.Join('\n', loaded.Problems));
            return 1;
        }

        var ports = places.Select(place => place.Split('=')).ToDictionary(
            pair => uint.Parse(pair[0], CultureInfo.InvariantCulture), pair => uint.Parse(pair[1], CultureInfo.InvariantCulture));
        await using var logging = new Logging(options.Log, options.Sections, isUnderSystemd: false);
        await using var server = new ProxyServer(
            new ActiveConfiguration(options), logging.Factory, TimeProvider.System, new CidDialer(ports));
        await server.StartAsync(CancellationToken.None);
        await server.FirstRoundAsync(CancellationToken.None);
        Console.WriteLine(Ready);
        await Task.Delay(Timeout.Infinite);
        return 0;
    }
}
