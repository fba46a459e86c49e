using System.Text.Json.Serialization;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Egress</c>: what enclaves reach, and how. Without a listener there is no egress.</summary>
internal sealed record EgressOptions
{
    /// <summary>What is allowed, the entries of <see cref="AllowlistFile"/> behind those of the configuration.</summary>
    public IReadOnlyList<EgressRuleOptions> Allow { get; init; } = [];

    /// <summary>What is refused although a rule allows it.</summary>
    public IReadOnlyList<EgressRuleOptions> Deny { get; init; } = [];

    /// <summary>
    /// Whether a name that leads to a private network is refused unless a rule names the address. Loopback, link-local, multicast,
    /// instance metadata and the parent's own addresses need such a rule in any case.
    /// </summary>
    public bool DenyPrivateNetworks { get; init; } = true;

    /// <summary>An allowlist as AWS's vsock-proxy reads it; null for none.</summary>
    public string? AllowlistFile { get; init; }

    /// <summary>Connections that go to one destination each.</summary>
    public IReadOnlyList<EgressForwardOptions> Forwards { get; init; } = [];

    /// <summary>The HTTP proxy; null for none.</summary>
    public EgressConnectOptions? Connect { get; init; }

    /// <summary>Names; null for none.</summary>
    public EgressDnsOptions? Dns { get; init; }

    /// <summary>Log lines of enclaves; null for none.</summary>
    public EgressLogsOptions? Logs { get; init; }

    /// <summary>The clock; null for none.</summary>
    public EgressTimeOptions? Time { get; init; }

    /// <summary>Files that are handed out.</summary>
    public IReadOnlyList<EgressFileOptions> Files { get; init; } = [];

    /// <summary>How long a destination's addresses may take to be connected to, all together.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long an enclave may take to send a request, to the HTTP proxy or for a name, and to take an answer of ours.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long nothing may move on a connection in either direction.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long nothing may move once one direction has ended.</summary>
    public TimeSpan HalfCloseTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Connections of a listener that may be open, over which a new one is closed at once.</summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>Connections that one enclave may have open, over all listeners of egress.</summary>
    public int MaxConnectionsPerEnclave { get; init; } = 4_000;

    /// <summary>Every listener, in the order of this record.</summary>
    [JsonIgnore]
    public IEnumerable<EgressListenerOptions> Listeners =>
        new EgressListenerOptions?[] { Connect, Dns, Logs, Time }.OfType<EgressListenerOptions>().Concat(Forwards).Concat(Files);

    /// <summary>As it stands in the configuration, without the entries of <see cref="AllowlistFile"/>: there may be thousands.</summary>
    public EgressOptions WithoutFile() => AllowlistFile is null ? this : this with { Allow = [.. Allow.Where(rule => !rule.IsOfFile)] };
}
