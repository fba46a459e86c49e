namespace ParentProxy.Inside.Bridges;

/// <summary>Has the same trouble written down at once, and then once a minute with how often it came in between.</summary>
/// <param name="time">The clock of the minute.</param>
internal sealed class BridgeComplaints(TimeProvider time)
{
    private static readonly TimeSpan SayAgain = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Listener, string Code), (long Said, long Unsaid)> _troubles = [];

    /// <summary>Whether it is to be written down now.</summary>
    /// <param name="listener">Where it happened.</param>
    /// <param name="code">What happened in one word, of which there are not many.</param>
    /// <param name="unsaid">How often it happened without a line since the last one.</param>
    public bool TryTake(string listener, string code, out long unsaid)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            var isKnown = _troubles.TryGetValue((listener, code), out var trouble);
            unsaid = trouble.Unsaid;
            var isTime = !isKnown || time.GetElapsedTime(trouble.Said, now) >= SayAgain;
            _troubles[(listener, code)] = isTime ? (now, 0) : (trouble.Said, trouble.Unsaid + 1);
            return isTime;
        }
    }
}
