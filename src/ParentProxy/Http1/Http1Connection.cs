using System.Threading.Tasks.Sources;

namespace ParentProxy.Http1;

/// <summary>
/// One HTTP/1.1 connection to a peer: one request at a time (RFC 9112). While it is idle a read is pending on it, so that
/// its end is known the moment it happens; the answer to the next request comes out of the same read.
/// </summary>
internal sealed class Http1Connection : IDisposable, IValueTaskSource<int>
{
    private const int BufferBytes = 16 * 1024;

    private readonly DuplexStream _stream;
    private readonly Action _onIdleRead;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private ManualResetValueTaskSourceCore<int> _pendingRead;
    private System.Runtime.CompilerServices.ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _idleRead;
    private Action<Http1Connection>? _ended;
    private int _state = (int)State.Busy;

    /// <summary>Takes over a stream that was just opened.</summary>
    public Http1Connection(DuplexStream stream, Http1Limits limits)
    {
        _stream = stream;
        _onIdleRead = OnIdleRead;
        Limits = limits;
    }

    private enum State
    {
        Busy,
        Idle,
        Ended,
    }

    /// <summary>What a response may cost.</summary>
    public Http1Limits Limits { get; }

    /// <summary>Whether it has served a request before.</summary>
    public bool IsReused { get; private set; }

    /// <summary>Whether the peer ended it, or spoke unasked, while it was idle.</summary>
    public bool HasEnded => Volatile.Read(ref _state) == (int)State.Ended;

    /// <summary>What its pool knows of it; nobody else's business.</summary>
    public Http1PoolEntry? PoolEntry { get; set; }

    /// <summary>How many seconds the peer keeps it open when it is idle, as it said last; null when it said nothing.</summary>
    public int? KeepAliveSeconds { get; private set; }

    /// <summary>
    /// Begins to be idle. When the peer ends the connection or speaks unasked meanwhile, <paramref name="ended"/> is called,
    /// once, perhaps before this returns, and the connection can no longer be taken.
    /// </summary>
    public void EnterIdle(Action<Http1Connection> ended)
    {
        IsReused = true;
        _ended = ended;
        _pendingRead.Reset();
        Volatile.Write(ref _state, (int)State.Idle);
        // Consumed once, by OnIdleRead.
#pragma warning disable CA2012
        _idleRead = _stream.ReadAsync(_buffer).ConfigureAwait(false).GetAwaiter();
#pragma warning restore CA2012
        if (_idleRead.IsCompleted)
            OnIdleRead();
        else
            _idleRead.UnsafeOnCompleted(_onIdleRead);
    }

    /// <summary>Takes it for a request; false when it has ended meanwhile.</summary>
    public bool TryLeaveIdle() => Interlocked.CompareExchange(ref _state, (int)State.Busy, (int)State.Idle) == (int)State.Idle;

    /// <summary>Closes it in order.</summary>
    public void Dispose() => _stream.Dispose();

    /// <summary>Closes it at once; what runs on it fails.</summary>
    public void Abort() => _stream.Abort();

    int IValueTaskSource<int>.GetResult(short token) => _pendingRead.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _pendingRead.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _pendingRead.OnCompleted(continuation, state, token, flags);

    private void OnIdleRead()
    {
        int count;
        Exception? failure = null;
        try
        {
            count = _idleRead.GetResult();
        }
        catch (Exception ex)
        {
            count = 0;
            failure = ex;
        }

        if (Interlocked.CompareExchange(ref _state, (int)State.Ended, (int)State.Idle) == (int)State.Idle)
            _ended!(this);
        else if (failure is null)
            _pendingRead.SetResult(count);
        else
            _pendingRead.SetException(failure);
    }
}
