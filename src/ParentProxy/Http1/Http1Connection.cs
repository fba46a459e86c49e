using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using ParentProxy.Sockets;

namespace ParentProxy.Http1;

/// <summary>
/// One HTTP/1.1 connection to a peer: one request at a time (RFC 9112). While it is idle a read is pending on it, so that
/// its end is known the moment it happens; the response to the next request comes out of the same read.
/// </summary>
/// <remarks>
/// One flow may send the request while another reads the response. Nothing here takes a token: <see cref="Abort"/> ends
/// whatever is pending, and a connection on which something was given up is of no further use anyway.
/// </remarks>
internal sealed class Http1Connection : IDisposable, IValueTaskSource<int>
{
    private const int BufferBytes = 16 * 1024;

    private readonly DuplexStream _stream;
    private readonly ResponseHeadParser _parser;
    private readonly ChunkedDecoder _chunks;
    private readonly Action _onIdleRead;
    private ManualResetValueTaskSourceCore<int> _idleResult;
    private ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _idleRead;
    private Action<Http1Connection>? _ended;
    private int _state = (int)State.Busy;
    private bool _isIdleReadPending;
    private volatile bool _hasEndedUnasked;

    private byte[] _buffer = new byte[BufferBytes];
    private int _start;
    private int _end;

    private bool _isHeadRequest;
    private volatile bool _hasWritten;
    private long _takenBefore;
    private long _bodyLeft;
    private bool _mayReuse;

    /// <summary>Takes over a stream that was just opened.</summary>
    public Http1Connection(DuplexStream stream, Http1Limits limits)
    {
        _stream = stream;
        _parser = new ResponseHeadParser(limits);
        _chunks = new ChunkedDecoder(limits);
        _onIdleRead = OnIdleRead;
    }

    private enum State
    {
        Busy,
        Idle,
        Ended,
    }

    /// <summary>How long it took to open it.</summary>
    public TimeSpan DialTime { get; init; }

    /// <summary>Whether it has served a request before.</summary>
    public bool IsReused { get; private set; }

    /// <summary>Whether the peer ended it, or spoke unasked, while it was idle.</summary>
    public bool HasEnded => Volatile.Read(ref _state) == (int)State.Ended;

    /// <summary>What its pool knows of it; nobody else's business.</summary>
    public Http1PoolEntry? PoolEntry { get; set; }

    /// <summary>How many seconds the peer keeps it open when it is idle, as it said last; null when it said nothing.</summary>
    public int? KeepAliveSeconds { get; private set; }

    /// <summary>What is to be sent with the next <see cref="FlushAsync"/>.</summary>
    public MessageBuffer Request { get; } = new();

    /// <summary>Bytes of the request that were handed to the peer's side.</summary>
    public long BytesSent { get; private set; }

    /// <summary>Whether any byte of the request may have reached the peer.</summary>
    public bool HasSent => _hasWritten && (_stream.BytesTaken is not { } taken || taken > _takenBefore);

    /// <summary>Whether the last byte of the request was handed over, or is being handed over just now.</summary>
    public bool IsRequestEnded { get; private set; }

    /// <summary>Whether any byte of the response has come.</summary>
    public bool HasReceived { get; private set; }

    /// <summary>How the end of the response body is known; valid after the final head.</summary>
    public ResponseBodyFraming BodyFraming { get; private set; }

    /// <summary>Whether the response was read to its end.</summary>
    public bool IsResponseEnded { get; private set; }

    /// <summary>The trailer fields; valid at the end of the response.</summary>
    public IReadOnlyList<FieldLine> Trailers => BodyFraming == ResponseBodyFraming.Chunked ? _chunks.Trailers : [];

    /// <summary>
    /// Whether another request may follow: both messages came to their end, both sides want it, and nothing stands in the
    /// buffer that nobody asked for.
    /// </summary>
    public bool CanReuse => IsResponseEnded && _mayReuse;

    /// <summary>
    /// Begins to be idle. When the peer ends the connection or speaks unasked meanwhile, <paramref name="ended"/> is called,
    /// once, perhaps before this returns, and the connection can no longer be taken.
    /// </summary>
    public void EnterIdle(Action<Http1Connection> ended)
    {
        IsReused = true;
        _ended = ended;
        if (_buffer.Length > BufferBytes)
            _buffer = new byte[BufferBytes];
        _start = _end = 0;

        // Until a request begins there is none, of which anything could have been sent or answered.
        BytesSent = 0;
        _hasWritten = HasReceived = false;
        _idleResult.Reset();
        _isIdleReadPending = true;
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

    /// <summary>Begins a request; its fields go to <see cref="Request"/>.</summary>
    /// <param name="method">The method; <c>HEAD</c> has a response without body.</param>
    /// <param name="target">The request target as it is to stand on the wire.</param>
    /// <exception cref="InvalidRequestException">One of them would break the message.</exception>
    public void Begin(string method, string target)
    {
        Request.Clear(release: false);
        _parser.Reset();
        _isHeadRequest = method == "HEAD";
        BytesSent = 0;
        _takenBefore = _stream.BytesTaken ?? 0;
        _hasWritten = IsRequestEnded = HasReceived = IsResponseEnded = _mayReuse = false;
        BodyFraming = ResponseBodyFraming.None;
        Request.RequestLine(method, target);
    }

    /// <summary>Sends what stands in <see cref="Request"/>.</summary>
    /// <param name="last">Whether that ends the request.</param>
    /// <exception cref="EndOfStreamException">
    /// The peer ended, or spoke, before any of the request was out; nothing is sent then.
    /// </exception>
    public ValueTask FlushAsync(bool last)
    {
        if (_hasEndedUnasked && !_hasWritten)
            return ValueTask.FromException(new EndOfStreamException());
        var count = Request.Count;
        if (count > 0)
            _hasWritten = true;

        // The response may come before this side learns that the write is over.
        if (last)
            IsRequestEnded = true;
        if (count > 0)
        {
            var writing = _stream.WriteAsync(Request.Pending);
            if (!writing.IsCompletedSuccessfully)
                return FlushSlowlyAsync(writing, count, last);
            writing.GetAwaiter().GetResult();
        }

        OnSent(count, last);
        return default;
    }

    /// <summary>Reads the next response head: interim ones as they come, and the final one.</summary>
    /// <returns>The head, valid until the next call.</returns>
    /// <exception cref="InvalidResponseException">It is no valid response.</exception>
    /// <exception cref="EndOfStreamException">The peer ended the connection.</exception>
    /// <exception cref="UnsolicitedResponseException">What came had come before any of the request was out.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ResponseHead> ReadHeadAsync()
    {
        _parser.Reset();
        int consumed;
        while (_start == _end || !_parser.TryParse(_buffer.AsSpan(_start, _end - _start), out consumed))
        {
            var count = await ReceiveAsync().ConfigureAwait(false);
            if (count == 0)
                throw new EndOfStreamException();
            if (_hasEndedUnasked)
                throw new UnsolicitedResponseException("unasked");
            Received(count);
        }

        _start += consumed;
        var head = _parser.Head;
        if (!head.IsInterim)
            BeginBody(head);
        return head;
    }

    /// <summary>Takes the next piece of the body out of what has come already.</summary>
    /// <param name="data">The piece, valid until the next <see cref="ReceiveBodyAsync"/>.</param>
    /// <returns>False when there is none: see <see cref="IsResponseEnded"/>.</returns>
    /// <exception cref="InvalidResponseException">The framing is broken.</exception>
    public bool TryReadBody(out ReadOnlyMemory<byte> data)
    {
        data = default;
        if (IsResponseEnded)
            return false;
        var available = _end - _start;
        switch (BodyFraming)
        {
            case ResponseBodyFraming.Length:
                var take = (int)Math.Min(available, _bodyLeft);
                data = _buffer.AsMemory(_start, take);
                _start += take;
                _bodyLeft -= take;
                if (_bodyLeft == 0)
                    EndResponse();
                return take > 0;
            case ResponseBodyFraming.Chunked:
                return TryReadChunk(out data);
            case ResponseBodyFraming.Close:
                data = _buffer.AsMemory(_start, available);
                _start = _end;
                return available > 0;
            default:
                return false;
        }
    }

    /// <summary>Waits for more of the body.</summary>
    /// <exception cref="EndOfStreamException">The peer ended the connection in the middle of it.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ReceiveBodyAsync()
    {
        if (Received(await ReceiveAsync().ConfigureAwait(false)) > 0)
            return;
        if (BodyFraming != ResponseBodyFraming.Close)
            throw new EndOfStreamException();
        IsResponseEnded = true;
    }

    /// <summary>
    /// Reads from an upgraded connection: first what came with the 101. Into no memory, waits until there is something to
    /// read.
    /// </summary>
    /// <returns>0 at the end.</returns>
    public ValueTask<int> ReadTunnelAsync(Memory<byte> destination)
    {
        if (_start == _end)
            return _stream.ReadAsync(destination);
        var take = Math.Min(_end - _start, destination.Length);
        _buffer.AsMemory(_start, take).CopyTo(destination);
        _start += take;
        return ValueTask.FromResult(take);
    }

    /// <summary>Writes to an upgraded connection.</summary>
    public ValueTask WriteTunnelAsync(ReadOnlyMemory<byte> source) => _stream.WriteAsync(source);

    /// <summary>Ends our direction of an upgraded connection.</summary>
    public void ShutdownSend() => _stream.ShutdownSend();

    /// <summary>The response whose head was read last is none to this request, which counts as unanswered from now on.</summary>
    public void Disown() => HasReceived = false;

    /// <summary>Whether nothing has come that was not asked for, neither bytes nor the end; true where that cannot be told.</summary>
    public bool IsReceiveQueueEmpty => _stream.IsReceiveQueueEmpty && !_hasEndedUnasked;

    /// <inheritdoc cref="DuplexStream.IsOnCurrentLoop"/>
    public bool IsOnCurrentLoop => _stream.IsOnCurrentLoop;

    /// <inheritdoc cref="DuplexStream.MoveToCurrentLoop"/>
    public void MoveToCurrentLoop() => _stream.MoveToCurrentLoop();

    /// <summary>Closes it in order.</summary>
    public void Dispose() => _stream.Dispose();

    /// <summary>Closes it at once; what runs on it fails. May be called at any time.</summary>
    public void Abort() => _stream.Abort();

    int IValueTaskSource<int>.GetResult(short token) => _idleResult.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _idleResult.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _idleResult.OnCompleted(continuation, state, token, flags);

    private void OnIdleRead()
    {
        var count = 0;
        Exception? failure = null;
        try
        {
            count = _idleRead.GetResult();
        }
        catch (Exception ex)
        {
            failure = ex;
        }

        // Either the pool learns of it, or the request that has taken the connection meanwhile.
        if (Interlocked.CompareExchange(ref _state, (int)State.Ended, (int)State.Idle) == (int)State.Idle)
        {
            _ended!(this);
            return;
        }

        // Nothing of the request was out when this came: it cannot be the response.
        _hasEndedUnasked = !_hasWritten;
        if (failure is null)
            _idleResult.SetResult(count);
        else
            _idleResult.SetException(failure);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FlushSlowlyAsync(ValueTask writing, int count, bool last)
    {
        await writing.ConfigureAwait(false);
        OnSent(count, last);
    }

    private void OnSent(int count, bool last)
    {
        BytesSent += count;
        Request.Clear(release: last);
    }

    private void BeginBody(ResponseHead head)
    {
        KeepAliveSeconds = head.KeepAliveSeconds;
        _mayReuse = !head.HasClose && (head.MinorVersion == 1 || head.HasKeepAlive);
        if (head.Status == 101)
        {
            BodyFraming = ResponseBodyFraming.Tunnel;
            _mayReuse = false;
        }
        else if (_isHeadRequest || head.Status is 204 or 304)
        {
            BodyFraming = ResponseBodyFraming.None;
            EndResponse();
        }
        else if (head.IsChunked)
        {
            BodyFraming = ResponseBodyFraming.Chunked;
            _chunks.Reset();
        }
        else if (head.ContentLength is { } length)
        {
            BodyFraming = ResponseBodyFraming.Length;
            _bodyLeft = length;
            if (length == 0)
                EndResponse();
        }
        else
        {
            BodyFraming = ResponseBodyFraming.Close;
            _mayReuse = false;
        }
    }

    private bool TryReadChunk(out ReadOnlyMemory<byte> data)
    {
        data = default;
        while (_start < _end)
        {
            var progress = _chunks.Read(_buffer.AsSpan(_start, _end - _start), out var consumed, out var range);
            data = _buffer.AsMemory(_start, consumed)[range];
            _start += consumed;
            switch (progress)
            {
                case ChunkedProgress.Data:
                    return true;
                case ChunkedProgress.End:
                    EndResponse();
                    return false;
                case ChunkedProgress.NeedsMore:
                    return false;
            }
        }

        return false;
    }

    /// <summary>Both messages have to be over, and what stands in the buffer now nobody asked for.</summary>
    private void EndResponse()
    {
        IsResponseEnded = true;
        _mayReuse &= IsRequestEnded && _start == _end;
    }

    /// <summary>Reads behind what stands in the buffer; its result goes to <see cref="Received"/>.</summary>
    private ValueTask<int> ReceiveAsync()
    {
        if (_isIdleReadPending)
        {
            _isIdleReadPending = false;
            return new ValueTask<int>(this, _idleResult.Version);
        }

        MakeRoom();
        return _stream.ReadAsync(_buffer.AsMemory(_end));
    }

    private int Received(int count)
    {
        _end += count;
        HasReceived |= count > 0;
        return count;
    }

    /// <summary>What was consumed is given up; a head larger than the buffer makes it grow, which the parser bounds.</summary>
    private void MakeRoom()
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_end == _buffer.Length)
        {
            var kept = _buffer.AsSpan(_start, _end - _start);
            var target = _start > 0 ? _buffer : new byte[_buffer.Length * 2];
            kept.CopyTo(target);
            _end = kept.Length;
            _start = 0;
            _buffer = target;
        }
    }
}
