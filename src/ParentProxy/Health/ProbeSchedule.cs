using ParentProxy.Configuration;
using ParentProxy.Enclaves;

namespace ParentProxy.Health;

/// <summary>When an enclave is probed next, as a function of what is known of it.</summary>
internal static class ProbeSchedule
{
    /// <summary>Between probes on evidence, and between probes of an enclave that is out.</summary>
    private static readonly TimeSpan Eager = TimeSpan.FromSeconds(1);

    /// <summary>Between probes while requests wait for the enclave.</summary>
    private static readonly TimeSpan Urgent = TimeSpan.FromMilliseconds(100);

    /// <summary>The first back-off of dials without probes.</summary>
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(100);

    /// <summary>How long after the start of the last probe the next one starts; null when nothing is to be done.</summary>
    /// <param name="enclave">The enclave.</param>
    /// <param name="probe">The settings.</param>
    /// <param name="failedDials">Dials that failed in a row with the probe off.</param>
    public static TimeSpan? Next(Enclave enclave, ProbeOptions probe, int failedDials)
    {
        var status = enclave.Condition;
        if (!probe.Enabled)
        {
            return status is { State: EnclaveState.Healthy } or { State: EnclaveState.Untrusted, LastProbe.Ok: true }
                ? null
                : Min(FirstBackOff * Math.Pow(2, Math.Min(failedDials, 10)), probe.Interval);
        }

        var isOut = status.State != EnclaveState.Healthy;
        if (isOut && enclave.Waiting > 0)
            return Urgent;
        if (isOut || enclave.PendingEvidence is not null || status.LastProbe is not { Ok: true })
            return Min(Eager, probe.Interval);
        return probe.Interval;
    }

    /// <summary>How long a probe may take.</summary>
    /// <param name="evidence">What it tests, or null for a scheduled one.</param>
    /// <param name="probe">The settings.</param>
    public static TimeSpan Timeout(Evidence? evidence, ProbeOptions probe) => evidence switch
    {
        // An application that is busy with long work answers its probe late as well; that must not take it out.
        null or { Kind: EvidenceKind.Slow } => probe.Timeout,
        _ => Min(probe.Timeout, Eager),
    };

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
