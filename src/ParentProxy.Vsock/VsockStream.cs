using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace ParentProxy.Vsock;

/// <summary>A connected vsock. One read and one write may be under way at the same time.</summary>
/// <remarks>
/// <para>No write system call carries more than the configured maximum, however large the buffer.</para>
/// <para>The peer's crash and its orderly end look the same on vsock: both are the end of the stream. Only the framing of the
/// protocol above tells whether a message was complete.</para>
/// <para>Closing loses no data that was written: see <see cref="DisposeAsync"/>.</para>
/// </remarks>
public sealed class VsockStream : Stream
{
    private readonly Socket _socket;
    private readonly int _maxWriteBytes;
    private readonly TimeProvider _timeProvider;
    private readonly Lock _closeLock = new();

    // Ends a pending read when the stream is closed while the socket must stay open to linger. Shared by all reads, so that a read
    // allocates nothing; replaced after a caller's token has used it up.
    private CancellationTokenSource _readInterrupt = new();
    private int _writesInFlight;
    private volatile bool _wrote;
    private volatile bool _peerClosed;
    private volatile bool _closing;
    private Task? _closed;

    /// <summary>Takes over a connected stream socket of any family.</summary>
    internal VsockStream(Socket socket, VsockEndPoint? local, VsockEndPoint? remote, int maxWriteBytes, TimeProvider timeProvider)
    {
        _socket = socket;
        LocalEndPoint = local;
        RemoteEndPoint = remote;
        _maxWriteBytes = maxWriteBytes;
        _timeProvider = timeProvider;
    }

    /// <summary>
    /// This side's address, as it was when the connection began; its CID is often <see cref="VsockCid.Any"/> on the dialling side.
    /// Null when the kernel did not tell.
    /// </summary>
    public VsockEndPoint? LocalEndPoint { get; }

    /// <summary>The peer's address, as it was when the connection began: the kernel forgets it after a half-close.</summary>
    public VsockEndPoint? RemoteEndPoint { get; }

    /// <inheritdoc/>
    public override bool CanRead => !_closing;

    /// <inheritdoc/>
    public override bool CanWrite => !_closing;

    /// <summary>False: a connection has no position.</summary>
    public override bool CanSeek => false;

    /// <summary>Not supported: a connection has no position.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override long Length => throw new NotSupportedException();

    /// <summary>Not supported: a connection has no position.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Reads what is there, waiting for at least one byte; 0 is the end of the stream.</summary>
    /// <param name="buffer">Where to; an empty one waits until data (or the end) is there and consumes nothing.</param>
    /// <param name="cancellationToken">Gives the wait up; the stream stays usable and loses nothing.</param>
    /// <exception cref="VsockException">The connection was reset (ECONNRESET), or closed meanwhile by this side (ECANCELED).</exception>
    /// <exception cref="ObjectDisposedException">The stream is closed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        CancellationTokenSource interrupt = GetReadInterrupt();
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static state => ((CancellationTokenSource)state!).Cancel(), interrupt);
        try
        {
            int count = await _socket.ReceiveAsync(buffer, SocketFlags.None, interrupt.Token).ConfigureAwait(false);
            return NoteRead(count, buffer.Length);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.NotConnected)
        {
            return NoteEnd();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            throw Explain(e, "read");
        }
    }

    /// <inheritdoc cref="ReadAsync(Memory{byte}, CancellationToken)"/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <summary>Reads what is there, blocking for at least one byte; 0 is the end of the stream.</summary>
    /// <remarks>Closing the stream interrupts a blocked read only when the lingering ends; the asynchronous one at once.</remarks>
    /// <exception cref="VsockException">The connection was reset (ECONNRESET), or closed meanwhile by this side (ECANCELED).</exception>
    /// <exception cref="ObjectDisposedException">The stream is closed.</exception>
    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_closing, this);
        try
        {
            return NoteRead(_socket.Receive(buffer, SocketFlags.None), buffer.Length);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.NotConnected)
        {
            return NoteEnd();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Explain(e, "read");
        }
    }

    /// <inheritdoc cref="Read(Span{byte})"/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    /// <summary>Writes all of the buffer, in as many system calls as the maximum requires.</summary>
    /// <param name="buffer">What to write.</param>
    /// <param name="cancellationToken">Gives up; some of the buffer may have been sent, so only closing makes sense afterwards.</param>
    /// <exception cref="VsockException">
    /// The peer has closed (EPIPE), the connection was reset (ECONNRESET), or this side closed it meanwhile (ECANCELED).
    /// </exception>
    /// <exception cref="ObjectDisposedException">The stream is closed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        BeginWrite();
        try
        {
            while (!buffer.IsEmpty)
            {
                ReadOnlyMemory<byte> part = buffer[..Math.Min(buffer.Length, _maxWriteBytes)];
                int count = await _socket.SendAsync(part, SocketFlags.None, cancellationToken).ConfigureAwait(false);
                buffer = buffer[count..];
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Explain(e, "write");
        }
        finally
        {
            Interlocked.Decrement(ref _writesInFlight);
        }
    }

    /// <inheritdoc cref="WriteAsync(ReadOnlyMemory{byte}, CancellationToken)"/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <summary>Writes all of the buffer, blocking, in as many system calls as the maximum requires.</summary>
    /// <exception cref="VsockException">
    /// The peer has closed (EPIPE), the connection was reset (ECONNRESET), or this side closed it meanwhile (ECANCELED).
    /// </exception>
    /// <exception cref="ObjectDisposedException">The stream is closed.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        BeginWrite();
        try
        {
            while (!buffer.IsEmpty)
                buffer = buffer[_socket.Send(buffer[..Math.Min(buffer.Length, _maxWriteBytes)], SocketFlags.None)..];
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Explain(e, "write");
        }
        finally
        {
            Interlocked.Decrement(ref _writesInFlight);
        }
    }

    /// <inheritdoc cref="Write(ReadOnlySpan{byte})"/>
    public override void Write(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        Write(buffer.AsSpan(offset, count));
    }

    /// <summary>Does nothing: the stream holds nothing back.</summary>
    public override void Flush()
    {
    }

    /// <summary>Does nothing: the stream holds nothing back.</summary>
    public override Task FlushAsync(CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? Task.FromCanceled(cancellationToken) : Task.CompletedTask;

    /// <summary>Not supported: a connection has no position.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <summary>Not supported: a connection has no position.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>
    /// Ends the sending direction: the peer reads to the end of the stream and may still answer. A second call, or one on a
    /// connection that is already over, does nothing.
    /// </summary>
    /// <exception cref="VsockException">The kernel refused.</exception>
    /// <exception cref="ObjectDisposedException">The stream is closed.</exception>
    public void ShutdownSend()
    {
        ObjectDisposedException.ThrowIf(_closing, this);
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException e)
            when (e.SocketErrorCode is SocketError.NotConnected or SocketError.ConnectionReset or SocketError.Shutdown)
        {
            // The connection is over in both directions: there is nothing left to end.
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Explain(e, "shutdown");
        }
    }

    /// <summary>Closes at once, without waiting for the peer: what it has not read may be lost, pending operations fail.</summary>
    public void Abort()
    {
        lock (_closeLock)
        {
            _closing = true;
            _closed ??= Task.CompletedTask;
        }

        // Also cuts a lingering close short, whose read this fails.
        _socket.Close(0);
    }

    /// <summary>Closes without losing data that was written; completes when the descriptor is closed.</summary>
    /// <remarks>
    /// A vsock that is closed right after a write can take the written data with it. So, unless nothing was written or the peer has
    /// closed, the sending direction is ended, what the peer still sends is read and discarded until it closes as well, for at most
    /// one second and one MiB, and only then the descriptor is closed. Pending reads fail at once; so does a pending write, in
    /// which case there is no waiting. <see cref="Stream.Dispose()"/> does the same in the background.
    /// </remarks>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync().ConfigureAwait(false);
        await BeginClose().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _ = BeginClose();

        base.Dispose(disposing);
    }

    /// <summary>Whether the peer receives nothing any more, that is whether it has closed and not only ended its sending.</summary>
    /// <remarks>
    /// After the end of the stream no event tells the two apart. But the kernel checks the direction before it looks at the length,
    /// so that a send of nothing fails with EPIPE once the peer is gone, and sends nothing while it is there (AF_VSOCK, AF_UNIX).
    /// </remarks>
    internal async ValueTask<bool> IsPeerGoneAsync()
    {
        try
        {
            await _socket.SendAsync(ReadOnlyMemory<byte>.Empty, SocketFlags.None, CancellationToken.None).ConfigureAwait(false);
            return false;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }

    private Task BeginClose()
    {
        lock (_closeLock)
            return _closed ??= CloseAsync();
    }

    private async Task CloseAsync()
    {
        _closing = true;

        // Pairs with the exchange in GetReadInterrupt: either that read sees _closing, or this sees its source.
        Interlocked.MemoryBarrier();
        _readInterrupt.Cancel();
        try
        {
            if (_wrote && Volatile.Read(ref _writesInFlight) == 0)
            {
                _socket.Shutdown(SocketShutdown.Send);
                if (!_peerClosed)
                {
                    await LingeringClose.DiscardUntilEndAsync(
                        (buffer, token) => _socket.ReceiveAsync(buffer, SocketFlags.None, token), _timeProvider).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The peer is gone, the time is over, or Abort came in between: nothing is left to wait for.
        }
        finally
        {
            _socket.Dispose();
        }
    }

    private CancellationTokenSource GetReadInterrupt()
    {
        CancellationTokenSource interrupt = _readInterrupt;
        if (interrupt.IsCancellationRequested)
        {
            interrupt = new CancellationTokenSource();
            Interlocked.Exchange(ref _readInterrupt, interrupt);
        }

        ObjectDisposedException.ThrowIf(_closing, this);
        return interrupt;
    }

    private void BeginWrite()
    {
        ObjectDisposedException.ThrowIf(_closing, this);
        _wrote = true;
        Interlocked.Increment(ref _writesInFlight);
    }

    private int NoteRead(int count, int wanted) => count == 0 && wanted > 0 ? NoteEnd() : count;

    // Also for ENOTCONN, which is what vsock gives instead of the end of the stream when the connection ended after a half-close.
    private int NoteEnd()
    {
        _peerClosed = true;
        return 0;
    }

    private VsockException Explain(Exception failure, string operation) => VsockException.From(failure, operation, RemoteEndPoint);
}
