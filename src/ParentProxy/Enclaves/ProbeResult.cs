namespace ParentProxy.Enclaves;

/// <summary>What one probe of an enclave gave.</summary>
/// <param name="At">When it ended.</param>
/// <param name="Ok">Whether the enclave passed.</param>
/// <param name="Latency">From the start of the dial to the verdict.</param>
/// <param name="Code">A short name: <c>ok</c>, an errno, <c>timeout</c>, <c>status</c>, <c>body</c>, <c>protocol</c> …</param>
/// <param name="Detail">The sentence for the log: what was asked, what was answered, which setting decides.</param>
/// <param name="Status">The HTTP status, when there was one.</param>
/// <param name="Connected">Whether a connection came about, whatever became of it.</param>
/// <param name="QueuedSince">
/// For a probe that had no response in time: from when on it may just have queued behind requests; null where the application
/// had a free ear for it.
/// </param>
internal sealed record ProbeResult(
    DateTimeOffset At,
    bool Ok,
    TimeSpan Latency,
    string Code,
    string Detail,
    int? Status = null,
    bool Connected = true,
    long? QueuedSince = null)
{
    /// <summary>The code of a probe that had no response in time.</summary>
    public const string Timeout = "timeout";

    /// <summary>The code of a probe that had none because the application was answering requests meanwhile.</summary>
    public const string Busy = "busy";
}
