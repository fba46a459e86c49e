using ParentProxy.Admin.History;
using ParentProxy.Enclaves;
using ParentProxy.Endpoints;

namespace ParentProxy.Admin;

/// <summary>An enclave as the admin listener shows it.</summary>
internal sealed record EnclaveView(
    string Id,
    string Name,
    string Endpoint,
    EnclaveTransport Transport,
    string? Cluster,
    int Weight,
    bool Backup,
    EnclaveState State,
    DateTimeOffset Since,
    string Reason,
    long StateChanges,
    long Outages,
    double DowntimeSeconds,
    EnclaveView.ProbeView? LastProbe,
    EnclaveView.AttestationView? Attestation,
    int InFlight,
    int Waiting,
    int Connections,
    int Tunnels,
    EnclaveView.TotalsView Totals,
    EnclaveView.LatencyView? LatencyMs)
{
    /// <summary>Shows an enclave as it is now, with its times of the last 15 minutes.</summary>
    public static EnclaveView Of(Enclave enclave, TrafficHistory history)
    {
        var status = enclave.Status;
        var probe = status.LastProbe;
        var metrics = enclave.Metrics;
        return new EnclaveView(
            enclave.Id,
            enclave.Name,
            enclave.Endpoint.ToString(),
            enclave.Endpoint.Transport,
            enclave.Cluster,
            enclave.Weight,
            enclave.IsBackup,
            status.State,
            status.Since,
            status.Reason,
            metrics.StateChanges,
            metrics.Outages,
            Math.Round(enclave.Downtime.TotalSeconds, 3),
            probe is null ? null : ProbeView.Of(probe),
            enclave.Attestation is { } trust ? AttestationView.Of(trust) : null,
            enclave.InFlight,
            enclave.Waiting,
            enclave.OpenConnections,
            enclave.Tunnels,
            TotalsView.Of(metrics),
            LatencyView.Of(LatencySpread.Sum(history.Of(enclave.Id).Select(sample => sample.Times))));
    }

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);

    /// <summary>How the last probe went.</summary>
    /// <param name="At">When it ended.</param>
    /// <param name="Ok">Whether it passed.</param>
    /// <param name="Status">The HTTP status, when there was one.</param>
    /// <param name="LatencyMs">Milliseconds from the dial to the verdict.</param>
    /// <param name="Error">The error by its name, or null.</param>
    /// <param name="Detail">The sentence of the log.</param>
    internal sealed record ProbeView(DateTimeOffset At, bool Ok, int? Status, double LatencyMs, string? Error, string Detail)
    {
        /// <summary>Shows a probe; its code is an error only where it did not pass.</summary>
        public static ProbeView Of(ProbeResult probe) =>
            new(probe.At, probe.Ok, probe.Status, Milliseconds(probe.Latency), probe.Ok ? null : probe.Code, probe.Detail);
    }

    /// <summary>What its attestation came to.</summary>
    /// <param name="Verdict">The verdict on the last document.</param>
    /// <param name="Reason">The check that failed, or how the request did; null where nothing did.</param>
    /// <param name="Detail">The sentence of the log.</param>
    /// <param name="CheckedAt">When the last attempt ended.</param>
    /// <param name="VerifiedAt">When a document last passed.</param>
    /// <param name="ModuleId">The enclave that this document was of.</param>
    /// <param name="Debug">Whether it runs in debug mode, by this document.</param>
    /// <param name="Trust">Whose root vouches: <c>aws</c>, or <c>custom</c> for any other.</param>
    internal sealed record AttestationView(
        TrustVerdict Verdict,
        string? Reason,
        string Detail,
        DateTimeOffset CheckedAt,
        DateTimeOffset? VerifiedAt,
        string? ModuleId,
        bool Debug,
        string Trust)
    {
        /// <summary>Shows the verdict, and what it rests on.</summary>
        public static AttestationView Of(EnclaveTrust trust) => new(
            trust.Verdict,
            trust.Code,
            trust.Detail,
            trust.CheckedAt,
            trust.VerifiedAt,
            trust.ModuleId,
            trust.IsDebug,
            trust.IsCustomRoot ? "custom" : "aws");
    }

    /// <summary>What was counted since the start.</summary>
    /// <param name="Requests">Requests that were answered.</param>
    /// <param name="ClientErrors">Those of them that were answered with 400 to 499.</param>
    /// <param name="ServerErrors">Those of them that were answered with 500 or more.</param>
    /// <param name="Retries">Tries that followed on one that failed here.</param>
    /// <param name="Failovers">Requests that left it for another enclave.</param>
    /// <param name="RequestBytes">Bytes of request bodies.</param>
    /// <param name="ResponseBytes">Bytes of response bodies.</param>
    internal sealed record TotalsView(
        long Requests,
        long ClientErrors,
        long ServerErrors,
        long Retries,
        long Failovers,
        long RequestBytes,
        long ResponseBytes)
    {
        /// <summary>Shows the counts as they are now.</summary>
        public static TotalsView Of(EnclaveMetrics metrics) => new(
            metrics.Requests.Total,
            metrics.Requests.ClientErrors,
            metrics.Requests.ServerErrors,
            metrics.Retries,
            metrics.Failovers,
            metrics.RequestBytes,
            metrics.ResponseBytes);
    }

    /// <summary>Within how many milliseconds a half, 95 % and 99 % of the requests of the last 15 minutes ended.</summary>
    internal sealed record LatencyView(double P50, double P95, double P99)
    {
        /// <summary>Shows the quantiles; null without a request.</summary>
        public static LatencyView? Of(LatencySpread times) => times is { Count: > 0 }
            ? new LatencyView(At(times, 0.5), At(times, 0.95), At(times, 0.99))
            : null;

        private static double At(LatencySpread times, double share) => Milliseconds(times.Quantile(share) ?? TimeSpan.Zero);
    }
}
