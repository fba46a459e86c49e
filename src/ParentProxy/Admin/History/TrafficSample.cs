namespace ParentProxy.Admin.History;

/// <summary>What happened in one step of time.</summary>
/// <param name="Elapsed">How long the step was.</param>
/// <param name="Requests">Requests that were answered.</param>
/// <param name="Errors">Those of them that were answered with 500 or more.</param>
/// <param name="Times">How long those took that ended: with a long answer in another step than the request was counted in.</param>
/// <param name="Outages">How often the enclave went out.</param>
/// <param name="IsOut">Whether the enclave got no traffic at the end of it.</param>
internal readonly record struct TrafficSample(TimeSpan Elapsed, long Requests, long Errors, LatencySpread Times, long Outages, bool IsOut)
{
    /// <summary>Requests per second; 0 for a step without length.</summary>
    public double Rate => Elapsed > TimeSpan.Zero ? Requests / Elapsed.TotalSeconds : 0;

    /// <summary>The share of errors, 0 to 1; null without a request.</summary>
    public double? ErrorShare => Requests > 0 ? Math.Min(1, (double)Errors / Requests) : null;

    /// <summary>Steps taken together; it is out when the enclave was at the end of the last one.</summary>
    public static TrafficSample Sum(IReadOnlyList<TrafficSample> samples)
    {
        var (elapsed, requests, errors, outages) = (TimeSpan.Zero, 0L, 0L, 0L);
        foreach (var sample in samples)
        {
            elapsed += sample.Elapsed;
            requests += sample.Requests;
            errors += sample.Errors;
            outages += sample.Outages;
        }

        var times = LatencySpread.Sum(samples.Select(sample => sample.Times));
        return new TrafficSample(elapsed, requests, errors, times, outages, samples is [.., { IsOut: true }]);
    }
}
