using ParentProxy.Ingress.Forwarding;

namespace ParentProxy.Ingress.Failover;

/// <summary>How often requests were refused over a limit of ours, since the start.</summary>
internal sealed class RejectionCounts
{
    private long _connections;
    private long _tunnels;
    private long _waiting;

    /// <summary>All connections were busy, for too long or with too many waiting: <c>Routing:QueueTimeout</c>, <c>MaxQueuedPerEnclave</c>.</summary>
    public long Connections => Interlocked.Read(ref _connections);

    /// <summary>There were as many upgraded connections as may be: <c>Routing:MaxTunnelsPerEnclave</c>.</summary>
    public long Tunnels => Interlocked.Read(ref _tunnels);

    /// <summary>Too many waited for an enclave: <c>Retry:MaxWaiting</c>.</summary>
    public long Waiting => Interlocked.Read(ref _waiting);

    /// <summary>Counts a failed request, if that is why.</summary>
    public void Count(FailureKind kind)
    {
        switch (kind)
        {
            case FailureKind.ConnectionsBusy:
                Interlocked.Increment(ref _connections);
                break;
            case FailureKind.TunnelsBusy:
                Interlocked.Increment(ref _tunnels);
                break;
            case FailureKind.TooManyWaiting:
                Interlocked.Increment(ref _waiting);
                break;
        }
    }
}
