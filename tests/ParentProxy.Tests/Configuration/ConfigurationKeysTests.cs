using ParentProxy.Configuration.Reading;
using ParentProxy.Configuration.Sections;
using ParentProxy.Configuration.Sources;

namespace ParentProxy.Tests.Configuration;

/// <summary>
/// Freezes the keys of the configuration. A change here is a decision: operators rely on every one of them, and
/// docs/configuration.md and appsettings.json list them, too.
/// </summary>
public sealed class ConfigurationKeysTests
{
    // Kestrel:Limits, Serilog beside the levels and the names of an operator's own choice belong to others.
    private const string Known = """
        AccessLog AccessLog:Format AccessLog:Headers AccessLog:MaxFileBytes AccessLog:MaxFiles AccessLog:Mode AccessLog:Path
        AccessLog:RedactHeaders
        AccessLog:RedactQuery AccessLog:Sample2xx AccessLog:Sink
        Admin Admin:AllowedHosts Admin:EnclaveMetricsPath Admin:EnclaveMetricsPort Admin:MetricsUrl Admin:Url
        Attestation Attestation:AllowDebug Attestation:Interval Attestation:MaxAge Attestation:MeasurementsFile Attestation:Mode
        Attestation:Path Attestation:Pcrs Attestation:PcrsFrom Attestation:Pointer Attestation:Port Attestation:Protocol
        Attestation:Root Attestation:Timeout
        Discovery Discovery:AllowDebugMode Discovery:EnclaveName Discovery:Enabled Discovery:Interval Discovery:NitroCli Discovery:Pcrs
        Discovery:Port Discovery:Timeout
        Egress Egress:Allow Egress:Allow:*:Cids Egress:Allow:*:Enclaves Egress:Allow:*:Hosts Egress:AllowlistFile
        Egress:Connect Egress:Connect:Listen Egress:Connect:Peer Egress:Connect:Peer:Cid Egress:Connect:Peer:Enclave
        Egress:ConnectTimeout
        Egress:Deny Egress:Deny:*:Cids Egress:Deny:*:Enclaves Egress:Deny:*:Hosts Egress:DenyPrivateNetworks
        Egress:Dns Egress:Dns:Allow Egress:Dns:CacheEntries Egress:Dns:Listen Egress:Dns:Peer Egress:Dns:Peer:Cid Egress:Dns:Peer:Enclave
        Egress:Dns:Upstreams
        Egress:Files Egress:Files:*:Cids Egress:Files:*:Enclaves Egress:Files:*:Listen Egress:Files:*:Path
        Egress:Files:*:Peer Egress:Files:*:Peer:Cid Egress:Files:*:Peer:Enclave
        Egress:Forwards Egress:Forwards:*:Listen Egress:Forwards:*:Peer Egress:Forwards:*:Peer:Cid Egress:Forwards:*:Peer:Enclave
        Egress:Forwards:*:To
        Egress:HalfCloseTimeout Egress:IdleTimeout
        Egress:Logs Egress:Logs:LinesPerSecond Egress:Logs:Listen Egress:Logs:MaxLineBytes Egress:Logs:Peer Egress:Logs:Peer:Cid
        Egress:Logs:Peer:Enclave
        Egress:MaxConnections Egress:MaxConnectionsPerEnclave Egress:RequestTimeout
        Egress:Time Egress:Time:Listen Egress:Time:Peer Egress:Time:Peer:Cid Egress:Time:Peer:Enclave
        Enclaves Enclaves:*:Backup Enclaves:*:Cid Enclaves:*:Id Enclaves:*:Name Enclaves:*:Path Enclaves:*:Port Enclaves:*:State
        Enclaves:*:TcpHost Enclaves:*:Transport Enclaves:*:Weight
        ForwardedHeaders ForwardedHeaders:TrustedProxies
        Health Health:MinHealthy Health:Path Health:Probe
        Health:Probe:Enabled Health:Probe:ExpectedBody Health:Probe:ExpectedStatus Health:Probe:HealthyAfter Health:Probe:Host
        Health:Probe:Interval Health:Probe:Path Health:Probe:Port Health:Probe:Timeout Health:Probe:Type Health:Probe:UnhealthyAfter
        Health:Public
        Kestrel Kestrel:Certificates
        Kestrel:Certificates:*:AllowInvalid Kestrel:Certificates:*:KeyPath Kestrel:Certificates:*:Location Kestrel:Certificates:*:Password
        Kestrel:Certificates:*:Path Kestrel:Certificates:*:Store Kestrel:Certificates:*:Subject
        Kestrel:EndpointDefaults Kestrel:EndpointDefaults:ClientCertificateMode Kestrel:EndpointDefaults:Protocols
        Kestrel:EndpointDefaults:SslProtocols
        Kestrel:Endpoints Kestrel:Endpoints:*:Certificate
        Kestrel:Endpoints:*:Certificate:AllowInvalid Kestrel:Endpoints:*:Certificate:KeyPath Kestrel:Endpoints:*:Certificate:Location
        Kestrel:Endpoints:*:Certificate:Password Kestrel:Endpoints:*:Certificate:Path Kestrel:Endpoints:*:Certificate:Store
        Kestrel:Endpoints:*:Certificate:Subject
        Kestrel:Endpoints:*:ClientCertificateAuthorities Kestrel:Endpoints:*:ClientCertificateMode Kestrel:Endpoints:*:Protocols
        Kestrel:Endpoints:*:ProxyProtocol Kestrel:Endpoints:*:ProxyProtocol:Accept Kestrel:Endpoints:*:ProxyProtocol:TrustedSources
        Kestrel:Endpoints:*:Sni Kestrel:Endpoints:*:Sni:*:Certificate
        Kestrel:Endpoints:*:Sni:*:Certificate:AllowInvalid Kestrel:Endpoints:*:Sni:*:Certificate:KeyPath
        Kestrel:Endpoints:*:Sni:*:Certificate:Location
        Kestrel:Endpoints:*:Sni:*:Certificate:Password Kestrel:Endpoints:*:Sni:*:Certificate:Path
        Kestrel:Endpoints:*:Sni:*:Certificate:Store Kestrel:Endpoints:*:Sni:*:Certificate:Subject
        Kestrel:Endpoints:*:Sni:*:ClientCertificateMode Kestrel:Endpoints:*:Sni:*:Protocols Kestrel:Endpoints:*:Sni:*:SslProtocols
        Kestrel:Endpoints:*:SslProtocols Kestrel:Endpoints:*:Url
        Kestrel:Limits
        Limits Limits:MaxConnections Limits:MaxRequestBodyBytes Limits:RateLimits
        Limits:RateLimits:*:Path Limits:RateLimits:*:PerClient Limits:RateLimits:*:PerClientBurst Limits:RateLimits:*:Total
        Limits:RateLimits:*:TotalBurst Limits:RateLimits:*:Window
        Log Log:Format
        Passthrough Passthrough:*:ConnectTimeout Passthrough:*:HalfCloseTimeout Passthrough:*:IdleTimeout Passthrough:*:Listen
        Passthrough:*:Log Passthrough:*:MaxConnections Passthrough:*:MaxConnectionsPerSource Passthrough:*:Port
        Passthrough:*:PrereadTimeout Passthrough:*:Probe Passthrough:*:ProxyProtocol Passthrough:*:ProxyProtocol:Accept
        Passthrough:*:ProxyProtocol:Send Passthrough:*:ProxyProtocol:TrustedSources Passthrough:*:Sni Passthrough:*:StallTimeout
        Passthrough:*:To
        Retry Retry:BudgetPercent Retry:Enabled Retry:HonorIdempotencyKey Retry:MaxAttempts Retry:MaxBufferedBodyBytes
        Retry:MaxWaiting Retry:WaitForEnclave
        ReverseProxy ReverseProxy:Clusters
        ReverseProxy:Clusters:*:Destinations ReverseProxy:Clusters:*:Destinations:*:Address
        ReverseProxy:Clusters:*:Destinations:*:Host ReverseProxy:Clusters:*:Destinations:*:Metadata
        ReverseProxy:Clusters:*:LoadBalancingPolicy ReverseProxy:Clusters:*:Metadata
        ReverseProxy:Clusters:*:SessionAffinity ReverseProxy:Clusters:*:SessionAffinity:AffinityKeyName
        ReverseProxy:Clusters:*:SessionAffinity:Cookie ReverseProxy:Clusters:*:SessionAffinity:Cookie:Domain
        ReverseProxy:Clusters:*:SessionAffinity:Cookie:Expiration
        ReverseProxy:Clusters:*:SessionAffinity:Cookie:HttpOnly ReverseProxy:Clusters:*:SessionAffinity:Cookie:IsEssential
        ReverseProxy:Clusters:*:SessionAffinity:Cookie:MaxAge
        ReverseProxy:Clusters:*:SessionAffinity:Cookie:Path ReverseProxy:Clusters:*:SessionAffinity:Cookie:SameSite
        ReverseProxy:Clusters:*:SessionAffinity:Cookie:SecurePolicy
        ReverseProxy:Clusters:*:SessionAffinity:Enabled ReverseProxy:Clusters:*:SessionAffinity:FailurePolicy
        ReverseProxy:Clusters:*:SessionAffinity:Policy
        ReverseProxy:Routes ReverseProxy:Routes:*:ClusterId ReverseProxy:Routes:*:Match
        ReverseProxy:Routes:*:Match:Headers ReverseProxy:Routes:*:Match:Headers:*:IsCaseSensitive ReverseProxy:Routes:*:Match:Headers:*:Mode
        ReverseProxy:Routes:*:Match:Headers:*:Name ReverseProxy:Routes:*:Match:Headers:*:Values
        ReverseProxy:Routes:*:Match:Hosts ReverseProxy:Routes:*:Match:Methods ReverseProxy:Routes:*:Match:Path
        ReverseProxy:Routes:*:Match:QueryParameters ReverseProxy:Routes:*:Match:QueryParameters:*:IsCaseSensitive
        ReverseProxy:Routes:*:Match:QueryParameters:*:Mode
        ReverseProxy:Routes:*:Match:QueryParameters:*:Name ReverseProxy:Routes:*:Match:QueryParameters:*:Values
        ReverseProxy:Routes:*:MaxRequestBodySize ReverseProxy:Routes:*:Metadata ReverseProxy:Routes:*:Order ReverseProxy:Routes:*:Transforms
        Routing Routing:HttpVersion Routing:LoadBalancing Routing:MaxConnectionsPerEnclave Routing:MaxDialsPerEnclave
        Routing:MaxQueuedPerEnclave Routing:MaxTunnelsPerEnclave Routing:PooledConnectionIdleTimeout
        Routing:PooledConnectionLifetime Routing:SlowStart
        Routing:QueueTimeout
        Serilog Serilog:MinimumLevel Serilog:MinimumLevel:Default Serilog:MinimumLevel:Override
        Timeouts Timeouts:Connect Timeouts:Drain Timeouts:DrainDelay Timeouts:Idle Timeouts:ResponseHead Timeouts:Tunnel
        Vsock Vsock:BufferBytes Vsock:MaxWriteBytes Vsock:ToHost
        """;

    /// <summary>Every key, as the schema asks for them when there is one of everything.</summary>
    internal static IReadOnlyCollection<string> Read()
    {
        const string oneOfEverything = """
            {
              "Enclaves": [ {} ],
              "Limits": { "RateLimits": [ {} ] },
              "Passthrough": [ {} ],
              "Egress": { "Allow": [ {} ], "Deny": [ {} ], "Forwards": [ {} ], "Files": [ {} ] },
              "Kestrel": { "Certificates": { "a": {} }, "Endpoints": { "a": { "Sni": { "a": {} } } } },
              "ReverseProxy": {
                "Clusters": { "a": { "Destinations": { "a": {} } } },
                "Routes": { "a": { "Match": { "Headers": [ {} ], "QueryParameters": [ {} ] } } }
              }
            }
            """;
        var report = new ConfigurationReport();
        ConfigurationSchema.Read(JsonTree.Read("", System.Text.Encoding.UTF8.GetBytes(oneOfEverything), report)!, report);
        return report.Keys;
    }

    [Fact]
    public void Keys_AreThoseThatWereDecided() =>
        Assert.Equal(Known.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal), Read());
}
