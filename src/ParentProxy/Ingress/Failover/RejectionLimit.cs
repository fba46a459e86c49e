namespace ParentProxy.Ingress.Failover;

/// <summary>A limit of ours over which a request is refused.</summary>
internal enum RejectionLimit
{
    /// <summary>
    /// All connections are busy, for too long or with too many waiting: <c>Routing:QueueTimeout</c>, <c>MaxQueuedPerEnclave</c>.
    /// </summary>
    Connections,

    /// <summary>There are as many upgraded connections as may be: <c>Routing:MaxTunnelsPerEnclave</c>.</summary>
    Tunnels,

    /// <summary>Too many wait for an enclave: <c>Retry:MaxWaiting</c>.</summary>
    Waiting,
}
