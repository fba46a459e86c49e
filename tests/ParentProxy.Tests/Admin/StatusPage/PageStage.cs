using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Admin.History;
using ParentProxy.Admin.StatusPage;
using ParentProxy.Capabilities;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Health;
using ParentProxy.Hosting;
using ParentProxy.Ingress;
using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Kestrel;
using ParentProxy.Ingress.Kestrel.Certificates;
using ParentProxy.Ingress.Kestrel.Refusals;
using ParentProxy.Sockets;
using ParentProxy.Tests.Simulator;

namespace ParentProxy.Tests.Admin.StatusPage;

/// <summary>All that the page is read from, in any state, and nothing that changes it by itself.</summary>
internal sealed class PageStage : IAsyncDisposable
{
    private readonly Meter _meter = new("test");
    private readonly DiscoveryMonitor _discovery;
    private readonly TrafficHistory _history;
    private readonly StatusWatch _watch;
    private readonly PageSources _sources;

    public PageStage(ProxyOptions options, ListenerCertificates? certificates = null)
    {
        Configuration = new ActiveConfiguration(options);
        Registry = new EnclaveRegistry(
            Configuration,
            new EnclaveDialer(new VsockOptions(), Time),
            Time,
            new EnclaveMeter(_meter),
            NullLogger<EnclaveRegistry>.Instance);
        Registry.Apply(options);
        Selector = new EnclaveSelector(Registry, Configuration, Time);
        Retries = new RetryPolicy(Configuration, Selector, Time);
        _discovery = new DiscoveryMonitor(Registry, options.Discovery, Time, NullLogger<DiscoveryMonitor>.Instance);
        _history = new TrafficHistory(Registry, Time, NullLogger<TrafficHistory>.Instance);

        // What comes from now on counts.
        _history.Take();
        _watch = new StatusWatch(
            Registry, () => HealthSummary.Of(Registry, Configuration, Drain, refusal: null), Time, NullLogger<StatusWatch>.Instance);
        Listener = new IngressListener(
            new IPEndPoint(IPAddress.Loopback, 0),
            ListenSocket.Bind,
            Configuration,
            new OpenConnections(),
            () => { },
            Time,
            NullLogger.Instance);
        IStatusSection[] sections =
        [
            new ListenersSection(() => [Listener.View()], certificates ?? new ListenerCertificates(options.Sections, Time, NullLogger.Instance)),
            new DiscoverySection(_discovery, Registry),
        ];
        var settings = new SettingsSection(new ReloadStatus(Time));
        _sources = new PageSources(Registry, Configuration, Selector, Retries, _discovery, _history, _watch, sections, settings, Time);
    }

    public ManualTimeProvider Time { get; } = new();

    public ActiveConfiguration Configuration { get; }

    public EnclaveRegistry Registry { get; }

    public EnclaveSelector Selector { get; }

    public RetryPolicy Retries { get; }

    public DrainState Drain { get; } = new();

    public IngressListener Listener { get; }

    public PageSnapshot Page => new(_sources);

    /// <summary>The findings as text, a line each.</summary>
    public string Findings => string.Join(
        '\n', ParentProxy.Admin.StatusPage.Findings.Of(Page).Select(finding => $"{finding.Tone}: {finding.Subject} {finding.Text}"));

    /// <summary>Options with these enclaves.</summary>
    public static ProxyOptions Options(params string[] ids) => new()
    {
        Sections = new ConfigurationBuilder().Build(),
        Enclaves = [.. ids.Select(id => new EnclaveOptions(id, id, EnclaveEndpoint.Unix($"/{id}")))],
    };

    /// <summary>A probe of an enclave ended.</summary>
    public void Probe(string id, bool ok) => Registry.Find(id)!.ReportProbe(
        new ProbeResult(
            Time.GetUtcNow(),
            ok,
            TimeSpan.Zero,
            ok ? "ok" : "status",
            ok ? "answered 200" : "answered 404, expected 200-399"), onEvidence: true);

    /// <summary>Requests to an enclave, or to none, were answered.</summary>
    public void Answer(string id, params int[] codes)
    {
        foreach (var code in codes)
        {
            Registry.Meter.Of(id).Requests.Count("GET", code);
            Registry.Meter.Of(id).RecordRequest(TimeSpan.FromMilliseconds(10), null, null);
        }
    }

    /// <summary>Five seconds pass, so often.</summary>
    public void Step(int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            Time.Advance(TrafficHistory.Interval);
            _history.Take();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Listener.DisposeAsync();
        await _watch.DisposeAsync();
        await _history.DisposeAsync();
        await _discovery.DisposeAsync();
        Registry.Close();
        _meter.Dispose();
    }
}
