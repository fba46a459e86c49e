using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ParentProxy.Admin;
using ParentProxy.Admin.History;
using ParentProxy.Admin.StatusPage;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Health;
using ParentProxy.Ingress;
using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Http2;
using ParentProxy.Ingress.Kestrel.Certificates;
using ParentProxy.Sockets;
using ParentProxy.Telemetry;
using ParentProxy.Telemetry.AccessLog;
using ParentProxy.Telemetry.Metrics;
using ParentProxy.Telemetry.Tracing;

namespace ParentProxy.Hosting;

/// <summary>The running proxy: what it is made of, how it starts, changes and stops.</summary>
internal sealed class ProxyServer : IAsyncDisposable
{
    /// <summary>How long connections that are open when the port closes have to send their request.</summary>
    private static readonly TimeSpan LastRequests = TimeSpan.FromSeconds(1);

    private readonly Lock _publishing = new();
    private readonly ActiveConfiguration _configuration;
    private readonly TimeProvider _time;
    private readonly HealthMonitor _monitor;
    private readonly DiscoveryMonitor _discovery;
    private readonly TrafficHistory _history;
    private readonly StatusWatch _watch;
    private readonly AdminServer _admin;
    private readonly ProxyMeter _meter = new();
    private readonly EnclaveGauges _gauges;
    private readonly MetricsPipeline _metrics;
    private readonly RequestTracing _tracing;

    /// <summary>The configuration as it was read, without discovered enclaves.</summary>
    private ProxyOptions _configured;

    /// <summary>Composes a proxy; nothing is bound and nothing dialled yet.</summary>
    /// <param name="configuration">What is in effect.</param>
    /// <param name="loggers">The log.</param>
    /// <param name="time">The clock.</param>
    /// <param name="dialer">Dials in the place of the real one.</param>
    /// <param name="replaceIngress">Replaces services of the public listeners.</param>
    /// <param name="otlp">Where metrics and spans are exported to; null for nowhere.</param>
    public ProxyServer(ActiveConfiguration configuration, ILoggerFactory loggers, TimeProvider time, IEnclaveDialer? dialer = null, Action<IServiceCollection>? replaceIngress = null, OtlpSettings? otlp = null)
    {
        _configuration = configuration;
        _configured = configuration.Options;
        _time = time;
        dialer ??= new EnclaveDialer(configuration.Options.Vsock, time);
        Reloads = new ReloadStatus(time);
        var enclaves = new EnclaveMeter(_meter.Meter);
        Registry = new EnclaveRegistry(configuration, dialer, time, inner => new AttemptHandler(inner), enclaves, loggers.CreateLogger<EnclaveRegistry>());
        _monitor = new HealthMonitor(Registry, dialer, configuration, time, loggers.CreateLogger<HealthMonitor>());
        _discovery = new DiscoveryMonitor(Registry, configuration.Options.Discovery, PublishDiscovered, time, loggers.CreateLogger<DiscoveryMonitor>());
        var retries = new RetryPolicy(configuration, Registry, time);
        AccessLog = new AccessLogger(configuration, time, loggers.CreateLogger<AccessLogger>());
        _tracing = new RequestTracing(otlp);
        Ingress = new IngressServer(configuration, Registry, retries, Drain, AccessLog, _tracing, time, loggers, replaceIngress);
        EnclaveCounters.Add(_meter.Meter, enclaves);
        _gauges = new EnclaveGauges(Registry, () => _discovery.Known, _meter.NewMeter);
        ProcessInstruments.Add(_meter.Meter);
        IngressInstruments.Add(_meter.Meter, configuration, Registry, retries, Ingress);
        HealthInstruments.Add(_meter.Meter, configuration, Drain, () => Health);
        DiscoveryInstruments.Add(_meter.Meter, configuration, _discovery, time);
        HostingInstruments.Add(_meter.Meter, Reloads);
        AccessLogInstruments.Add(_meter.Meter, AccessLog);
        _metrics = new MetricsPipeline([_meter, Ingress.Meters], loggers.CreateLogger<MetricsPipeline>(), otlp is null ? null : otlp.Metrics);
        var relay = new EnclaveMetricsRelay(Registry, dialer, configuration, time);
        _history = new TrafficHistory(Registry, time, loggers.CreateLogger<TrafficHistory>());
        _watch = new StatusWatch(Registry, configuration, Drain, () => Ingress.Refusal, time, loggers.CreateLogger<StatusWatch>());
        var certificates = new ListenerCertificates(configuration.Options.Sections);
        var statusPage = new StatusDocument(new PageSources(Registry, configuration, retries, _discovery, Reloads, _history, _watch, () => Ingress.Listeners, certificates, time));
        var pages = new AdminPages(Registry, configuration, Drain, retries, _discovery, _metrics, relay, statusPage, _history, certificates, time, () => Ingress.Listeners, () => Ingress.Refusal);
        _admin = new AdminServer(configuration, pages, loggers);
    }

    /// <summary>The enclaves.</summary>
    public EnclaveRegistry Registry { get; }

    /// <summary>The public listeners.</summary>
    public IngressServer Ingress { get; }

    /// <summary>The health of the whole.</summary>
    public HealthSummary Health => HealthSummary.Of(Registry, _configuration, Drain, Ingress.Refusal);

    /// <summary>How far the stop has come.</summary>
    public DrainState Drain { get; } = new();

    /// <summary>One line for each request.</summary>
    public AccessLogger AccessLog { get; }

    /// <summary>How reloads went.</summary>
    public ReloadStatus Reloads { get; }

    /// <summary>The address of the admin listener.</summary>
    public string AdminEndPoint => _admin.EndPoint;

    /// <summary>The address of the listener for metrics; null when there is none.</summary>
    public string? MetricsEndPoint => _admin.MetricsEndPoint;

    /// <summary>Answered by the admin listener while the process runs.</summary>
    public Uri LiveUri => new(new Uri(AdminEndPoint.Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal).Replace("[::]", "[::1]", StringComparison.Ordinal)), "/health/live");

    /// <summary>What requests are forwarded to, for the log.</summary>
    public string Targets => string.Join(", ", Registry.All.Select(enclave => enclave.ToString()).Concat(Looking));

    private IEnumerable<string> Looking => _configuration.Options.Discovery is { Enabled: true } discovery
        ? [$"the enclaves that discovery finds ({discovery.NitroCli}, name {discovery.EnclaveName})"]
        : [];

    /// <summary>Opens the listeners and starts the probes; the first round of probes may still be running then.</summary>
    /// <exception cref="ListenException">An address cannot be listened on.</exception>
    /// <exception cref="IOException">The same, where Kestrel had a choice of addresses.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Registry.Apply(_configuration.Options, before: null);
        _gauges.Changed();

        // First of all: it takes a while, and needs no listener.
        _discovery.Start();
        _history.Start();
        _watch.Start();
        await _admin.StartAsync(cancellationToken);
        await Ingress.StartAsync(cancellationToken);
        lock (_publishing)
            _monitor.Synchronize();
    }

    /// <summary>Waits until discovery has looked once and every enclave was probed once.</summary>
    public async Task FirstRoundAsync(CancellationToken cancellationToken)
    {
        await _discovery.FirstCallAsync(cancellationToken);
        await _monitor.FirstRoundAsync(cancellationToken);
    }

    /// <summary>Puts a validated configuration into effect; requests in flight go on with what they have.</summary>
    public void Apply(ProxyOptions options)
    {
        lock (_publishing)
        {
            _configured = options;
            _discovery.Apply(options.Discovery);
            Publish(Merged());
        }
    }

    /// <summary>
    /// Stops without losing a request: health fails at once, the port goes on accepting for <c>DrainDelay</c>, then it
    /// closes, and what is in flight has <c>Drain</c> to finish. The admin listener answers until the end.
    /// </summary>
    /// <returns>Whether everything finished in time.</returns>
    public async Task<bool> StopAsync()
    {
        var timeouts = _configuration.Options.Timeouts;
        Drain.BeginDraining();
        _discovery.StopCalling();
        Registry.Changed.Set();
        await Task.Delay(timeouts.DrainDelay, _time);

        Drain.BeginClosing();
        await Ingress.StopAcceptingAsync();
        await Task.Delay(LastRequests < timeouts.Drain ? LastRequests : timeouts.Drain, _time);

        var left = timeouts.Drain - LastRequests;
        using var patience = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, _time);
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
        await Ingress.StopAsync(cut.Token);
        return !cut.IsCancellationRequested;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Ingress.DisposeAsync();

        // Nobody writes to them any more. Each has its own patience with who takes what is left; together they have it once.
        var flushing = Task.WhenAll(AccessLog.DisposeAsync().AsTask(), _tracing.DisposeAsync().AsTask());
        await _discovery.DisposeAsync();
        await _monitor.DisposeAsync();
        await _history.DisposeAsync();
        await _watch.DisposeAsync();
        Registry.Close();
        await _admin.DisposeAsync();
        await Task.WhenAll(flushing, _metrics.DisposeAsync().AsTask());
        _gauges.Dispose();
        _meter.Dispose();
    }

    private void PublishDiscovered()
    {
        lock (_publishing)
        {
            var merged = Merged();
            if (!merged.SequenceEqual(_configuration.Options.Enclaves))
                Publish(merged);
            else
                _gauges.Changed();
        }
    }

    private IReadOnlyList<EnclaveOptions> Merged() => EnclaveMerge.Of(_configured.Enclaves, _discovery.Known, _configured.Discovery.Port);

    private void Publish(IReadOnlyList<EnclaveOptions> enclaves)
    {
        var before = _configuration.Options;
        var options = _configured with { Enclaves = enclaves };
        _configuration.Replace(options);
        Registry.Apply(options, before);
        _gauges.Changed();
        _monitor.Synchronize();
        Ingress.Update(options);
    }
}
