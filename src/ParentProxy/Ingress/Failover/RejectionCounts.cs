namespace ParentProxy.Ingress.Failover;

/// <summary>How often requests were refused over a limit of ours, since the start.</summary>
internal sealed class RejectionCounts
{
    private readonly long[] _byLimit = new long[Enum.GetValues<RejectionLimit>().Length];

    /// <inheritdoc cref="RejectionLimit.Connections"/>
    public long Connections => Of(RejectionLimit.Connections);

    /// <inheritdoc cref="RejectionLimit.Tunnels"/>
    public long Tunnels => Of(RejectionLimit.Tunnels);

    /// <inheritdoc cref="RejectionLimit.Waiting"/>
    public long Waiting => Of(RejectionLimit.Waiting);

    /// <summary>Counts a refused request.</summary>
    public void Count(RejectionLimit limit) => Interlocked.Increment(ref _byLimit[(int)limit]);

    private long Of(RejectionLimit limit) => Interlocked.Read(ref _byLimit[(int)limit]);
}
