namespace ParentProxy.Scenarios.Load;

/// <summary>A request as its client saw it.</summary>
/// <param name="Id">Its own, in path and body.</param>
/// <param name="IsPost">POST, else GET.</param>
/// <param name="Scheduled">When it was due.</param>
/// <param name="Sent">When the load generator came to it.</param>
/// <param name="Ended">When it was over.</param>
/// <param name="Outcome">How.</param>
/// <param name="Enclave">Who answered.</param>
internal sealed record Sample(string Id, bool IsPost, TimeSpan Scheduled, TimeSpan Sent, TimeSpan Ended, Outcome Outcome, string? Enclave)
{
    /// <summary>Whether the client did not get what it asked for.</summary>
    public bool Failed => Outcome != Outcome.Ok;

    /// <summary>From when it was due: a late start counts, as it does for a user.</summary>
    public TimeSpan Latency => Ended - Scheduled;
}
