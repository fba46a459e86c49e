namespace ParentProxy.Enclaves;

/// <summary>The states of an enclave.</summary>
internal enum EnclaveState
{
    /// <summary>Known, not yet probed.</summary>
    Starting,

    /// <summary>Takes traffic: its probes succeed, or it is not probed.</summary>
    Healthy,

    /// <summary>Its probe fails, or without probes its dial.</summary>
    Unhealthy,

    /// <summary>Taken out by what traffic showed, until a probe succeeds.</summary>
    Ejected,

    /// <summary>Attestation does not vouch for it, whatever its probes say.</summary>
    Untrusted,

    /// <summary>No longer configured, or set aside by an operator; finishes what it has.</summary>
    Draining,

    /// <summary>No longer there: its last request has ended, or <c>Timeouts:Drain</c> is over.</summary>
    Gone,
}
