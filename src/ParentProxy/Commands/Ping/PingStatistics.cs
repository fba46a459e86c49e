namespace ParentProxy.Commands.Ping;

/// <summary>What the attempts at one enclave came to; times are of those that succeeded, in milliseconds.</summary>
/// <param name="Enclave">The Id, or the endpoint.</param>
/// <param name="Endpoint">What was dialled.</param>
/// <param name="Sent">Attempts.</param>
/// <param name="Ok">Those that succeeded.</param>
/// <param name="Failed">Those that did not.</param>
/// <param name="LossPercent">The share of the latter.</param>
/// <param name="MinMs">The shortest; null without any.</param>
/// <param name="AverageMs">The mean.</param>
/// <param name="P50Ms">Half of them were at most so long.</param>
/// <param name="P99Ms">Of a hundred 99 were at most so long.</param>
/// <param name="MaxMs">The longest.</param>
internal sealed record PingStatistics(
    string Enclave,
    string Endpoint,
    int Sent,
    int Ok,
    int Failed,
    double LossPercent,
    double? MinMs,
    double? AverageMs,
    double? P50Ms,
    double? P99Ms,
    double? MaxMs)
{
    /// <summary>Sums up the attempts at one enclave, of which there is one at least.</summary>
    public static PingStatistics Of(IReadOnlyList<PingShot> shots)
    {
        var times = shots.Where(shot => shot.Ok).Select(shot => shot.TotalMs).Order().ToList();
        return new PingStatistics(
            shots[^1].Enclave,
            shots[^1].Endpoint,
            shots.Count,
            times.Count,
            shots.Count - times.Count,
            Math.Round(100.0 * (shots.Count - times.Count) / shots.Count, 1),
            times.Count > 0 ? times[0] : null,
            times.Count > 0 ? Math.Round(times.Average(), 3) : null,
            At(times, 0.5),
            At(times, 0.99),
            times.Count > 0 ? times[^1] : null);
    }

    /// <summary>The smallest value that so large a share of them does not exceed (nearest rank).</summary>
    private static double? At(List<double> times, double share) =>
        times.Count > 0 ? times[Math.Max(0, (int)Math.Ceiling(share * times.Count) - 1)] : null;
}
