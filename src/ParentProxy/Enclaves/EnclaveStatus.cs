namespace ParentProxy.Enclaves;

/// <summary>The state of an enclave at one moment; replaced whole.</summary>
/// <param name="State">The state.</param>
/// <param name="Since">Since when.</param>
/// <param name="Reason">Why, for an operator.</param>
/// <param name="ProbeHealthy">What the probes say, whatever traffic showed: this is what <c>/health</c> counts.</param>
/// <param name="LastProbe">The last probe, or null before the first.</param>
internal sealed record EnclaveStatus(EnclaveState State, DateTimeOffset Since, string Reason, bool ProbeHealthy, ProbeResult? LastProbe);
