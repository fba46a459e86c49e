namespace ParentProxy.Commands.Ping;

/// <summary>The arguments of <c>parent-proxy ping</c>.</summary>
internal sealed record PingArguments
{
    /// <summary>An endpoint, an Id or a Name; null for every enclave.</summary>
    public string? Target { get; init; }

    /// <summary>Rounds; null for until a signal comes.</summary>
    public int? Count { get; init; }

    /// <summary>From the start of one round to the start of the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long one may take; null for as it is configured.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether no request is sent.</summary>
    public bool ConnectOnly { get; init; }

    /// <summary>Whether JSON is printed.</summary>
    public bool Json { get; init; }
}
