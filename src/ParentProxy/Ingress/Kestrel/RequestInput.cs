using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using ParentProxy.Http1;

namespace ParentProxy.Ingress.Kestrel;

/// <summary>
/// What Kestrel reads of a connection, with TLS the plain text. Heads, trailers and HTTP/2 pass untouched. The chunks of a
/// body are read here and nowhere else, from <see cref="BeginChunks"/> to the last size line: Kestrel gets the data in
/// chunks of the plainest form. It takes fewer forms than RFC 9112 §7.1 allows and clients send, and so no byte is read by
/// two parties in two ways.
/// </summary>
/// <param name="inner">Where the bytes come from.</param>
internal sealed class RequestInput(PipeReader inner) : PipeReader
{
    /// <summary>As much as is read at a time.</summary>
    private const int MaxBytes = 64 * 1024 - MaxGrowth;

    /// <summary>
    /// By how much framing may be longer than what was read for it, as its beginning was read before: the end of a chunk, the
    /// longest size line that Kestrel takes, and the last chunk's.
    /// </summary>
    private const int MaxGrowth = 2 + 10 + 3;

    private ChunkReader? _chunks;
    private bool _isReadingChunks;
    private bool _hasEnded;
    private bool _isInChunk;
    private long _left;
    private byte[]? _buffer;
    private int _start;
    private int _end;
    private int _examined;
    private ReadOnlySequence<byte> _given;

    /// <summary>The next byte is the first of a chunked body. To be called before anything of the body is read.</summary>
    public void BeginChunks()
    {
        _chunks ??= new ChunkReader(Http1Limits.Default.MaxChunkLineBytes, takesPadding: false);
        _chunks.Reset();
        _isReadingChunks = true;
        _hasEnded = _isInChunk = false;
        _left = 0;
    }

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (!_isReadingChunks)
            return inner.ReadAsync(cancellationToken);
        return _examined < _end ? ValueTask.FromResult(Give()) : ReadChunksAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        if (!_isReadingChunks)
            return inner.TryRead(out result);
        while (_examined == _end && !_hasEnded)
        {
            if (!inner.TryRead(out var read))
            {
                result = default;
                return false;
            }

            if (TakeChunks(read, out result))
                return true;
        }

        result = Give();
        return true;
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_isReadingChunks)
        {
            inner.AdvanceTo(consumed, examined);
            return;
        }

        var seen = (int)_given.Slice(_given.Start, examined).Length;
        var used = (int)_given.Slice(_given.Start, consumed).Length;
        _given = default;
        _examined = _start + seen;
        _start += used;
        if (_start < _end)
            return;
        Release();

        // What follows, the trailers, is Kestrel's to read.
        _isReadingChunks = !_hasEnded;
    }

    /// <inheritdoc/>
    public override void CancelPendingRead() => inner.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        Release();
        inner.Complete(exception);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> ReadChunksAsync(CancellationToken cancellationToken)
    {
        while (!_hasEnded)
        {
            if (TakeChunks(await inner.ReadAsync(cancellationToken).ConfigureAwait(false), out var result))
                return result;
        }

        return Give();
    }

    /// <summary>Reads on in the chunks; false when there is nothing to give yet.</summary>
    private bool TakeChunks(in ReadResult read, out ReadResult result)
    {
        var consumed = Translate(read.Buffer);

        // What is left is behind the chunks or has no room yet: nobody has looked at it.
        inner.AdvanceTo(consumed);
        var hasMore = _examined < _end;
        result = Give(read.IsCanceled, isCompleted: read.IsCompleted && !hasMore);
        return hasMore || read.IsCanceled || read.IsCompleted;
    }

    private ReadResult Give(bool isCancelled = false, bool isCompleted = false)
    {
        _given = _buffer is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_buffer, _start, _end - _start);
        return new ReadResult(_given, isCancelled, isCompleted);
    }

    /// <summary>Writes what was read of the chunks as Kestrel takes it.</summary>
    /// <returns>Up to where that was.</returns>
    private SequencePosition Translate(in ReadOnlySequence<byte> source)
    {
        var taken = 0;
        var part = source.Slice(0, Math.Min(source.Length, MaxBytes));
        MakeRoom((int)part.Length + MaxGrowth);
        foreach (var segment in part)
        {
            var rest = segment.Span;
            while (!rest.IsEmpty)
            {
                var progress = _chunks!.Read(rest, out var consumed, out var data);
                if (progress == ChunkedProgress.Data)
                    WriteData(rest[data]);
                taken += consumed;
                rest = rest[consumed..];
                if (progress is not (ChunkedProgress.End or ChunkedProgress.Broken))
                    continue;

                // Neither the end of a chunk nor a size: Kestrel refuses it, and the connection, as whatever it refuses.
                if (progress == ChunkedProgress.Broken)
                    Write("xx"u8);
                else
                    WriteLastChunk();
                return source.GetPosition(taken);
            }
        }

        if (_start == _end)
            Release();
        return part.End;
    }

    private void WriteData(ReadOnlySpan<byte> data)
    {
        if (_left == 0)
        {
            EndChunk();

            // Of a chunk that is larger than any that Kestrel takes, as much as it takes.
            _left = Math.Min(data.Length + _chunks!.Left, int.MaxValue);
            _isInChunk = true;
            Utf8Formatter.TryFormat(_left, _buffer.AsSpan(_end), out var digits, new StandardFormat('X'));
            _end += digits;
            Write("\r\n"u8);
        }

        var now = data[..(int)Math.Min(data.Length, _left)];
        Write(now);
        _left -= now.Length;
        if (now.Length < data.Length)
            WriteData(data[now.Length..]);
    }

    private void WriteLastChunk()
    {
        EndChunk();
        Write("0\r\n"u8);
        _hasEnded = true;
    }

    /// <summary>Ends a chunk whose own end was read meanwhile.</summary>
    private void EndChunk()
    {
        if (_isInChunk)
            Write("\r\n"u8);
        _isInChunk = false;
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_buffer.AsSpan(_end));
        _end += bytes.Length;
    }

    /// <summary>Makes room behind what was not consumed.</summary>
    private void MakeRoom(int count)
    {
        var kept = _end - _start;
        if (_buffer is not null && _buffer.Length - _end >= count)
            return;
        var target = ArrayPool<byte>.Shared.Rent(kept + count);
        _buffer.AsSpan(_start, kept).CopyTo(target);
        var examined = _examined - _start;
        Release();
        _buffer = target;
        _examined = examined;
        _end = kept;
    }

    private void Release()
    {
        if (_buffer is not null)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
        _start = _end = _examined = 0;
    }
}
