using ParentProxy.Capabilities;
using ParentProxy.Enclaves.Discovery;

namespace ParentProxy.Admin;

/// <summary>The health of the whole as the admin listener shows it.</summary>
/// <param name="Status">The verdict.</param>
/// <param name="Healthy">How many enclaves are healthy.</param>
/// <param name="Total">How many there are.</param>
/// <param name="MinHealthy">How many have to be.</param>
/// <param name="Enclaves">Each enclave.</param>
/// <param name="Retries">How often requests were tried once more.</param>
/// <param name="Rejected">How often requests were refused over a limit of ours.</param>
/// <param name="Listeners">The listeners for clients.</param>
/// <param name="Certificates">The certificates of HTTPS endpoints.</param>
/// <param name="Discovery">Discovery; null while it is off.</param>
/// <param name="Configuration">Where the configuration comes from, and how its last reload went.</param>
internal sealed record HealthView(
    string Status,
    int Healthy,
    int Total,
    int MinHealthy,
    IReadOnlyList<EnclaveView> Enclaves,
    RetryView Retries,
    RejectionView Rejected,
    IEnumerable<ListenerView> Listeners,
    IEnumerable<CertificateView> Certificates,
    DiscoveryView? Discovery,
    ConfigurationView? Configuration);
