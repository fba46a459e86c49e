namespace ParentProxy.Http1;

/// <summary>
/// A slot among the tunnels of a pool. The request that reserved it disposes it in any case: when the connection became a
/// tunnel meanwhile the slot belongs to that, and ends with it instead.
/// </summary>
internal sealed class Http1TunnelSlot(Http1Pool pool) : IDisposable
{
    /// <summary>The pool whose slot it is.</summary>
    public Http1Pool Pool { get; } = pool;

    /// <summary>Whether it was given back, or went to a tunnel. Guarded by the pool's lock.</summary>
    public bool IsSpent { get; set; }

    /// <summary>Gives the slot back unless a tunnel has it.</summary>
    public void Dispose() => Pool.Release(this);
}
