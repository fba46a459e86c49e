using System.Text.Json.Serialization;

namespace ParentProxy.Configuration;

/// <summary>An entry of <c>Passthrough</c>: a listener whose connections are carried to an enclave byte for byte.</summary>
internal sealed record PassthroughOptions
{
    private static readonly IReadOnlyDictionary<string, PassthroughTarget?> NoNames =
        new Dictionary<string, PassthroughTarget?>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Where it listens.</summary>
    public required PassthroughAddress Listen { get; init; }

    /// <summary>Where connections go that no entry of <see cref="Sni"/> takes; null: they are refused.</summary>
    public PassthroughTarget? To { get; init; }

    /// <summary>The port that is dialled on vsock, tcp and hybrid; each enclave's own when null.</summary>
    public uint? Port { get; init; }

    /// <summary>The client's address as a proxy in front tells it, and as the enclave is told it.</summary>
    public ProxyProtocolOptions ProxyProtocol { get; init; } = new();

    /// <summary>
    /// Where connections go by the server name of their ClientHello: a name, or <c>*.name</c> for all below it; null: the connection
    /// is closed. Empty: the ClientHello is not looked at.
    /// </summary>
    public IReadOnlyDictionary<string, PassthroughTarget?> Sni { get; init; } = NoNames;

    /// <summary>How long one dial may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long nothing may move in either direction.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long nothing may move once one direction has ended.</summary>
    public TimeSpan HalfCloseTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long both sides may send while neither takes anything.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a client may take for what is read before an enclave is chosen: PROXY header and ClientHello together.</summary>
    public TimeSpan PrereadTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Connections that may be open, over which a new one is closed at once.</summary>
    public int MaxConnections { get; init; } = 10000;

    /// <summary>Connections that may be open from one address; as many as there may be at all when 0.</summary>
    public int MaxConnectionsPerSource { get; init; }

    /// <summary>Which connections have a line in the log when they end.</summary>
    public PassthroughLogMode Log { get; init; } = PassthroughLogMode.All;

    /// <summary>What a probe does at an endpoint that is no entry of <c>Enclaves</c>.</summary>
    public ProbeType Probe { get; init; } = ProbeType.Connect;

    /// <summary>Every target of the listener.</summary>
    [JsonIgnore]
    public IEnumerable<PassthroughTarget> Targets => Sni.Values.Prepend(To).OfType<PassthroughTarget>();
}
