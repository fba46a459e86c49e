namespace ParentProxy.Egress.Logs;

/// <summary>
/// The lines of one enclave over all of its connections: a token bucket says how many it may write, and what was dropped is
/// remembered until somebody says so.
/// </summary>
/// <param name="peer">The enclave, as its first connection was told.</param>
/// <param name="counts">What is counted under its label.</param>
/// <param name="time">The clock.</param>
internal sealed class EnclaveLines(EgressPeer peer, LineCounts counts, TimeProvider time)
{
    /// <summary>Seconds of the rate that may come at once after a pause: an enclave that boots, or a stack trace.</summary>
    public const int BurstSeconds = 5;

    private readonly Lock _gate = new();
    private double _tokens = double.MaxValue;
    private long _filled = time.GetTimestamp();
    private long _overRate;
    private long _lost;

    /// <summary>The enclave, as its first connection was told.</summary>
    public EgressPeer Peer => peer;

    /// <summary>What is counted under its label.</summary>
    public LineCounts Counts => counts;

    /// <summary>Its connections; guarded by whoever keeps it.</summary>
    public int Connections { get; set; }

    /// <summary>Whether one that would be made anew would allow no more than this one.</summary>
    public bool IsRested => time.GetElapsedTime(Volatile.Read(ref _filled)).TotalSeconds > BurstSeconds;

    /// <summary>Takes a line within the rate; else counts it.</summary>
    public bool TryTake(int linesPerSecond)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            var filled = _tokens + time.GetElapsedTime(_filled, now).TotalSeconds * linesPerSecond;
            _tokens = Math.Min(filled, (double)linesPerSecond * BurstSeconds);
            Volatile.Write(ref _filled, now);
            if (_tokens >= 1)
            {
                _tokens--;
                return true;
            }
        }

        counts.CountOverRate();
        Interlocked.Increment(ref _overRate);
        return false;
    }

    /// <summary>Counts a line that the log has no room for.</summary>
    public void Lose()
    {
        counts.CountLost();
        Interlocked.Increment(ref _lost);
    }

    /// <summary>How many were dropped since this was asked last, for which of the two reasons.</summary>
    public (long OverRate, long Lost) TakeDropped() => (Interlocked.Exchange(ref _overRate, 0), Interlocked.Exchange(ref _lost, 0));
}
