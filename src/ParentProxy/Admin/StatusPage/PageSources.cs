using ParentProxy.Admin.History;
using ParentProxy.Capabilities;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Ingress.Failover;

namespace ParentProxy.Admin.StatusPage;

/// <summary>What the page is read from: enclaves and their traffic here, all else by the sections of those that own it.</summary>
/// <param name="Registry">The enclaves.</param>
/// <param name="Configuration">What is in effect.</param>
/// <param name="Selector">How many requests wait for an enclave.</param>
/// <param name="Retries">Retries and rejections.</param>
/// <param name="Discovery">Says why there is no enclave.</param>
/// <param name="History">The last 15 minutes.</param>
/// <param name="Watch">The status of the whole.</param>
/// <param name="Sections">Those of the capabilities, in their order on the page.</param>
/// <param name="Settings">The last section, over the whole width.</param>
/// <param name="Time">The clock.</param>
internal sealed record PageSources(
    EnclaveRegistry Registry,
    ActiveConfiguration Configuration,
    EnclaveSelector Selector,
    RetryPolicy Retries,
    DiscoveryMonitor Discovery,
    TrafficHistory History,
    StatusWatch Watch,
    IReadOnlyList<IStatusSection> Sections,
    IStatusSection Settings,
    TimeProvider Time);
