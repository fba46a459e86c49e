using System.Net;
using System.Net.Sockets;
using ParentProxy.Capabilities;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Egress;

/// <summary>One address on which enclaves reach a service, and its connections.</summary>
internal sealed class EgressListener : IListenerOwner, IConfiguredListener
{
    private const string MaxConnectionsName = "Egress:MaxConnections";
    private const string Predecessor = "AWS's vsock-proxy";

    private readonly LoopListener _listener;
    private readonly EgressContext _context;
    private readonly ListenerLifetime _lifetime;
    private readonly EgressSelfCheck? _selfCheck;
    private volatile EgressListenerOptions _options;
    private volatile IEgressService? _service;

    /// <summary>Binds, and begins to listen; nothing is accepted before <see cref="Start"/>.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="context">What all listeners share.</param>
    /// <exception cref="ListenException">The address cannot be listened on.</exception>
    public EgressListener(EgressListenerOptions options, EgressContext context)
    {
        _options = options;
        _context = context;
        var address = options.Listen;
        EndPoint endPoint = address.SocketPath is { } path
            ? new UnixDomainSocketEndPoint(path)
            : new VsockEndPoint(VsockCid.Any, address.Port!.Value);
        try
        {
            var log = new ListenerLog(context.Logger, () => Name, MaxConnectionsName);
            _listener = new LoopListener(endPoint, Bind, this, log, context.Time);
            if (endPoint is VsockEndPoint { Port: var port })
                _selfCheck = new EgressSelfCheck(
                    port, IsHampered, _listener.Remake, () => EgressLog.Heard(context.Logger, Name), OnFault, context.Time);
        }
        catch (VsockException ex)
        {
            throw new ListenException(address.Text, ex, nameof(ProxyOptions.Egress), Predecessor);
        }
        catch (SocketException ex) when (endPoint is VsockEndPoint vsock)
        {
            throw new ListenException(
                address.Text, VsockException.From(ex, "bind", vsock), nameof(ProxyOptions.Egress), Predecessor);
        }
        catch (SocketException ex)
        {
            throw new ListenException(address.SocketPath!, isFile: true, ex, nameof(ProxyOptions.Egress));
        }

        _lifetime = new ListenerLifetime(_listener, OnFault);
    }

    /// <summary>Its settings; those that open connections have may be older.</summary>
    public EgressListenerOptions Options => _options;

    /// <summary>How it is called in logs and metrics: the address, as it is configured.</summary>
    public string Name => _options.Listen.Text;

    /// <inheritdoc cref="LoopListener.IsOpen"/>
    public bool IsOpen => _listener.IsOpen;

    /// <summary>Why a new connection is not let in, or not heard; null while it is.</summary>
    public string? Refusal => _listener.Refusal ?? _selfCheck?.Fault;

    /// <summary>Connections that are open.</summary>
    public int Connections => _listener.Connections;

    int IListenerOwner.MaxConnections => _context.Options.MaxConnections;

    string IListenerOwner.MaxConnectionsSetting => MaxConnectionsName;

    /// <inheritdoc/>
    public ListenerView View()
    {
        var reason = Refusal;
        return new ListenerView(Name, reason is null, reason, Connections, _context.Counts.Refused(Name));
    }

    /// <summary>Has new connections served by something else.</summary>
    public void Use(EgressListenerOptions options, IEgressService service)
    {
        _options = options;
        _service = service;
    }

    /// <inheritdoc/>
    public void Start() => _lifetime.Start(AcceptAsync);

    /// <inheritdoc/>
    public async Task StopAcceptingAsync()
    {
        await EndSelfCheckAsync();
        await _lifetime.StopAcceptingAsync();
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cut) => _lifetime.StopAsync(cut);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await EndSelfCheckAsync();
        await _lifetime.DisposeAsync();
    }

    void IListenerOwner.CountRejected() => _context.Counts.Count(Name, EgressCounts.NoRule, EgressResult.Limit);

    void IListenerOwner.OnRefusalChanged()
    {
        // Nobody waits for it: the pages and the metric read it when they are asked for.
    }

    private ListenSocket Bind(EndPoint endPoint)
    {
        var bound = ListenSocket.Bind(endPoint);
        try
        {
            // What is accepted has it from here.
            if (endPoint is VsockEndPoint vsock)
                VsockSocket.SetBufferBytes(bound.Socket, _context.Configuration.Options.Vsock.BufferBytes, vsock);
            return bound;
        }
        catch
        {
            bound.Close();
            throw;
        }
    }

    private async Task AcceptAsync()
    {
        while (await _listener.AcceptAsync(Take) is { } connection)
            _ = ServeAsync(connection, _service!);
    }

    private EgressConnection Take(Socket socket)
    {
        var options = _options;
        var remote = options.Listen.SocketPath is null ? (VsockEndPoint)socket.RemoteEndPoint! : null;
        var peer = remote is not null && _selfCheck?.TryTake(remote) == true
            ? EgressPeer.SelfCheck
            : _context.Peers.Of(remote, options.Peer);
        var vsock = _context.Configuration.Options.Vsock;
        var socketOptions = remote is null
            ? new LoopSocketOptions { Explain = EnclaveStream.SocketOptions.Explain, LingerClock = _context.Time }
            : EnclaveStream.VsockOptions(remote, vsock.MaxWriteBytes, _context.Time);
        return new EgressConnection(Name, peer, new LoopSocket(socket, socketOptions), _context.Time.GetTimestamp());
    }

    private async Task ServeAsync(EgressConnection connection, IEgressService service)
    {
        var isCounted = false;
        try
        {
            if (connection.Peer == EgressPeer.SelfCheck)
                return;
            var limit = _context.Options.MaxConnectionsPerEnclave;
            isCounted = _context.Peers.TryAdd(connection.Peer, limit);
            if (isCounted)
            {
                await service.ServeAsync(connection, service.IsDrained ? _lifetime.Cut : _lifetime.Stopping);
                return;
            }

            _context.Counts.Count(Name, EgressCounts.NoRule, EgressResult.Limit);
            _context.Refusals.Add(
                connection.Peer,
                Name,
                "a further connection",
                "limit",
                $"{limit} of its connections are open, which is Egress:MaxConnectionsPerEnclave");
        }
        catch (Exception ex) when (ex is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The enclave is gone, or the program stops.
        }
        catch (Exception ex)
        {
            _context.Counts.Count(Name, EgressCounts.NoRule, EgressResult.Fault);
            EgressLog.Fault(_context.Logger, connection.Peer, Name, ex);
        }
        finally
        {
            // Nothing is left to close of one that a tunnel has taken. Others count until the enclave has what was sent, for a second.
            await connection.Socket.CloseAsync();
            if (isCounted)
                _context.Peers.Remove(connection.Peer);
            _lifetime.OnConnectionClosed();
        }
    }

    /// <summary>Before the address is closed: else it would try whoever listens here next.</summary>
    private ValueTask EndSelfCheckAsync() => _selfCheck?.DisposeAsync() ?? ValueTask.CompletedTask;

    private bool IsHampered() => _listener.Refusal is not null || Connections >= _context.Options.MaxConnections;

    private void OnFault(Exception fault) => EgressLog.AcceptEnded(_context.Logger, Name, fault);
}
