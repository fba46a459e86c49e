using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Routing</c>: which enclave gets a request, and over what connections.</summary>
internal sealed record RoutingOptions
{
    /// <summary>The policies that may be configured, by the names that YARP has for them.</summary>
    public static IReadOnlyList<string> LoadBalancingPolicies { get; } =
        ["FirstAlphabetical", "Random", "RoundRobin", "LeastRequests", "PowerOfTwoChoices"];

    /// <summary>The one that reads the weights of enclaves.</summary>
    public const string WeightedPolicy = "LeastRequests";

    /// <summary>A load-balancing policy of YARP, by its name.</summary>
    public string LoadBalancing { get; init; } = "PowerOfTwoChoices";

    /// <summary>HTTP version towards the enclaves: 1.1, or 2 (prior knowledge, without TLS).</summary>
    public Version HttpVersion { get; init; } = System.Net.HttpVersion.Version11;

    /// <summary>Connections to one enclave, over which requests wait for a free one.</summary>
    public int MaxConnectionsPerEnclave { get; init; } = 256;

    /// <summary>Upgraded connections to one enclave, beside <see cref="MaxConnectionsPerEnclave"/>.</summary>
    public int MaxTunnelsPerEnclave { get; init; } = 1024;

    /// <summary>Requests that may wait for a connection to one enclave.</summary>
    public int MaxQueuedPerEnclave { get; init; } = 1024;

    /// <summary>How long a request waits for a connection while all are busy.</summary>
    public TimeSpan QueueTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Simultaneous connects to one enclave: a short accept queue answers a burst with resets.</summary>
    public int MaxDialsPerEnclave { get; init; } = 4;

    /// <summary>How long an idle connection is kept; below the enclave's own keep-alive time.</summary>
    public TimeSpan PooledConnectionIdleTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long a connection is used at most.</summary>
    public TimeSpan PooledConnectionLifetime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long an enclave that returns gets less than its share of the requests, rising all the while; zero for not at all.
    /// </summary>
    public TimeSpan SlowStart { get; init; } = TimeSpan.FromSeconds(5);

    public static RoutingOptions Read(SectionReader section)
    {
        var defaults = new RoutingOptions();
        return new RoutingOptions
        {
            LoadBalancing = section.OneOf(defaults.LoadBalancing, LoadBalancingPolicies),
            HttpVersion = section.Value(defaults.HttpVersion, ParseHttpVersion),
            MaxConnectionsPerEnclave = section.Number(defaults.MaxConnectionsPerEnclave, 1, 1_000_000),
            MaxTunnelsPerEnclave = section.Number(defaults.MaxTunnelsPerEnclave, 1, 1_000_000),
            MaxQueuedPerEnclave = section.Number(defaults.MaxQueuedPerEnclave, 1, 1_000_000),
            QueueTimeout = section.Duration(defaults.QueueTimeout),
            MaxDialsPerEnclave = section.Number(defaults.MaxDialsPerEnclave, 1, 1_000_000),
            PooledConnectionIdleTimeout = section.Duration(defaults.PooledConnectionIdleTimeout),
            PooledConnectionLifetime = section.Duration(defaults.PooledConnectionLifetime),
            SlowStart = section.DurationOrZero(defaults.SlowStart),
        };
    }

    private static Parsed<Version> ParseHttpVersion(string text) => text switch
    {
        "1.1" => System.Net.HttpVersion.Version11,
        "2" => System.Net.HttpVersion.Version20,
        _ => new Mistake($"{Quoted.Text(text)} is neither 1.1 nor 2"),
    };
}
