using System.Net;
using System.Net.Sockets;
using ParentProxy.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Inside.Bridges;

/// <summary>An address that is open, and its connections.</summary>
internal sealed class BridgeListener : IListenerOwner, IAsyncDisposable
{
    private const string MaxConnectionsName = "Enclave:MaxConnections";
    private const string Predecessor = "a socat that this program replaces";

    private readonly LoopListener _listener;
    private readonly ListenerLifetime _lifetime;
    private readonly Func<AcceptedDescriptor, BridgeConnection> _take;

    /// <summary>Binds, and begins to listen; nothing is accepted before <see cref="Start"/>.</summary>
    /// <exception cref="ListenException">The address cannot be listened on.</exception>
    public BridgeListener(Bridge bridge)
    {
        Bridge = bridge;
        _take = Take;
        var address = bridge.Listen;
        var context = bridge.Context;
        SocketOptions = context.SocketOptions(address.EndPoint);
        try
        {
            var log = new ListenerLog(context.Logger, () => bridge.Listen.Text, MaxConnectionsName);
            _listener = new LoopListener(address.EndPoint, Bind, this, log, context.Time);
        }
        catch (VsockException ex)
        {
            throw new ListenException(address.Text, ex, bridge.Setting, Predecessor);
        }
        catch (SocketException ex) when (address.EndPoint is VsockEndPoint vsock)
        {
            throw new ListenException(address.Text, VsockException.From(ex, "bind", vsock), bridge.Setting, Predecessor);
        }
        catch (SocketException ex)
        {
            throw new ListenException(
                address.SocketPath ?? address.Text, address.SocketPath is not null, ex, bridge.Setting, Predecessor);
        }

        _lifetime = new ListenerLifetime(_listener, ex => BridgeLog.AcceptEnded(context.Logger, address.Text, ex));
        _lifetime.Cut.UnsafeRegister(static self => ((BridgeListener)self!).CutAll(), this);
    }

    /// <summary>What its connections are for.</summary>
    public Bridge Bridge { get; }

    /// <summary>What its connections need.</summary>
    public LoopSocketOptions SocketOptions { get; }

    /// <summary>Fires when the time of a stop is over.</summary>
    public CancellationToken Cut => _lifetime.Cut;

    /// <inheritdoc cref="LoopListener.EndPoint"/>
    public EndPoint EndPoint => _listener.EndPoint;

    /// <inheritdoc cref="LoopListener.IsOpen"/>
    public bool IsOpen => _listener.IsOpen;

    /// <summary>Connections that are open.</summary>
    public int Connections => _listener.Connections;

    int IListenerOwner.MaxConnections => Bridge.Context.Options.MaxConnections;

    string IListenerOwner.MaxConnectionsSetting => MaxConnectionsName;

    /// <summary>Accepts from now on.</summary>
    public void Start() => _lifetime.Start(AcceptAsync);

    /// <summary>Closes the address of one that was not started.</summary>
    public void Abandon() => _listener.Dispose();

    /// <summary>Closes the address; what is in its accept queue is still served.</summary>
    public async Task CloseAsync()
    {
        await _lifetime.StopAcceptingAsync();
        BridgeLog.Closed(Bridge.Context.Logger, Bridge.Listen.Text, Connections);
    }

    /// <summary>Waits until all connections are over; when the token fires, what is left is cut off.</summary>
    public Task StopAsync(CancellationToken cut) => _lifetime.StopAsync(cut);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _lifetime.DisposeAsync();

    /// <inheritdoc cref="ListenerLifetime.OnConnectionClosed"/>
    public void OnConnectionClosed() => _lifetime.OnConnectionClosed();

    void IListenerOwner.CountRejected() => Bridge.Counts.Count(BridgeResult.Limit);

    void IListenerOwner.OnRefusalChanged()
    {
        // The log tells, and whoever measures asks.
    }

    private ListenSocket Bind(EndPoint endPoint)
    {
        var bound = ListenSocket.Bind(endPoint);
        try
        {
            // What is accepted has it from here.
            if (endPoint is VsockEndPoint vsock)
                VsockSocket.SetBufferBytes(bound.Socket, Bridge.Context.Vsock.BufferBytes, vsock);
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
        while (await _listener.AcceptBareAsync(_take) is { } connection)
            connection.Start();
    }

    private BridgeConnection Take(AcceptedDescriptor accepted)
    {
        var connection = new BridgeConnection(accepted, this);
        Bridge.Counts.OnOpened();
        Bridge.Context.Watch.Add(connection);
        return connection;
    }

    private void CutAll()
    {
        foreach (var connection in Bridge.Context.Watch.Where(connection => connection.Listener == this))
            connection.Close(BridgeResult.Cut);
    }
}
