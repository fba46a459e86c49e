namespace ParentProxy.Configuration.Sections;

/// <summary>Sections that other programs have, with where their content belongs here.</summary>
internal static class ForeignSections
{
    private const string Listeners =
        "where clients connect is Kestrel:Endpoints, "
            + "like \"Kestrel\": { \"Endpoints\": { \"Http\": { \"Url\": \"http://0.0.0.0:6300\" } } }";
    private const string Tls =
        "TLS is Kestrel:Endpoints:<name>: \"Url\": \"https://0.0.0.0:443\" and \"Certificate\": { \"Path\": …, \"KeyPath\": … }";
    private const string Targets = "what is forwarded to is Enclaves, like \"Enclaves\": [ { \"Cid\": 16, \"Port\": 6300 } ]";
    private const string Routes = "routes and clusters are in ReverseProxy";
    private const string Probes = "enclaves are probed by Health:Probe";
    private const string Levels = "log levels are in Serilog:MinimumLevel";

    /// <summary>The names, each with the hint.</summary>
    public static IReadOnlyList<(string Name, string Hint)> All { get; } =
    [
        ("Logging", Levels),
        ("Enclave", "is for the program inside an enclave: parent-proxy enclave; what is forwarded to from here is Enclaves"),
        .. Named(Levels, "LogLevel", "MinimumLevel"),
        .. Named(
            Listeners, "Listen", "Listener", "Listeners", "Bind", "Address", "Url", "Urls", "Port", "Ports", "Endpoint",
            "Endpoints", "Server", "Frontend", "Ingress"),
        .. Named(Tls, "Tls", "Ssl", "Https", "Certificate", "Certificates"),
        .. Named(Targets, "Upstream", "Upstreams", "Backend", "Backends", "Servers", "Target", "Targets"),
        .. Named(Routes, "Route", "Routes", "Cluster", "Clusters"),
        .. Named(Probes, "HealthCheck", "HealthChecks", "Probe", "Probes"),
        .. Named(
            "names that the admin listener answers to are Admin:AllowedHosts; on the public ones every Host is forwarded",
            "AllowedHosts"),
        .. Named("metrics are at /metrics of Admin:Url, and of Admin:MetricsUrl for a Prometheus elsewhere", "Metrics", "Prometheus"),
    ];

    private static IEnumerable<(string Name, string Hint)> Named(string hint, params IEnumerable<string> names) =>
        names.Select(name => (name, $"unknown section; {hint}"));
}
