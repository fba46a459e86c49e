using ParentProxy.Admin.History;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Hosting;
using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Kestrel;
using ParentProxy.Ingress.Kestrel.Certificates;

namespace ParentProxy.Admin.StatusPage;

/// <summary>What the page is read from.</summary>
/// <param name="Registry">The enclaves.</param>
/// <param name="Configuration">The configuration.</param>
/// <param name="Retries">Retries and rejections.</param>
/// <param name="Discovery">Discovery.</param>
/// <param name="Reloads">How reloads went.</param>
/// <param name="History">The last 15 minutes.</param>
/// <param name="Watch">The status of the whole.</param>
/// <param name="Listeners">The public listeners.</param>
/// <param name="Certificates">The certificates of the HTTPS endpoints.</param>
/// <param name="Time">The clock.</param>
internal sealed record PageSources(
    EnclaveRegistry Registry,
    ActiveConfiguration Configuration,
    RetryPolicy Retries,
    DiscoveryMonitor Discovery,
    ReloadStatus Reloads,
    TrafficHistory History,
    StatusWatch Watch,
    Func<IEnumerable<IngressListener>> Listeners,
    ListenerCertificates Certificates,
    TimeProvider Time);
