namespace ParentProxy.Http1;

/// <summary>What a pool knows of one of its connections.</summary>
internal sealed class Http1PoolEntry
{
    private int _isRented = 1;

    /// <summary>A connection that was just opened, for whoever takes it first.</summary>
    /// <param name="pool">Whose it is.</param>
    /// <param name="connection">The connection.</param>
    /// <param name="opened">When that was, on the clock of the pool.</param>
    /// <param name="retires">When its lifetime ends.</param>
    public Http1PoolEntry(Http1Pool pool, Http1Connection connection, TimeSpan opened, TimeSpan retires)
    {
        Pool = pool;
        Connection = connection;
        Opened = opened;
        Retires = retires;
        Node = new LinkedListNode<Http1PoolEntry>(this);
        connection.PoolEntry = this;
    }

    /// <summary>The pool that opened it, and to which it is given back.</summary>
    public Http1Pool Pool { get; }

    /// <summary>The connection, whose <see cref="Http1Connection.PoolEntry"/> this is.</summary>
    public Http1Connection Connection { get; }

    /// <summary>When it was opened, on the clock of the pool.</summary>
    public TimeSpan Opened { get; }

    /// <summary>When its dial began, on the clock of the pool.</summary>
    public TimeSpan DialBegan => Opened - Connection.DialTime;

    /// <summary>Whether the peer has ever answered on it, so that it is accepted. Set under the pool's lock.</summary>
    public bool HasResponded { get; set; }

    /// <summary>How many connections had answered when one was closed for this; -1 while none was. Guarded by the pool's lock.</summary>
    public int AskedAt { get; set; } = -1;

    /// <summary>When its lifetime ends, on the clock of the pool.</summary>
    public TimeSpan Retires { get; }

    /// <summary>Its place among the idle ones; in no list while it is not idle. Kept, so that becoming idle allocates nothing.</summary>
    public LinkedListNode<Http1PoolEntry> Node { get; }

    /// <summary>When it is closed unless somebody takes it before; valid while it is idle.</summary>
    public TimeSpan Expires { get; set; }

    /// <summary>Since when it has been idle, on the clock of the pool; valid while it is idle.</summary>
    public TimeSpan IdleSince { get; set; }

    /// <summary>The slot that it holds as a tunnel; null while it is none. Guarded by the pool's lock.</summary>
    public Http1TunnelSlot? Tunnel { get; set; }

    /// <summary>Whether it is being closed to make room for a fresh one. Guarded by the pool's lock.</summary>
    public bool IsEvicted { get; set; }

    /// <summary>Whether a request has it.</summary>
    public bool IsRented => Volatile.Read(ref _isRented) == 1;

    /// <summary>A request takes it.</summary>
    public void Rent() => Volatile.Write(ref _isRented, 1);

    /// <summary>The request gives it back; false when none has it.</summary>
    public bool TryGiveBack() => Interlocked.Exchange(ref _isRented, 0) == 1;
}
