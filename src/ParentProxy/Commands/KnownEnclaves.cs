using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Health;

namespace ParentProxy.Commands;

/// <summary>
/// The enclaves as the proxy would have them, for who only wants to look at them: those of the configuration, merged with what
/// nitro-cli told if discovery is on. Nothing is probed by itself.
/// </summary>
internal sealed class KnownEnclaves : IDisposable
{
    private readonly Meter _meter = new("ParentProxy.Commands");
    private readonly EnclaveRegistry _registry;
    private readonly ProxyOptions? _options;
    private readonly TimeProvider _time;

    /// <summary>Merges what is configured with what was told.</summary>
    /// <param name="options">The configuration; null for none.</param>
    /// <param name="described">What nitro-cli told; null when it was not asked.</param>
    /// <param name="dialer">How they are dialled.</param>
    /// <param name="time">The clock.</param>
    public KnownEnclaves(ProxyOptions? options, DescribeResult? described, IEnclaveDialer dialer, TimeProvider time)
    {
        _options = options;
        _time = time;
        var configuration = new ActiveConfiguration(options!);
        _registry = new EnclaveRegistry(
            configuration, dialer, time, new EnclaveMeter(_meter), NullLogger<EnclaveRegistry>.Instance);
        if (options is null)
            return;
        if (options.Discovery.Enabled && described is not null)
            _registry.Known = DiscoveryRules.Learn([], described, options.Discovery, _ => false).Known;
        _registry.Apply(options);
    }

    /// <summary>What answers at one endpoint, with everything else as it is configured.</summary>
    public static KnownEnclaves At(EnclaveEndpoint endpoint, ProxyOptions options, IEnclaveDialer dialer, TimeProvider time) => new(
        options with
        {
            Enclaves = [new EnclaveOptions(endpoint.ToString(), endpoint.ToString(), endpoint)],
            Discovery = new DiscoveryOptions(),
            ReverseProxy = new ReverseProxyOptions(),
            Passthrough = [],
        },
        null,
        dialer,
        time);

    /// <summary>Each enclave, in the order of the configuration.</summary>
    public IReadOnlyList<Enclave> All => _registry.All;

    /// <summary>What discovery would know, those that it would refuse with it.</summary>
    public IReadOnlyList<KnownEnclave> Discovered => _registry.Known;

    /// <summary>The one with this Id, else all with this Name, ignoring case.</summary>
    public IReadOnlyList<Enclave> Named(string name) => All.FirstOrDefault(enclave => Is(enclave.Id, name)) is { } enclave
        ? [enclave]
        : [.. All.Where(other => Is(other.Name, name))];

    /// <summary>Probes one as the proxy would, over a connection of its own.</summary>
    /// <param name="enclave">One of <see cref="All"/>.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ProbeResult> ProbeAsync(Enclave enclave, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var options = _options!.Health.Probe;
        if (enclave.Probe is { } type)
            options = options with { Type = type, Port = null };
        if (!options.Enabled)
            options = options with { Type = ProbeType.Connect, Port = null };
        var prober = new Prober(enclave, NoPool.Instance, _time);
        return (await prober.ProbeAsync(options, _options.Routing.HttpVersion, timeout, mayReuse: false, cancellationToken))!;
    }

    private static bool Is(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public void Dispose()
    {
        _registry.Close();
        _meter.Dispose();
    }

    /// <summary>Nothing is kept open here.</summary>
    private sealed class NoPool : IPooledProbe
    {
        public static NoPool Instance { get; } = new();

        public Task<int?> AskAsync(
            EnclaveConnector connector, ProbeOptions options, Action asking, CancellationToken cancellationToken) =>
            Task.FromResult<int?>(null);

        public void MakeWayFor(EnclaveConnector connector, Func<bool> isWaiting)
        {
        }
    }
}
