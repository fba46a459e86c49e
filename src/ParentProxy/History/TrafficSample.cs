namespace ParentProxy.History;

/// <summary>What happened in one step of time.</summary>
/// <param name="Elapsed">How long the step was.</param>
/// <param name="Requests">Requests that were answered.</param>
/// <param name="Errors">Those of them that were answered with 500 or more.</param>
/// <param name="Ended">Requests that ended: of a long answer in another step than it was counted in.</param>
/// <param name="Duration">How long the requests that ended took together.</param>
/// <param name="IsOut">Whether the enclave got no traffic at the end of it.</param>
internal readonly record struct TrafficSample(TimeSpan Elapsed, long Requests, long Errors, long Ended, TimeSpan Duration, bool IsOut)
{
    /// <summary>Requests per second.</summary>
    public double Rate => Elapsed > TimeSpan.Zero ? Requests / Elapsed.TotalSeconds : 0;

    /// <summary>The share of errors, 0 to 1; null without a request.</summary>
    public double? ErrorShare => Requests > 0 ? Math.Min(1, (double)Errors / Requests) : null;

    /// <summary>How long the requests that ended took on average; null without one.</summary>
    public TimeSpan? Mean => Ended > 0 ? Duration / Ended : null;

    /// <summary>Two steps taken together.</summary>
    public static TrafficSample operator +(TrafficSample one, TrafficSample other) =>
        new(one.Elapsed + other.Elapsed, one.Requests + other.Requests, one.Errors + other.Errors, one.Ended + other.Ended, one.Duration + other.Duration, other.IsOut);
}
