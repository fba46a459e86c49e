namespace ParentProxy.Passthrough;

/// <summary>How a connection ended: the label <c>end</c> of the metric.</summary>
internal enum ConnectionEnd
{
    /// <summary>Both directions ended in order, the client's first; or the client left before there was an enclave.</summary>
    Client,

    /// <summary>Both directions ended in order, the enclave's first.</summary>
    Enclave,

    /// <summary>The client's connection broke.</summary>
    ClientReset,

    /// <summary>The enclave's connection broke.</summary>
    EnclaveReset,

    /// <summary>Nothing moved for <c>IdleTimeout</c>.</summary>
    Idle,

    /// <summary>One direction had ended and nothing moved in the other for <c>HalfCloseTimeout</c>.</summary>
    HalfClosed,

    /// <summary>Both sides sent and neither took anything for <c>StallTimeout</c>.</summary>
    Stalled,

    /// <summary>Its enclave had left the configuration and <c>Timeouts:Drain</c> was over.</summary>
    EnclaveLeft,

    /// <summary>The program stopped and <c>Timeouts:Drain</c> was over.</summary>
    Stopped,

    /// <summary>A fault of this program.</summary>
    Fault,
}
