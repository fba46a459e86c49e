using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace ParentProxy.Ingress;

/// <summary>
/// A client's connection as Kestrel is given it. The socket transport calls a connection closed as soon as the client has
/// ended its direction, and Kestrel aborts it then. For an ordinary request that is right: the client is gone. In a tunnel
/// the other direction goes on, so that there the connection is closed when it is closed in both.
/// </summary>
internal sealed class ClientConnection : ConnectionContext, IConnectionLifetimeFeature, IConnectionTransportFeature, IDuplexPipe
{
    private readonly ConnectionContext _inner;
    private readonly Socket _socket;
    private readonly PipeReader _input;
    private readonly ClientOutput _output;
    private readonly Action _onClosed;
    private readonly CancellationTokenSource _closed = new();
    private readonly Lock _lock = new();
    private bool _isTunnel;
    private bool _hasShutdown;
    private bool _hasClientEnded;
    private int _isClosed;

    /// <summary>Wraps a connection of the transport.</summary>
    /// <param name="inner">The transport's connection, which this one owns; it reads from the socket and closes it.</param>
    /// <param name="socket">What it runs over.</param>
    /// <param name="onClosed">Runs once, when the connection is closed.</param>
    public ClientConnection(ConnectionContext inner, Socket socket, Action onClosed)
    {
        _inner = inner;
        _socket = socket;
        _input = inner.Transport.Input;
        _output = new ClientOutput(socket, ex => Abort(new ConnectionAbortedException("The client is gone.", ex)));
        _onClosed = onClosed;
        Transport = this;
        ConnectionClosed = _closed.Token;
        inner.Features.Set<IConnectionLifetimeFeature>(this);
        inner.Features.Set<IConnectionTransportFeature>(this);
        inner.Features.Set(new ClientWire(this));
        inner.ConnectionClosed.UnsafeRegister(static state => ((ClientConnection)state!).OnTransportClosed(), this);
    }

    /// <inheritdoc/>
    public override string ConnectionId
    {
        get => _inner.ConnectionId;
        set => _inner.ConnectionId = value;
    }

    /// <inheritdoc/>
    public override IFeatureCollection Features => _inner.Features;

    /// <inheritdoc/>
    public override IDictionary<object, object?> Items
    {
        get => _inner.Items;
        set => _inner.Items = value;
    }

    /// <summary>What Kestrel reads and writes: with TLS, which replaces it, the plain text.</summary>
    public override IDuplexPipe Transport { get; set; }

    PipeReader IDuplexPipe.Input => _input;

    PipeWriter IDuplexPipe.Output => _output;

    /// <inheritdoc cref="BaseConnectionContext.ConnectionClosed"/>
    public override CancellationToken ConnectionClosed { get; set; }

    /// <inheritdoc/>
    public override EndPoint? LocalEndPoint
    {
        get => _inner.LocalEndPoint;
        set => _inner.LocalEndPoint = value;
    }

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint
    {
        get => _inner.RemoteEndPoint;
        set => _inner.RemoteEndPoint = value;
    }

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
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            // The client is gone: there is nothing left to end.
        }

        return true;
    }

    /// <inheritdoc/>
    public override void Abort() => Abort(new ConnectionAbortedException());

    /// <inheritdoc/>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        _inner.Abort(abortReason);
        lock (_lock)
        {
            if (!_hasClientEnded)
                return;
        }

        // The transport has spoken already and will not again. It speaks from the pool; whoever aborts may hold locks.
        ThreadPool.UnsafeQueueUserWorkItem(static self => self.Close(), this, preferLocal: false);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        // What was written is sent before the transport closes.
        await _output.DrainAsync();
        await _inner.DisposeAsync();
        Close();
        await base.DisposeAsync();
    }

    private void OnTransportClosed()
    {
        lock (_lock)
        {
            if (_isTunnel && (_hasShutdown || IsOpenForSending()))
            {
                _hasClientEnded = true;
                return;
            }
        }

        Close();
    }

    /// <summary>Whether the client ended its direction only: a reset, and our own abort, end both.</summary>
    private bool IsOpenForSending()
    {
        try
        {
            // Sends nothing, and fails where something could not be sent.
            return _socket.Send(ReadOnlySpan<byte>.Empty) == 0;
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    private void Close()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
            return;
        _onClosed();
        _closed.Cancel();
    }
}
