namespace ParentProxy.Ingress.Kestrel.Refusals;

/// <summary>How many requests were refused, by reason, since the start.</summary>
internal sealed class RefusalCounts
{
    private readonly long[] _byReason = new long[RefusalReasons.All.Count];

    /// <summary>Counts a refused request; from any thread.</summary>
    public void Count(RefusalReason reason) => Interlocked.Increment(ref _byReason[(int)reason]);

    /// <summary>How many were refused for a reason.</summary>
    public long Of(RefusalReason reason) => Interlocked.Read(ref _byReason[(int)reason]);
}
