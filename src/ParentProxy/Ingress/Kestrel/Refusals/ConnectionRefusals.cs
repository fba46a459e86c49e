namespace ParentProxy.Ingress.Kestrel.Refusals;

/// <summary>How many connections of one listener were refused, by reason, since the start.</summary>
internal sealed class ConnectionRefusals
{
    private static readonly ConnectionRefusal[] Reasons = Enum.GetValues<ConnectionRefusal>();

    private readonly long[] _byReason = new long[Reasons.Length];

    /// <summary>Every reason, in the order of its number.</summary>
    public static IReadOnlyList<ConnectionRefusal> All => Reasons;

    /// <summary>A reason in the log and as a label.</summary>
    public static string Word(ConnectionRefusal reason) => reason.ToString().ToLowerInvariant();

    /// <summary>Counts a connection, from any thread; returns how many there have been for that reason.</summary>
    public long Count(ConnectionRefusal reason) => Interlocked.Increment(ref _byReason[(int)reason]);

    /// <summary>How many were refused for a reason.</summary>
    public long Of(ConnectionRefusal reason) => Interlocked.Read(ref _byReason[(int)reason]);
}
