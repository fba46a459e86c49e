namespace ParentProxy.Ingress.Failover;

/// <summary>Why another attempt is made.</summary>
internal enum RetryReason
{
    /// <summary>Nothing was sent: the enclave could not be dialled, or had just left.</summary>
    Connect,

    /// <summary>Nothing was sent: all connections of the enclave are busy.</summary>
    Busy,

    /// <summary>The connection had been idle and the enclave closed it just then; sent again on a fresh one.</summary>
    Idle,

    /// <summary>The connection ended before any byte of a response.</summary>
    Reset,

    /// <summary>The enclave left the rotation before any byte of a response.</summary>
    Moved,
}
