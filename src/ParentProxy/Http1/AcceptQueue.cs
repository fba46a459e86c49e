namespace ParentProxy.Http1;

/// <summary>
/// What can be told of a peer's accept queue, where connections wait that the kernel has taken and the application has not.
/// An application that serves one connection at a time, or a few, takes the next only when it is rid of another: while that is
/// idle in the pool, a request on the next waits for nothing.
/// </summary>
/// <remarks>
/// Connections are accepted in the order in which they were made. So one that is younger than it and has answered shows that a
/// connection was accepted, however long its response takes. Guarded by the lock of the pool.
/// </remarks>
internal sealed class AcceptQueue
{
    /// <summary>Between two connections that are closed for others. A wrong guess costs a dial, and no more of them than this.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private Func<bool>? _isWanted;
    private TimeSpan _acceptedUntil = TimeSpan.MinValue;
    private TimeSpan _next;
    private int _responded;

    /// <summary>Whether the next connection that comes back may be asked for; a guess without the lock.</summary>
    public bool IsAsking => Volatile.Read(ref _isWanted) is not null;

    /// <summary>A connection has answered for the first time.</summary>
    public void Responded(Http1PoolEntry entry)
    {
        entry.HasResponded = true;
        _responded++;
        if (entry.DialBegan > _acceptedUntil)
            _acceptedUntil = entry.DialBegan;
    }

    /// <summary>
    /// Whether another connection is to be closed for one that has not answered: not twice, unless what was closed turned out
    /// to have served another one.
    /// </summary>
    public bool MayAskFor(Http1PoolEntry entry, TimeSpan now)
    {
        if (entry.HasResponded || entry.Connection.HasReceived || !entry.IsRented || entry.Opened < _acceptedUntil)
            return false;
        if (entry.AskedAt == _responded || !MayAsk(now))
            return false;
        entry.AskedAt = _responded;
        return true;
    }

    /// <summary>Whether another connection may be closed now.</summary>
    public bool MayAsk(TimeSpan now) => now >= _next && _isWanted?.Invoke() != true;

    /// <summary>Asks for the next connection that comes back.</summary>
    /// <param name="isWanted">Whether it is needed still when it comes.</param>
    public void Ask(Func<bool> isWanted) => Volatile.Write(ref _isWanted, isWanted);

    /// <summary>Whether the connection that comes back now is to be closed; asked once for each that was asked for.</summary>
    public bool Takes(TimeSpan now)
    {
        var isWanted = _isWanted?.Invoke() == true;
        _isWanted = null;
        if (isWanted)
            Closed(now);
        return isWanted;
    }

    /// <summary>A connection is closed for another.</summary>
    public void Closed(TimeSpan now) => _next = now + Pause;
}
