using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using ParentProxy.Sockets;

namespace ParentProxy.Ingress.Kestrel;

/// <summary>
/// What comes from a client, read when it is wanted: what nobody has asked for yet stays in the kernel, and the client
/// waits. A connection that is idle holds no memory.
/// </summary>
/// <param name="socket">Where it comes from.</param>
/// <param name="whyAborted">Why this side closed the socket, or null when it has not.</param>
/// <param name="onEnded">The client has ended its direction, or the connection broke, and nothing is left to read.</param>
internal sealed class ClientInput(LoopSocket socket, Func<Exception?> whyAborted, Action onEnded) : PipeReader
{
    /// <summary>Bytes of the first buffer, in which a head fits, usually.</summary>
    private const int SmallBytes = 16 * 1024;

    /// <summary>For who sends faster than that is read.</summary>
    private const int LargeBytes = 64 * 1024;

    private volatile bool _hasBegun;
    private byte[]? _buffer;
    private int _start;
    private int _end;
    private int _examined;
    private int _wanted = SmallBytes;
    private ReadOnlySequence<byte> _given;
    private bool _isEnded;
    private bool _isCompleted;
    private int _isCancelled;

    /// <summary>Whether the client has sent anything yet, or ended.</summary>
    public bool HasBegun => _hasBegun;

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfCompleted();
        return TryGive(out var result) ? ValueTask.FromResult(result) : ReadSlowlyAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        ThrowIfCompleted();
        if (TryGive(out result))
            return true;
        if (!TryReceive())
            return false;
        result = Give(isCancelled: false);
        return true;
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_buffer is null)
            return;
        var seen = (int)_given.Slice(_given.Start, examined).Length;
        var used = (int)_given.Slice(_given.Start, consumed).Length;
        _examined = _start + seen;
        _start += used;
        _given = default;
        if (_start == _end)
            Release();
    }

    /// <inheritdoc/>
    public override void CancelPendingRead()
    {
        // Either the wait that is on ends, or the next read finds this.
        Volatile.Write(ref _isCancelled, 1);
        socket.CancelReceive();
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        _isCompleted = true;
        if (_buffer is not null)
            Release();
    }

    private void ThrowIfCompleted()
    {
        if (_isCompleted)
            throw new InvalidOperationException("Nothing is read after the end.");
    }

    /// <summary>Gives what is there and was not looked at yet, or the news that there will be no more.</summary>
    private bool TryGive(out ReadResult result)
    {
        var isCancelled = Volatile.Read(ref _isCancelled) == 1 && Interlocked.Exchange(ref _isCancelled, 0) == 1;
        var isThere = isCancelled || _isEnded || _examined < _end;
        result = isThere ? Give(isCancelled) : default;
        return isThere;
    }

    private ReadResult Give(bool isCancelled)
    {
        _given = _buffer is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_buffer, _start, _end - _start);
        return new ReadResult(_given, isCancelled, _isEnded);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> ReadSlowlyAsync(CancellationToken cancellationToken)
    {
        while (!TryReceive())
        {
            try
            {
                var readable = socket.ReceiveAsync(Memory<byte>.Empty, cancellationToken);
                if (Volatile.Read(ref _isCancelled) == 1)
                    socket.CancelReceive();
                await readable.ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // CancelPendingRead, perhaps that of a read before.
                if (Interlocked.Exchange(ref _isCancelled, 0) == 1)
                    return Give(isCancelled: true);
            }
            catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
            {
                throw Explain(ex);
            }
        }

        return Give(isCancelled: false);
    }

    private bool TryReceive()
    {
        if (!socket.MayReceive)
            return false;
        MakeRoom();
        try
        {
            if (!socket.TryReceive(_buffer.AsMemory(_end), out var count))
            {
                if (_start == _end)
                    Release();
                return false;
            }

            // An end of our own making is none of the client's.
            if (count == 0 && whyAborted() is { } reason)
                throw reason;

            var isFull = count == _buffer!.Length - _end;
            _end += count;
            _isEnded = count == 0;
            _hasBegun = true;
            if (isFull)
                _wanted = LargeBytes;
            if (_start == _end)
                Release();

            // No event will tell of the end once more.
            if (_isEnded || socket.HasPeerEnded && !isFull)
                onEnded();
            return true;
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            onEnded();
            throw Explain(ex);
        }
    }

    /// <summary>Makes room behind what was not consumed; who looks at everything and consumes nothing bounds it.</summary>
    private void MakeRoom()
    {
        if (_buffer is null)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(_wanted);
            return;
        }

        if (_end < _buffer.Length)
            return;
        var kept = _buffer.AsSpan(_start, _end - _start);
        var target = _start > 0 ? _buffer : ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        kept.CopyTo(target);
        if (target != _buffer)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = target;
        _examined -= _start;
        _end = kept.Length;
        _start = 0;
    }

    private void Release()
    {
        ArrayPool<byte>.Shared.Return(_buffer!);
        _buffer = null;
        _start = _end = _examined = 0;
    }

    private Exception Explain(Exception failure) => failure switch
    {
        _ when whyAborted() is { } reason => reason,
        SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.Shutdown or SocketError.TimedOut } =>
            new ConnectionResetException(failure.Message, failure),
        _ => new ConnectionAbortedException(failure.Message, failure),
    };
}
