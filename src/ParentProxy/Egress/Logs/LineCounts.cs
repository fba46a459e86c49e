namespace ParentProxy.Egress.Logs;

/// <summary>What became of the lines under one label. Counted by any thread.</summary>
internal sealed class LineCounts
{
    private long _written;
    private long _overRate;
    private long _lost;
    private long _cut;

    /// <summary>Lines that were handed to the log.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>Lines that were dropped because the enclave wrote too many a second.</summary>
    public long OverRate => Interlocked.Read(ref _overRate);

    /// <summary>Lines that were dropped because the log was not written as fast as they came.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Lines of which the rest was left out; they count as written or as dropped, too.</summary>
    public long Cut => Interlocked.Read(ref _cut);

    public void CountWritten() => Interlocked.Increment(ref _written);

    public void CountOverRate() => Interlocked.Increment(ref _overRate);

    public void CountLost() => Interlocked.Increment(ref _lost);

    public void CountCut() => Interlocked.Increment(ref _cut);
}
