namespace ParentProxy.Egress.Tunnels;

/// <summary>How a tunnel ended.</summary>
internal enum TunnelEnd
{
    /// <summary>Both directions ended in order, the enclave's first.</summary>
    Enclave,

    /// <summary>Both directions ended in order, the destination's first.</summary>
    Destination,

    /// <summary>The enclave's connection broke.</summary>
    EnclaveReset,

    /// <summary>The destination's connection broke.</summary>
    DestinationReset,

    /// <summary>Nothing moved for <c>IdleTimeout</c>.</summary>
    Idle,

    /// <summary>One direction had ended and nothing moved in the other for <c>HalfCloseTimeout</c>.</summary>
    HalfClosed,

    /// <summary>The program stopped and <c>Timeouts:Drain</c> was over.</summary>
    Stopped,

    /// <summary>A fault of this program.</summary>
    Fault,
}
