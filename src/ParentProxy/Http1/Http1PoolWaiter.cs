namespace ParentProxy.Http1;

/// <summary>
/// A request that waits for a connection. Whoever takes it out of the queue, under the lock of the pool, decides how its
/// wait ends and nobody else does. What awaits it never runs inside of the pool.
/// </summary>
internal sealed class Http1PoolWaiter : TaskCompletionSource<Http1Connection>
{
    /// <summary>A request that has just come.</summary>
    /// <param name="since">When it came.</param>
    /// <param name="dialTime">How long a dial on its behalf may take.</param>
    /// <param name="fresh">Whether it is served by a connection only that no request had before.</param>
    /// <param name="canRedispatch">Whether it goes elsewhere when a dial is turned away.</param>
    public Http1PoolWaiter(TimeSpan since, TimeSpan dialTime, bool fresh, bool canRedispatch)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        Since = since;
        DialTime = dialTime;
        IsFresh = fresh;
        CanRedispatch = canRedispatch;
        Node = new LinkedListNode<Http1PoolWaiter>(this);
    }

    /// <summary>When it came, on the clock of the pool.</summary>
    public TimeSpan Since { get; }

    /// <summary>How long a dial on its behalf may take.</summary>
    public TimeSpan DialTime { get; }

    /// <summary>Whether it is served by a connection only that no request had before.</summary>
    public bool IsFresh { get; }

    /// <summary>Whether it goes elsewhere when a dial is turned away.</summary>
    public bool CanRedispatch { get; }

    /// <summary>Its place in the queue; in no list once its end is decided.</summary>
    public LinkedListNode<Http1PoolWaiter> Node { get; }
}
