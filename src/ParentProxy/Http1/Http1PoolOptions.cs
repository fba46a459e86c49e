namespace ParentProxy.Http1;

/// <summary>The limits of an <see cref="Http1Pool"/>.</summary>
internal sealed record Http1PoolOptions
{
    /// <summary>Connections that are open or being dialled, tunnels not counted; at least 1.</summary>
    public required int MaxConnections { get; init; }

    /// <summary>Requests that may hold an upgraded connection, or wait to learn whether they get one.</summary>
    public required int MaxTunnels { get; init; }

    /// <summary>Requests that may wait for a connection; at least 1, as the request that a dial is for waits too.</summary>
    public required int MaxQueued { get; init; }

    /// <summary>How long a request waits for a connection while there are open ones, all of them busy.</summary>
    public required TimeSpan QueueTimeout { get; init; }

    /// <summary>Dials at the same time; at least 1.</summary>
    public required int MaxDials { get; init; }

    /// <summary>How long a connection is kept idle.</summary>
    public required TimeSpan IdleTimeout { get; init; }

    /// <summary>How long after it was opened a connection takes its last request.</summary>
    public required TimeSpan Lifetime { get; init; }

    /// <summary>What a response may cost.</summary>
    public Http1Limits Limits { get; init; } = Http1Limits.Default;
}
