using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ParentProxy.Admin;
using ParentProxy.Capabilities;
using ParentProxy.Configuration;
using ParentProxy.Egress;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Health;
using ParentProxy.Ingress;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Passthrough;
using ParentProxy.Runtime;
using ParentProxy.Sockets;
using ParentProxy.Sockets.Passing;
using ParentProxy.Telemetry;
using ParentProxy.Telemetry.AccessLog;
using ParentProxy.Telemetry.Metrics;
using ParentProxy.Telemetry.Tracing;
using ParentProxy.Trust;

namespace ParentProxy.Hosting;

/// <summary>The running proxy: what it is made of, how it starts, changes and stops.</summary>
internal sealed class ProxyServer : IAsyncDisposable
{
    /// <summary>How long connections that are open when the port closes have to send their request.</summary>
    private static readonly TimeSpan LastRequests = TimeSpan.FromSeconds(1);

    /// <summary>
    /// What is left of <c>Drain</c>, at most, to requests that came while the ports waited for what is older: others wait for the next
    /// process meanwhile.
    /// </summary>
    private static readonly TimeSpan Tail = TimeSpan.FromSeconds(5);

    private readonly Lock _applying = new();
    private readonly ActiveConfiguration _configuration;
    private readonly TimeProvider _time;
    private readonly ProxyMeter _meter = new();
    private readonly EnclaveGauges _gauges;
    private readonly RequestTracing _tracing;
    private readonly MetricsPipeline _metrics;
    private readonly HealthCapability _health;
    private readonly ICapability[] _front;
    private readonly ICapability[] _behind;
    private readonly IReadOnlyList<ICapability> _capabilities;
    private readonly AdminServer _admin;
    private MemoryTrimmer? _trimmer;
    private bool _isClosing;

    /// <summary>Composes a proxy; nothing is bound and nothing dialled yet.</summary>
    /// <param name="configuration">What is in effect.</param>
    /// <param name="loggers">The log.</param>
    /// <param name="time">The clock.</param>
    /// <param name="dialer">Dials in the place of the real one.</param>
    /// <param name="replaceIngress">Replaces services of the public listeners.</param>
    /// <param name="otlp">Where metrics and spans are exported to; null for nowhere.</param>
    public ProxyServer(
        ActiveConfiguration configuration,
        ILoggerFactory loggers,
        TimeProvider time,
        IEnclaveDialer? dialer = null,
        Action<IServiceCollection>? replaceIngress = null,
        OtlpSettings? otlp = null)
    {
        _configuration = configuration;
        _time = time;
        dialer ??= new EnclaveDialer(configuration.Options.Vsock, time);
        Reloads = new ReloadStatus(time);
        var enclaves = new EnclaveMeter(_meter.Meter);
        Registry = new EnclaveRegistry(configuration, dialer, time, enclaves, loggers.CreateLogger<EnclaveRegistry>());
        Registry.Apply(configuration.Options);
        var selector = new EnclaveSelector(Registry, configuration, time);
        AccessLog = new AccessLogger(configuration, time, loggers.CreateLogger<AccessLogger>());
        _tracing = new RequestTracing(otlp);

        Ingress = new IngressServer(
            configuration, Registry, selector, Drain, AccessLog, _tracing, () => Health, time, loggers, replaceIngress);
        Passthrough = new PassthroughCapability(configuration, Registry, selector, time, loggers);
        Egress = new EgressCapability(configuration, Registry, time, loggers);
        var discovery = new DiscoveryCapability(Registry, configuration, time, loggers);
        _health = new HealthCapability(Registry, new PooledProbe(), configuration, Drain, () => Refusal, time, loggers);

        // In the order in which they open and end: who takes requests before what serves them.
        _front = [Ingress, Passthrough, Egress];
        _behind = [discovery, _health, new TrustCapability(Registry, configuration, time, loggers)];
        _capabilities = [.. _front, .. _behind];

        EnclaveCounters.Add(_meter.Meter, enclaves);
        _gauges = new EnclaveGauges(Registry, _meter.NewMeter);
        ProcessInstruments.Add(_meter.Meter);
        foreach (var capability in _capabilities)
            capability.AddInstruments(_meter.Meter);
        HostingInstruments.Add(_meter.Meter, Reloads);
        AccessLogInstruments.Add(_meter.Meter, AccessLog);
        var scrapes = loggers.CreateLogger<MetricsPipeline>();
        _metrics = new MetricsPipeline([_meter, Ingress.Meters], scrapes, otlp is null ? null : otlp.Metrics);
        var relay = new EnclaveMetricsRelay(Registry, configuration, time);
        _admin = new AdminServer(
            configuration,
            Registry,
            selector,
            Ingress,
            discovery.Monitor,
            _health,
            Egress,
            _capabilities,
            Reloads,
            _metrics,
            relay,
            time,
            loggers);
    }

    /// <summary>Every enclave, and what it is doing.</summary>
    public EnclaveRegistry Registry { get; }

    /// <summary>What takes HTTP from clients.</summary>
    public IngressServer Ingress { get; }

    /// <summary>What carries raw connections.</summary>
    public PassthroughCapability Passthrough { get; }

    /// <summary>What enclaves reach through this program.</summary>
    public EgressCapability Egress { get; }

    /// <summary>The addresses that clients come to.</summary>
    public IReadOnlyList<string> EndPoints => [.. _capabilities.SelectMany(capability => capability.EndPoints)];

    /// <summary>Whether every port is open; at a limit connections may wait all the same.</summary>
    public bool IsOpen => _capabilities.All(capability => capability.IsOpen);

    /// <summary>The health of the whole.</summary>
    public HealthSummary Health => _health.Summary;

    /// <summary>How far the stop has come.</summary>
    public DrainState Drain { get; } = new();

    /// <summary>One line for each request.</summary>
    public AccessLogger AccessLog { get; }

    /// <summary>Where the configuration comes from, and how its reloads went.</summary>
    public ReloadStatus Reloads { get; }

    /// <summary>The address of the admin listener.</summary>
    public string AdminEndPoint => _admin.EndPoint;

    /// <summary>The address of the listener for metrics; null when there is none.</summary>
    public string? MetricsEndPoint => _admin.MetricsEndPoint;

    /// <summary>Answered by the admin listener while the process runs.</summary>
    public Uri LiveUri => new(
        new Uri(AdminEndPoint
            .Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal)
            .Replace("[::]", "[::1]", StringComparison.Ordinal)),
        "/health/live");

    /// <summary>What requests are forwarded to, for the log.</summary>
    public string Targets =>
        string.Join(", ", Registry.All.Select(enclave => enclave.ToString()).Concat(Looking)) is { Length: > 0 } targets
            ? targets
            : "nothing";

    private string? Refusal => _capabilities.Select(capability => capability.Refusal).FirstOrDefault(refusal => refusal is not null);

    private IEnumerable<string> Looking => _configuration.Options.Discovery is { Enabled: true } discovery
        ? [$"the enclaves that discovery finds ({discovery.NitroCli}, name {discovery.EnclaveName})"]
        : [];

    /// <summary>Opens the listeners and starts the probes; the first round of probes may still be running then.</summary>
    /// <exception cref="ListenException">An address cannot be listened on.</exception>
    /// <exception cref="IOException">The same, where Kestrel had a choice of addresses.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // First of all: it takes a while, and needs no listener.
        foreach (var capability in _capabilities)
            capability.Begin();
        await _admin.StartAsync(cancellationToken);
        foreach (var capability in _capabilities)
            await capability.OpenAsync(cancellationToken);
        _trimmer = new MemoryTrimmer(static () => EventLoop.Departures, static () => EventLoop.Turns, _time);
    }

    /// <summary>Waits until all is known that the first request needs: discovery has looked, every enclave was probed.</summary>
    public async Task FirstRoundAsync(CancellationToken cancellationToken)
    {
        foreach (var capability in _capabilities)
            await capability.FirstRoundAsync(cancellationToken);
    }

    /// <summary>Puts a validated configuration into effect; requests in flight go on with what they have.</summary>
    /// <exception cref="ListenException">An address of it cannot be listened on: nothing has changed.</exception>
    public void Apply(ProxyOptions options)
    {
        lock (_applying)
        {
            // A listener that opened now would be closed by nobody.
            if (_isClosing)
                return;
            Prepare(options);
            _configuration.Replace(options);
            Registry.Apply(options, before: () =>
            {
                foreach (var capability in _capabilities)
                    capability.Apply(options);
            });
        }
    }

    private void Prepare(ProxyOptions options)
    {
        try
        {
            foreach (var capability in _capabilities)
                capability.Prepare(options);
        }
        catch
        {
            foreach (var capability in _capabilities)
                capability.Abandon();
            throw;
        }
    }

    /// <summary>Health fails from now on, and nothing new is begun: the first step of <see cref="StopAsync"/>.</summary>
    public void BeginDraining()
    {
        Drain.BeginDraining();
        foreach (var capability in _capabilities)
            capability.BeginDraining();
        Registry.Changed.Set();
    }

    /// <summary>
    /// Stops without losing a request: health fails at once, the port goes on accepting for <c>DrainDelay</c>, then it
    /// closes, and what is in flight has <c>Drain</c> to finish. The admin listener answers until the end. Where the ports outlive the
    /// process, they go on accepting until what was in flight at first is over: what comes after that waits for the next process, and not
    /// for a request that takes long.
    /// </summary>
    /// <param name="hasNext">Whether the next process runs already, with every port of this one.</param>
    /// <returns>Whether everything finished in time.</returns>
    public async Task<bool> StopAsync(bool hasNext = false)
    {
        var timeouts = _configuration.Options.Timeouts;
        BeginDraining();
        if (!hasNext)
            await Task.Delay(timeouts.DrainDelay, _time);

        Drain.BeginClosing();
        lock (_applying)
            _isClosing = true;
        using var patience = new CancellationTokenSource(timeouts.Drain, _time);
        if (hasNext)
            await GiveUpPortsAsync(timeouts.Drain);
        else if (ListenerStore.OfProcess.IsKeeping)
            await LeaveToNextAsync(timeouts.Drain, patience);
        else
            await ClosePortsAsync(timeouts.Drain);
        using var cut = new CancellationTokenSource();
        await using var over = patience.Token.UnsafeRegister(
            static (state, _) =>
            {
                // What is cut off finds out why.
                var (drain, cut) = ((DrainState, CancellationTokenSource))state!;
                drain.BeginCutting();
                cut.Cancel();
            },
            (Drain, cut));
        await Task.WhenAll(_capabilities.Select(capability => capability.StopAsync(cut.Token)));
        return !cut.IsCancellationRequested;
    }

    private async Task ClosePortsAsync(TimeSpan drain)
    {
        await Task.WhenAll(_capabilities.Select(capability => capability.StopAcceptingAsync()));
        await Task.Delay(LastRequests < drain ? LastRequests : drain, _time);
    }

    /// <summary>The next process accepts at them: whoever asks the admin listener is to hear that one.</summary>
    private async Task GiveUpPortsAsync(TimeSpan drain)
    {
        ListenerStore.OfProcess.HandOver(isEverything: true);
        await Task.WhenAll(_admin.StopAsync(), ClosePortsAsync(drain));
    }

    private async Task LeaveToNextAsync(TimeSpan drain, CancellationTokenSource patience)
    {
        var tail = drain / 4 < Tail ? drain / 4 : Tail;
        using var older = new CancellationTokenSource(drain - tail, _time);
        await Task.WhenAll(_capabilities.Select(capability => capability.FinishOlderAsync(LastRequests, older.Token)));

        // From here on others wait for the next process: it takes no longer than it must.
        ListenerStore.OfProcess.HandOver();
        await Task.WhenAll(_capabilities.Select(capability => capability.StopAcceptingAsync()));
        using var lastRequests = new CancellationTokenSource(LastRequests, _time);
        await Ingress.HeardFromAllAsync(lastRequests.Token);
        if (!older.IsCancellationRequested)
            return;

        // What is older still has had its time, and must not keep those who wait any longer than what came after it.
        await Ingress.FinishNewerAsync(patience.Token);
        await patience.CancelAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var capability in _front)
            await capability.DisposeAsync();

        // Nobody writes to them any more. Each has its own patience with who takes what is left; together they have it once.
        var flushing = Task.WhenAll(AccessLog.DisposeAsync().AsTask(), _tracing.DisposeAsync().AsTask());
        foreach (var capability in _behind)
            await capability.DisposeAsync();
        Registry.Close();
        if (_trimmer is not null)
            await _trimmer.DisposeAsync();
        await _admin.DisposeAsync();
        await Task.WhenAll(flushing, _metrics.DisposeAsync().AsTask());
        _gauges.Dispose();
        _meter.Dispose();
    }
}
