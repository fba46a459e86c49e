using ParentProxy.Sockets;

namespace ParentProxy.Fuzz;

/// <summary>A connection in memory whose peer says what it is told, in pieces of given sizes, and then ends or stays silent.</summary>
internal sealed class PieceStream : DuplexStream
{
    private byte[] _bytes = [];
    private int[] _ends = [];
    private int _next;
    private int _position;
    private bool _endsThere;
    private Memory<byte> _buffer;
    private TaskCompletionSource<int>? _pending;
    private Action? _answer;

    /// <summary>How much of what is there was read.</summary>
    public int Delivered => _position;

    /// <summary>How often it was written to.</summary>
    public int Writes { get; private set; }

    /// <summary>Puts something there to be read; all that was there has to be read by then.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="ends">Where the pieces end, in order.</param>
    /// <param name="endsThere">Whether the peer ends the connection behind it.</param>
    public void Say(byte[] bytes, int[] ends, bool endsThere)
    {
        (_bytes, _ends, _endsThere, _next, _position) = (bytes, ends, endsThere, 0, 0);
        if (_pending is null || !TryRead(_buffer, out var count))
            return;
        var pending = _pending;
        _pending = null;
        pending.SetResult(count);
    }

    /// <summary>Says something as soon as it is written to: before, a connection takes nothing for an answer.</summary>
    public void Answer(byte[] bytes, int[] ends, bool endsThere) => _answer = () => Say(bytes, ends, endsThere);

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_pending is not null)
            throw new FindingException("two reads at a time");
        if (TryRead(buffer, out var count))
            return ValueTask.FromResult(count);
        _buffer = buffer;
        _pending = new TaskCompletionSource<int>();
        return new ValueTask<int>(_pending.Task);
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Writes++;
        _answer?.Invoke();
        _answer = null;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override void ShutdownSend()
    {
    }

    /// <inheritdoc/>
    public override void Abort() => Dispose();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    private bool TryRead(Memory<byte> buffer, out int count)
    {
        if (buffer.IsEmpty)
            throw new FindingException("a read into no memory");
        while (_next < _ends.Length && _ends[_next] == _position)
            _next++;
        count = _next == _ends.Length ? 0 : Math.Min(buffer.Length, _ends[_next] - _position);
        _bytes.AsMemory(_position, count).CopyTo(buffer);
        _position += count;
        return count > 0 || _endsThere;
    }
}
