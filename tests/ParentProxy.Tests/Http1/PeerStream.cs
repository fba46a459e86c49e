using System.Threading.Tasks.Sources;
using ParentProxy.Sockets;

namespace ParentProxy.Tests.Http1;

/// <summary>
/// A stream whose peer is the test. What the peer does reaches a pending read before the call returns, so that what follows
/// from it has happened by then; reading allocates nothing.
/// </summary>
internal sealed class PeerStream(Action? disposed = null) : DuplexStream, IValueTaskSource<int>
{
    private readonly Lock _lock = new();
    private readonly Queue<byte> _sent = new();
    private readonly TaskCompletionSource _writesEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ManualResetValueTaskSourceCore<int> _read;
    private Memory<byte> _buffer;
    private bool _isReading;
    private bool _hasPeerEnded;
    private int _disposals;

    /// <summary>How often it was disposed.</summary>
    public int Disposals => Volatile.Read(ref _disposals);

    /// <summary>Whether it was ended hard.</summary>
    public bool IsAborted { get; private set; }

    /// <summary>What the peer sends whenever something is written to it.</summary>
    public byte[] Answer { get; set; } = [];

    /// <summary>What was written to it, each write by itself.</summary>
    public List<byte[]> Writes { get; } = [];

    /// <summary>Whether our direction was ended.</summary>
    public bool IsSendShutDown { get; private set; }

    /// <summary>Whether the peer takes nothing, so that writes wait until the stream is ended hard.</summary>
    public bool BlocksWrites { get; set; }

    /// <summary>Whether something has come of which a pending read knows nothing yet.</summary>
    public bool HasUnseen { get; set; }

    public override bool IsReceiveQueueEmpty => !HasUnseen;

    /// <summary>Runs while a read begins, before it is pending.</summary>
    public Action? BeforeRead { get; set; }

    /// <summary>The peer closes its direction.</summary>
    public void PeerEnds() => Complete(() => _hasPeerEnded = true);

    /// <summary>The peer sends something.</summary>
    public void PeerSends(ReadOnlySpan<byte> bytes)
    {
        var sent = bytes.ToArray();
        Complete(() => Array.ForEach(sent, _sent.Enqueue));
    }

    /// <summary>Ends a pending read as an answer to a request would.</summary>
    public void PeerAnswers()
    {
        lock (_lock)
        {
            if (!_isReading)
                return;
            _isReading = false;
        }

        _read.SetResult(1);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        BeforeRead?.Invoke();
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(IsAborted || Disposals > 0, this);
            if (_isReading)
                throw new InvalidOperationException("a read is pending already");
            if (_sent.Count > 0)
                return ValueTask.FromResult(Take(buffer));
            if (_hasPeerEnded)
                return ValueTask.FromResult(0);
            _read.Reset();
            _buffer = buffer;
            _isReading = true;
            return new ValueTask<int>(this, _read.Version);
        }
    }

    public override void ShutdownSend() => IsSendShutDown = true;

    public override void Abort()
    {
        Complete(() => IsAborted = true);
        _writesEnd.TrySetException(new ObjectDisposedException(nameof(PeerStream)));
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(IsAborted || Disposals > 0, this);
        if (BlocksWrites)
            return new ValueTask(_writesEnd.Task);
        Writes.Add(buffer.ToArray());
        PeerSends(Answer);
        return ValueTask.CompletedTask;
    }

    public override void Flush()
    {
    }

    int IValueTaskSource<int>.GetResult(short token) => _read.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _read.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _read.OnCompleted(continuation, state, token, flags);

    protected override void Dispose(bool disposing)
    {
        Complete(() => _disposals++);
        disposed?.Invoke();
        base.Dispose(disposing);
    }

    private int Take(Memory<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _sent.Count);
        for (var i = 0; i < count; i++)
            buffer.Span[i] = _sent.Dequeue();
        return count;
    }

    private void Complete(Action change)
    {
        int count;
        bool isBroken;
        lock (_lock)
        {
            change();
            if (!_isReading || !IsAborted && Disposals == 0 && !_hasPeerEnded && _sent.Count == 0)
                return;
            _isReading = false;
            isBroken = IsAborted || Disposals > 0;
            count = isBroken ? 0 : Take(_buffer);
        }

        if (isBroken)
            _read.SetException(new ObjectDisposedException(nameof(PeerStream)));
        else
            _read.SetResult(count);
    }
}
