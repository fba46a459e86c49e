using ParentProxy.Configuration.Reading;
using ParentProxy.Endpoints;
using Yarp.ReverseProxy.Configuration;

namespace ParentProxy.Configuration.Sections;

/// <summary>A cluster of <c>ReverseProxy:Clusters</c>.</summary>
internal static class ClusterSection
{
    private static readonly string[] AffinityPolicies = ["HashCookie", "Cookie", "ArrCookie", "CustomHeader"];

    /// <summary>Reads a cluster; null when it has mistakes.</summary>
    public static ClusterConfig? Read(SectionReader section, IReadOnlyList<EnclaveEntry> enclaves, bool discovers, YarpReader yarp)
    {
        var before = section.Report.Problems.Count;
        ReverseProxySection.CheckId(section);
        section.OneOf("", RoutingOptions.LoadBalancingPolicies, nameof(ClusterConfig.LoadBalancingPolicy));
        section.Section(nameof(ClusterConfig.SessionAffinity), ReadAffinity);
        section.Section(nameof(ClusterConfig.Metadata), metadata => metadata.NamedValues<string>(text => text));
        section.Refuse(nameof(ClusterConfig.ClusterId), "a cluster's id is the name of its object");
        section.Refuse(nameof(ClusterConfig.HealthCheck), "enclaves are probed by Health:Probe, for every cluster alike");
        section.Refuse(nameof(ClusterConfig.HttpClient), "connections to enclaves are set by Routing, for every cluster alike");
        section.Refuse(
            nameof(ClusterConfig.HttpRequest),
            "requests to enclaves are set by Routing:HttpVersion and Timeouts, for every cluster alike");

        var destinations = section.NamedSections(
            nameof(ClusterConfig.Destinations), destination => ReadDestination(destination, enclaves, discovers));
        if (destinations.Count == 0)
            section.Report.Problem(
                section.Ask(nameof(ClusterConfig.Destinations)).Location, "is missing: a cluster has at least one destination");
        CheckOverlaps(destinations, section.Report);
        return section.Report.Problems.Count == before ? yarp.ReadCluster(section) : null;
    }

    private static bool ReadAffinity(SectionReader section)
    {
        section.Bool(false, nameof(SessionAffinityConfig.Enabled));
        section.OneOf("", AffinityPolicies, nameof(SessionAffinityConfig.Policy));
        section.OneOf("", ["Redistribute", "Return503Error"], nameof(SessionAffinityConfig.FailurePolicy));
        section.OptionalText(null, nameof(SessionAffinityConfig.AffinityKeyName));
        return section.Section(nameof(SessionAffinityConfig.Cookie), ReadCookie);
    }

    private static bool ReadCookie(SectionReader section)
    {
        section.OptionalText(null, nameof(SessionAffinityCookieConfig.Path));
        section.OptionalText(null, nameof(SessionAffinityCookieConfig.Domain));
        section.OneOf("", ["Unspecified", "None", "Lax", "Strict"], nameof(SessionAffinityCookieConfig.SameSite));
        section.OneOf("", ["SameAsRequest", "Always", "None"], nameof(SessionAffinityCookieConfig.SecurePolicy));
        section.Bool(false, nameof(SessionAffinityCookieConfig.HttpOnly));
        section.Bool(false, nameof(SessionAffinityCookieConfig.IsEssential));
        section.Value(TimeSpan.Zero, ParseAge, nameof(SessionAffinityCookieConfig.MaxAge));
        section.Value(TimeSpan.Zero, ParseAge, nameof(SessionAffinityCookieConfig.Expiration));
        return true;

        static Parsed<TimeSpan> ParseAge(string text) => Values.Duration(text, TimeSpan.FromSeconds(1), TimeSpan.FromDays(36500));
    }

    private static (string Location, IReadOnlyList<EnclaveEndpoint> Endpoints) ReadDestination(
        SectionReader section, IReadOnlyList<EnclaveEntry> enclaves, bool discovers)
    {
        if (Values.Label(section.Key).Reason is { } reason)
            section.Report.Problem(section.Location, reason);
        section.Refuse(nameof(DestinationConfig.Health), "a destination is probed where it is dialled; another port is Health:Probe:Port");
        section.Optional("", Values.Label, nameof(DestinationConfig.Host));
        section.Section(nameof(DestinationConfig.Metadata), metadata => metadata.NamedValues<string>(text => text));
        return section.TryRequired(nameof(DestinationConfig.Address), text => ParseAddress(text, enclaves, discovers), out var endpoints)
            ? (section.Location, endpoints)
            : (section.Location, []);
    }

    private static Parsed<IReadOnlyList<EnclaveEndpoint>> ParseAddress(string text, IReadOnlyList<EnclaveEntry> enclaves, bool discovers)
    {
        if (EnclavePattern.TryParse(text, out var pattern))
        {
            var matches = enclaves.Where(enclave => enclave.Matches(pattern)).ToList();
            return matches.Count > 0 || discovers
                ? new Parsed<IReadOnlyList<EnclaveEndpoint>>(
                    [.. matches.Select(enclave => enclave.Endpoint).OfType<EnclaveEndpoint>()], null)
                : new Mistake($"{Quoted.Text(text)} names no enclave: no Id or Name in {Names.Enclaves} matches {Quoted.Text(pattern)}");
        }

        return EnclaveEndpoint.TryParse(text, out var endpoint, out var reason)
            ? new Parsed<IReadOnlyList<EnclaveEndpoint>>([endpoint!], null)
            : new Mistake($"names no enclave: {reason} (or enclave://NAME)");
    }

    private static void CheckOverlaps(
        IReadOnlyList<(string Location, IReadOnlyList<EnclaveEndpoint> Endpoints)> destinations, ConfigurationReport report)
    {
        var seen = new Dictionary<EnclaveEndpoint, string>();
        foreach (var (location, endpoints) in destinations)
        {
            foreach (var endpoint in endpoints)
            {
                if (!seen.TryAdd(endpoint, location))
                    report.Problem(location, $"leads to {endpoint}, where {seen[endpoint]} leads already");
            }
        }
    }
}
