namespace ParentProxy.Ingress.Failover;

/// <summary>How often another attempt was made, by reason, since the start.</summary>
internal sealed class RetryCounts
{
    private readonly long[] _byReason = new long[Enum.GetValues<RetryReason>().Length];
    private long _denied;

    /// <summary>Requests that could have been sent again, had the budget not been spent.</summary>
    public long Denied => Interlocked.Read(ref _denied);

    /// <summary>Another attempt is made.</summary>
    public void Count(RetryReason reason) => Interlocked.Increment(ref _byReason[(int)reason]);

    /// <summary>Counts a request that the budget kept from being sent again.</summary>
    public void CountDenied() => Interlocked.Increment(ref _denied);

    /// <summary>How often for one reason, since the start.</summary>
    public long Of(RetryReason reason) => Interlocked.Read(ref _byReason[(int)reason]);
}
