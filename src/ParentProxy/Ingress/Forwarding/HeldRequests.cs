using System.Globalization;
using Microsoft.Extensions.Logging;
using ParentProxy.Enclaves;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>
/// Says, once for each outage, which requests an enclave keeps that is out: they were sent to it, cannot be sent elsewhere, and
/// may wait for many minutes without another word.
/// </summary>
internal static class HeldRequests
{
    /// <summary>Tells it of all enclaves that it was not told of yet.</summary>
    /// <param name="attempts">All attempts that are under way.</param>
    /// <param name="now">Timestamp of now.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public static void Tell(IReadOnlyList<Attempt> attempts, long now, TimeProvider time, ILogger logger)
    {
        foreach (var held in attempts.Where(IsHeld).GroupBy(attempt => attempt.Enclave))
        {
            if (!held.Key.TryTellOutage())
                continue;
            var waits = held
                .GroupBy(attempt => (attempt.Phase, attempt.TimeLimit))
                .OrderBy(group => group.Key)
                .Select(group => Wait(group.Key.Phase, group.Key.TimeLimit, group.Count()));
            var oldest = TimeSpan.FromSeconds(Math.Floor(time.GetElapsedTime(held.Min(attempt => attempt.ConnectedAt), now).TotalSeconds));
            EnclaveLog.RequestsHeld(logger, held.Key, held.Key.Condition.Since, held.Count(), oldest, string.Join("; ", waits));
        }
    }

    private static bool IsHeld(Attempt attempt) =>
        attempt is { Enclave.HasUntoldOutage: true, Failure: null, Phase: not (AttemptPhase.Connecting or AttemptPhase.Ended) };

    private static string Wait(AttemptPhase phase, TimeSpan limit, int count)
    {
        var (what, setting) = phase switch
        {
            AttemptPhase.Sending => ("with a part of their body still to be sent", "Timeouts:Idle"),
            AttemptPhase.AwaitingHead => ("without an answer", "Timeouts:ResponseHead"),
            AttemptPhase.Tunnel => ("upgraded connections", "Timeouts:Tunnel"),
            _ => ("in the middle of their answer", "Timeouts:Idle"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{count} {what}, for {limit} at most ({setting})");
    }
}
