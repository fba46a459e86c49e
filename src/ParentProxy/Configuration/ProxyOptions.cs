using Microsoft.Extensions.Configuration;

namespace ParentProxy.Configuration;

/// <summary>
/// The whole configuration, validated and immutable: one is in effect at a time and is replaced whole on reload.
/// Every default stands in these records and nowhere else.
/// </summary>
internal sealed record ProxyOptions
{
    /// <summary>Where operators and Prometheus look: status page, health and metrics.</summary>
    public AdminOptions Admin { get; init; } = new();

    /// <summary>The enclaves that are named in the configuration; those that are discovered the registry adds.</summary>
    public IReadOnlyList<EnclaveOptions> Enclaves { get; init; } = [];

    /// <summary>Enclaves found by name.</summary>
    public DiscoveryOptions Discovery { get; init; } = new();

    /// <summary>How requests reach an enclave.</summary>
    public RoutingOptions Routing { get; init; } = new();

    /// <summary>How long things may take.</summary>
    public TimeoutOptions Timeouts { get; init; } = new();

    /// <summary>What happens to a request that no enclave can take.</summary>
    public RetryOptions Retry { get; init; } = new();

    /// <summary>Health as it is asked for and told.</summary>
    public HealthOptions Health { get; init; } = new();

    /// <summary>Sizes and flags of vsock connections to enclaves.</summary>
    public VsockOptions Vsock { get; init; } = new();

    /// <summary>Limits of the public listeners.</summary>
    public LimitOptions Limits { get; init; } = new();

    /// <summary>Whose forwarded fields are believed.</summary>
    public ForwardedHeadersOptions ForwardedHeaders { get; init; } = new();

    /// <summary>
    /// Whose headers of the PROXY protocol are believed, by the names of the <c>Kestrel:Endpoints</c> that accept any. Changes
    /// need a restart, as all of those do.
    /// </summary>
    public IReadOnlyDictionary<string, ProxyProtocolOptions> EndpointProxyProtocol { get; init; } =
        new Dictionary<string, ProxyProtocolOptions>();

    /// <summary>What the log looks like.</summary>
    public LogOptions Log { get; init; } = new();

    /// <summary>One line for each request.</summary>
    public AccessLogOptions AccessLog { get; init; } = new();

    /// <summary>Routes and clusters of the <c>ReverseProxy</c> section.</summary>
    public ReverseProxyOptions ReverseProxy { get; init; } = new();

    /// <summary>The listeners whose connections are carried byte for byte.</summary>
    public IReadOnlyList<PassthroughOptions> Passthrough { get; init; } = [];

    /// <summary>What enclaves reach, and through which listeners.</summary>
    public EgressOptions Egress { get; init; } = new();

    /// <summary>How enclaves are asked for attestation documents.</summary>
    public AttestationOptions Attestation { get; init; } = new();

    /// <summary>
    /// Sections that other libraries read (<c>Kestrel</c>, <c>Serilog</c>), merged over all sources. It has no reload
    /// token: nothing may react to a file but the reload as a whole.
    /// </summary>
    public required IConfiguration Sections { get; init; }

    /// <summary>Files that the configuration names and that are read with it: a change of one is a change of the configuration.</summary>
    public IReadOnlyList<string> NamedFiles() =>
        [.. new[] { Egress.AllowlistFile, Attestation.MeasurementsFile, Attestation.Root }.OfType<string>(), .. Attestation.PcrsFrom];
}
