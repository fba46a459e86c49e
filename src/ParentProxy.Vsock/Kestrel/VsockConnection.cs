using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace ParentProxy.Vsock;

/// <summary>A connection as Kestrel sees it: two pipes between the application and a <see cref="VsockStream"/>.</summary>
/// <remarks>
/// Kestrel's own SocketConnection hands all that is buffered to one system call; here every write goes through the stream, which
/// keeps each call below its maximum. Two loops run: one fills the input pipe, one empties the output pipe. The connection is over
/// when both have ended; whoever ends it first says why in <see cref="_reason"/>, *before* the stream is touched, so that the other
/// loop reports that reason and not the failure that it causes.
/// </remarks>
internal sealed class VsockConnection : ConnectionContext,
    IConnectionIdFeature, IConnectionTransportFeature, IConnectionItemsFeature, IConnectionLifetimeFeature,
    IConnectionEndPointFeature, IMemoryPoolFeature
{
    // How often a connection whose peer has ended its sending is looked at, to see whether the peer is still there at all.
    private static readonly TimeSpan PeerCheckPeriod = TimeSpan.FromSeconds(1);
    private const int MinReadBytes = 2048;

    private readonly VsockStream _stream;
    private readonly int _maxWriteBytes;
    private readonly ILogger _logger;
    private readonly TimeProvider _timeProvider;
    private readonly PipeWriter _input;
    private readonly PipeReader _output;
    private readonly DuplexPipe _ownTransport;
    private readonly CancellationTokenSource _connectionClosed = new();
    private readonly CancellationTokenSource _sendEnded = new();
    private Exception? _reason;
    private Task _loops = Task.CompletedTask;

    private VsockConnection(
        VsockStream stream, VsockTransportOptions options, MemoryPool<byte> pool, ILogger logger, TimeProvider timeProvider)
    {
        _stream = stream;
        _maxWriteBytes = options.MaxWriteBytes;
        _logger = logger;
        _timeProvider = timeProvider;
        MemoryPool = pool;
        LocalEndPoint = stream.LocalEndPoint;
        RemoteEndPoint = stream.RemoteEndPoint;
        ConnectionClosed = _connectionClosed.Token;

        // Continuations go to the thread pool on both sides: application code never runs inside a loop, nor a send inside a lock
        // that the application holds while it flushes.
        var input = new Pipe(CreatePipeOptions(pool, options.MaxReadBufferSize));
        var output = new Pipe(CreatePipeOptions(pool, options.MaxWriteBufferSize));
        _input = input.Writer;
        _output = output.Reader;
        _ownTransport = new DuplexPipe(input.Reader, output.Writer);
        Transport = _ownTransport;

        Features.Set<IConnectionIdFeature>(this);
        Features.Set<IConnectionTransportFeature>(this);
        Features.Set<IConnectionItemsFeature>(this);
        Features.Set<IConnectionLifetimeFeature>(this);
        Features.Set<IConnectionEndPointFeature>(this);
        Features.Set<IMemoryPoolFeature>(this);
    }

    [AllowNull]
    public override string ConnectionId
    {
        get => field ??= Guid.NewGuid().ToString("N");
        set;
    }

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items
    {
        get => field ??= new ConnectionItems();
        set;
    }

    public override IDuplexPipe Transport { get; set; }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    public override CancellationToken ConnectionClosed { get; set; }

    public MemoryPool<byte> MemoryPool { get; }

    internal static VsockConnection Start(
        VsockStream stream, VsockTransportOptions options, MemoryPool<byte> pool, ILogger logger, TimeProvider timeProvider)
    {
        var connection = new VsockConnection(stream, options, pool, logger, timeProvider);
        connection._loops = connection.RunAsync();
        return connection;
    }

    public override void Abort(ConnectionAbortedException? abortReason)
    {
        // Kestrel passes no reason, against the signature, when ConnectionClosed made it give a request up.
        abortReason ??= new ConnectionAbortedException("The connection was aborted.");
        if (Interlocked.CompareExchange(ref _reason, abortReason, null) is null)
            TransportLog.Aborted(_logger, ConnectionId, abortReason.Message);

        _stream.Abort();
        _output.CancelPendingRead();
        _input.CancelPendingFlush();
    }

    public override async ValueTask DisposeAsync()
    {
        // Not Transport: middleware may have put its own pipe in its place.
        await _ownTransport.Input.CompleteAsync().ConfigureAwait(false);
        await _ownTransport.Output.CompleteAsync().ConfigureAwait(false);
        await _loops.ConfigureAwait(false);
        _connectionClosed.Dispose();
        _sendEnded.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private static PipeOptions CreatePipeOptions(MemoryPool<byte> pool, long limit) => new(
        pool, PipeScheduler.ThreadPool, PipeScheduler.ThreadPool, limit, limit / 2, useSynchronizationContext: false);

    private async Task RunAsync()
    {
        Task receive = ReceiveAsync();
        Task send = SendAsync();
        await receive.ConfigureAwait(false);
        await send.ConfigureAwait(false);
    }

    private async Task ReceiveAsync()
    {
        Exception? error = null;
        bool peerEnded = false;
        try
        {
            peerEnded = await FillInputAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            error = Explain(e);
        }

        // What this side did comes first: it is the cause of whatever the read ran into.
        await _input.CompleteAsync(Volatile.Read(ref _reason) ?? error).ConfigureAwait(false);
        if (peerEnded)
        {
            TransportLog.ReadEnd(_logger, ConnectionId);
            await WaitUntilPeerIsGoneAsync().ConfigureAwait(false);
        }

        await FireConnectionClosedAsync().ConfigureAwait(false);
    }

    /// <returns>True when the peer has ended its sending; false when the application wants no more.</returns>
    private async Task<bool> FillInputAsync()
    {
        while (true)
        {
            // An idle connection holds no buffer.
            await _stream.ReadAsync(Memory<byte>.Empty).ConfigureAwait(false);
            int count = await _stream.ReadAsync(_input.GetMemory(MinReadBytes)).ConfigureAwait(false);
            if (count == 0)
                return true;

            _input.Advance(count);
            FlushResult result = await _input.FlushAsync().ConfigureAwait(false);
            if (result.IsCompleted || result.IsCanceled)
                return false;
        }
    }

    // A peer that only ended its sending still wants the answer, so the connection lives on; one that is gone should have its
    // requests cancelled. On vsock both begin alike, and nothing wakes this side when the one turns into the other.
    private async Task WaitUntilPeerIsGoneAsync()
    {
        try
        {
            while (!_sendEnded.IsCancellationRequested && !await _stream.IsPeerGoneAsync().ConfigureAwait(false))
                await Task.Delay(PeerCheckPeriod, _timeProvider, _sendEnded.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The sending has ended first.
        }
    }

    private async Task SendAsync()
    {
        Exception? error = null;
        byte[] gathered = ArrayPool<byte>.Shared.Rent(_maxWriteBytes);
        try
        {
            await EmptyOutputAsync(gathered.AsMemory(0, _maxWriteBytes)).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            error = Explain(e);
        }

        ArrayPool<byte>.Shared.Return(gathered);
        if (error is not null)
        {
            Interlocked.CompareExchange(ref _reason, error, null);
            _stream.Abort();
        }
        else
        {
            Interlocked.CompareExchange(ref _reason, new ConnectionAbortedException("The application has ended the connection."), null);
        }

        // The peer may still be sending, so the other loop ends only when the stream is closed under it; and it may be waiting for
        // the application to read.
        Task closing = _stream.DisposeAsync().AsTask();
        await _sendEnded.CancelAsync().ConfigureAwait(false);
        _input.CancelPendingFlush();
        await closing.ConfigureAwait(false);

        // A peer that went away is no fault of whoever writes: the writer sees a completed pipe, and ConnectionClosed.
        await _output.CompleteAsync(error is ConnectionResetException or ConnectionAbortedException ? null : error).ConfigureAwait(false);
    }

    private async Task EmptyOutputAsync(Memory<byte> gathered)
    {
        while (true)
        {
            ReadResult result = await _output.ReadAsync().ConfigureAwait(false);
            if (result.IsCanceled)
                return;

            ReadOnlySequence<byte> rest = result.Buffer;
            while (!rest.IsEmpty)
            {
                // Blocks of the pool are small, and many small packets are slow and unfair to the other enclaves on the device;
                // gathering them in one system call could exceed the maximum. A copy of a few KiB is the cheapest of the three.
                ReadOnlyMemory<byte> part = rest.First;
                if (part.Length < gathered.Length && !rest.IsSingleSegment)
                {
                    int count = (int)Math.Min(rest.Length, gathered.Length);
                    rest.Slice(0, count).CopyTo(gathered.Span);
                    part = gathered[..count];
                }

                await _stream.WriteAsync(part).ConfigureAwait(false);
                rest = rest.Slice(part.Length);
            }

            _output.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                return;
        }
    }

    private Exception Explain(Exception failure)
    {
        switch (failure)
        {
            case VsockException e when e.Errno == Errno.ECONNRESET || e.Errno == Errno.EPIPE:
                TransportLog.Reset(_logger, ConnectionId, e);
                return new ConnectionResetException(e.Message, e);
            case VsockException or ObjectDisposedException when Volatile.Read(ref _reason) is { } reason:
                return reason;
            default:
                TransportLog.Unexpected(_logger, ConnectionId, failure);
                return failure;
        }
    }

    // On the thread pool, because callbacks are application code and may block.
    private async Task FireConnectionClosedAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await _connectionClosed.CancelAsync().ConfigureAwait(false);
        }
        catch (AggregateException e)
        {
            TransportLog.Unexpected(_logger, ConnectionId, e);
        }
    }
}
