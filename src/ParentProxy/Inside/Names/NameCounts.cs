namespace ParentProxy.Inside.Names;

/// <summary>What is counted of questions, for the metrics; any thread may count and read.</summary>
internal sealed class NameCounts
{
    /// <summary>Every result, in the order of its number.</summary>
    public static readonly IReadOnlyList<NameResult> Results = Enum.GetValues<NameResult>();

    private readonly long[] _questions = new long[Results.Count];
    private int _open;

    /// <summary>Questions that have no answer yet.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Questions that ended so.</summary>
    public long Of(NameResult result) => Interlocked.Read(ref _questions[(int)result]);

    /// <summary>A question ended so that was never open.</summary>
    public void Count(NameResult result) => Interlocked.Increment(ref _questions[(int)result]);

    public void Opened() => Interlocked.Increment(ref _open);

    public void Ended(NameResult result)
    {
        Interlocked.Decrement(ref _open);
        Count(result);
    }
}
