using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using ParentProxy.Ingress.Kestrel.Refusals;
using ParentProxy.ProxyProtocol;
using ParentProxy.Sockets;

namespace ParentProxy.Ingress.Kestrel;

/// <summary>
/// A client's connection as Kestrel is given it, on an event loop. That the client ends its direction closes it: an ordinary
/// client is gone then. In a tunnel the other direction goes on, so that there the connection is closed when it is closed in
/// both.
/// </summary>
internal sealed class ClientConnection : ConnectionContext, IConnectionIdFeature, IConnectionItemsFeature, IConnectionEndPointFeature,
    IConnectionLifetimeFeature, IConnectionTransportFeature, IMemoryPoolFeature, IDuplexPipe
{
    private static long _lastId;

    private readonly LoopSocket _io;
    private readonly ClientOutput _output;
    private readonly ClientInput _wire;
    private readonly RequestInput _input;
    private readonly Action _onClosed;
    private readonly CancellationTokenSource _closed = new();
    private readonly Lock _lock = new();
    private StatusPatch _patch = new();
    private IDuplexPipe _transport;
    private RequestInput _requests;
    private bool _isTunnel;
    private bool _hasShutdown;
    private int _isClosed;
    private Exception? _abortReason;

    /// <summary>Takes over a connection that was accepted.</summary>
    /// <param name="socket">Its socket.</param>
    /// <param name="onClosed">Runs once, when the connection is closed.</param>
    public ClientConnection(Socket socket, Action onClosed)
    {
        _io = new LoopSocket(socket) { PeerEnded = OnPeerEnded };
        _wire = new ClientInput(_io, () => Volatile.Read(ref _abortReason), OnClientEnded);
        _input = _requests = new RequestInput(_wire);
        _output = new ClientOutput(_io, _patch, ex => Abort(new ConnectionAbortedException("The client is gone.", ex)));
        _onClosed = onClosed;
        _transport = this;
        ConnectionClosed = _closed.Token;
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        Features.Set<IConnectionIdFeature>(this);
        Features.Set<IConnectionItemsFeature>(this);
        Features.Set<IConnectionEndPointFeature>(this);
        Features.Set<IConnectionLifetimeFeature>(this);
        Features.Set<IConnectionTransportFeature>(this);
        Features.Set<IMemoryPoolFeature>(this);
        Features.Set(new ClientWire(this));
    }

    /// <summary>Runs once Kestrel is done with it, and will not speak of it any more.</summary>
    public Action<ClientConnection>? Disposed { get; init; }

    /// <summary>Told why, when it is closed for how it begins.</summary>
    public Action<ClientConnection, ConnectionRefusal, string>? Refused { get; init; }

    /// <summary>What a load balancer says of it; null when none does.</summary>
    public ProxyHeader? ProxyHeader { get; set; }

    /// <summary>Whether the first that its client sends is a request: no handshake of TLS and no PROXY header.</summary>
    public bool BeginsWithRequest => ReferenceEquals(_transport, this) && ProxyHeader is null;

    /// <inheritdoc cref="ClientInput.HasBegun"/>
    public bool HasBegun => _wire.HasBegun;

    /// <inheritdoc/>
    public override string ConnectionId
    {
        get => field ??= Interlocked.Increment(ref _lastId).ToString("X8", CultureInfo.InvariantCulture);
        set;
    }

    /// <inheritdoc/>
    public override IFeatureCollection Features { get; } = new FeatureCollection();

    /// <inheritdoc/>
    public override IDictionary<object, object?> Items
    {
        get => field ??= new ConnectionItems();
        set;
    }

    /// <inheritdoc/>
    public MemoryPool<byte> MemoryPool => MemoryPool<byte>.Shared;

    /// <summary>What Kestrel reads and writes: with TLS, which replaces it, the plain text.</summary>
    public override IDuplexPipe Transport
    {
        get => _transport;
        set
        {
            var isPlain = ReferenceEquals(value, this);
            _requests = isPlain ? _input : new RequestInput(value.Input);
            _transport = isPlain ? this : new PatchedPipe(new PlainText(_requests, value.Output), _patch = new StatusPatch());
        }
    }

    PipeReader IDuplexPipe.Input => _input;

    PipeWriter IDuplexPipe.Output => _output;

    /// <inheritdoc cref="BaseConnectionContext.ConnectionClosed"/>
    public override CancellationToken ConnectionClosed { get; set; }

    /// <inheritdoc cref="BaseConnectionContext.LocalEndPoint"/>
    public override EndPoint? LocalEndPoint { get; set; }

    /// <inheritdoc cref="BaseConnectionContext.RemoteEndPoint"/>
    public override EndPoint? RemoteEndPoint { get; set; }

    /// <inheritdoc cref="StatusPatch.ExpectHead"/>
    public void ExpectHead() => _patch.ExpectHead();

    /// <inheritdoc cref="RequestInput.BeginChunks"/>
    public void BeginChunks() => _requests.BeginChunks();

    /// <summary>From here to the end of the connection the end of the client's direction closes nothing.</summary>
    public void BeginTunnel()
    {
        lock (_lock)
            _isTunnel = true;
    }

    /// <summary>Ends our direction of a tunnel alone, what was flushed before it; false where that cannot be done (TLS).</summary>
    public bool TryShutdownSend()
    {
        if (Transport != this)
            return false;
        lock (_lock)
            _hasShutdown = true;
        try
        {
            _io.ShutdownSend();
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            // The client is gone: there is nothing left to end.
        }

        return true;
    }

    /// <summary>Closes it for how it begins, before there was a request.</summary>
    public void Refuse(ConnectionRefusal reason, string problem)
    {
        Refused?.Invoke(this, reason, problem);
        Abort(new ConnectionAbortedException(problem));
    }

    /// <inheritdoc/>
    public override void Abort() => Abort(new ConnectionAbortedException());

    /// <inheritdoc/>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        // Kestrel gives none, against the signature, when the end of the connection made it give up a request.
        Interlocked.CompareExchange(ref _abortReason, abortReason ?? new ConnectionAbortedException(), null);
        _io.Shutdown();

        // Whoever aborts may hold locks.
        CloseFromPool();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        // What was written is sent before the socket is closed.
        await _output.DrainAsync();
        _io.Shutdown();
        Close();
        Disposed?.Invoke(this);
        await base.DisposeAsync();
    }

    /// <summary>The client has ended its direction or is gone. Called by the loop, perhaps while something waits to be read.</summary>
    private void OnPeerEnded()
    {
        try
        {
            if (_io.IsBroken || !_io.HasUnread)
                OnClientEnded();
        }
        catch (ObjectDisposedException)
        {
            // Closed by us.
        }
    }

    private void OnClientEnded()
    {
        lock (_lock)
        {
            if (_isTunnel && (_hasShutdown || MayGoOn()))
                return;
        }

        CloseFromPool();
    }

    /// <summary>Whether the client ended its direction only: a reset, and our own abort, end both.</summary>
    private bool MayGoOn()
    {
        try
        {
            return _io.IsOpenForSending;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    private void CloseFromPool()
    {
        if (Volatile.Read(ref _isClosed) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(static self => self.Close(), this, preferLocal: false);
    }

    private void Close()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
            return;
        _onClosed();
        _closed.Cancel();
    }

    /// <summary>What TLS gives and takes.</summary>
    private sealed record PlainText(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
