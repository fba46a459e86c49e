namespace ParentProxy.Ingress.Forwarding;

/// <summary>How an upgraded connection ended.</summary>
internal enum TunnelEnd
{
    /// <summary>
    /// In order: a Close frame had gone in one of the directions, or, where it carried no frames, both sides ended theirs.
    /// </summary>
    Closed,

    /// <summary>The enclave's side broke, or ended without a Close frame: a crash, or an application that drops its clients.</summary>
    CutByEnclave,

    /// <summary>The client's side broke, or ended without a Close frame: a client that left.</summary>
    CutByClient,

    /// <summary>Nothing moved for <c>Timeouts:Tunnel</c>.</summary>
    Timeout,

    /// <summary>Its enclave was removed, and <c>Timeouts:Drain</c> was over.</summary>
    EnclaveRemoved,

    /// <summary>The program stopped, and <c>Timeouts:Drain</c> was over.</summary>
    Stopped,

    /// <summary>By a fault of this program.</summary>
    Fault,
}
