namespace ParentProxy.Scenarios.Report;

/// <summary>How long requests took.</summary>
internal sealed class Latencies(IEnumerable<TimeSpan> values)
{
    private readonly TimeSpan[] _sorted = [.. values.Order()];

    /// <summary>The median; zero when there is nothing.</summary>
    public TimeSpan P50 => At(0.50);

    /// <summary>What 99 of 100 do not exceed.</summary>
    public TimeSpan P99 => At(0.99);

    private TimeSpan At(double share) => _sorted.Length == 0 ? TimeSpan.Zero : _sorted[(int)Math.Ceiling(share * _sorted.Length) - 1];
}
