using ParentProxy.Enclaves;

namespace ParentProxy.Admin;

/// <summary>An enclave as the admin listener shows it.</summary>
internal sealed record EnclaveView(
    string Id,
    string Name,
    string Endpoint,
    EnclaveTransport Transport,
    string? Cluster,
    int Weight,
    EnclaveState State,
    DateTimeOffset Since,
    string Reason,
    long StateChanges,
    EnclaveView.ProbeView? LastProbe,
    int InFlight,
    int Waiting,
    int Connections,
    int Tunnels)
{
    /// <summary>Shows an enclave.</summary>
    public static EnclaveView Of(Enclave enclave)
    {
        var status = enclave.Status;
        var probe = status.LastProbe;
        return new EnclaveView(
            enclave.Id,
            enclave.Name,
            enclave.Endpoint.ToString(),
            enclave.Endpoint.Transport,
            enclave.Cluster,
            enclave.Weight,
            status.State,
            status.Since,
            status.Reason,
            enclave.StateChanges,
            probe is null ? null : new ProbeView(probe.At, probe.Ok, probe.Status, Math.Round(probe.Latency.TotalMilliseconds, 3), probe.Ok ? null : probe.Code, probe.Detail),
            enclave.InFlight,
            enclave.Waiting,
            enclave.OpenConnections,
            enclave.Tunnels);
    }

    /// <summary>The last probe.</summary>
    /// <param name="At">When it ended.</param>
    /// <param name="Ok">Whether it passed.</param>
    /// <param name="Status">The HTTP status, when there was one.</param>
    /// <param name="LatencyMs">Milliseconds from the dial to the verdict.</param>
    /// <param name="Error">The error by its name, or null.</param>
    /// <param name="Detail">The sentence of the log.</param>
    internal sealed record ProbeView(DateTimeOffset At, bool Ok, int? Status, double LatencyMs, string? Error, string Detail);
}
