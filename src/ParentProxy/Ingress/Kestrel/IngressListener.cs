using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using ParentProxy.Capabilities;
using ParentProxy.Configuration;
using ParentProxy.Ingress.Kestrel.Refusals;
using ParentProxy.Sockets;

namespace ParentProxy.Ingress.Kestrel;

/// <summary>One public listener as Kestrel sees it.</summary>
internal sealed class IngressListener : IConnectionListener, IListenerOwner
{
    private const string MaxConnectionsSetting = "Limits:MaxConnections";

    private readonly LoopListener _listener;
    private readonly ActiveConfiguration _configuration;
    private readonly OpenConnections _open;
    private readonly Action _onChanged;
    private readonly ILogger _logger;

    // Made once for all connections.
    private readonly Action _onClosed;
    private readonly Func<Socket, ClientConnection> _take;
    private readonly Action<ClientConnection, ConnectionRefusal, string> _onRefused;

    /// <summary>Binds, and begins to listen.</summary>
    /// <param name="endPoint">Where.</param>
    /// <param name="bind">Binds a socket to it.</param>
    /// <param name="configuration">What is in effect.</param>
    /// <param name="open">Where connections are listed while they are open.</param>
    /// <param name="onChanged">Runs when <see cref="Refusal"/> comes or goes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <exception cref="SocketException">The address cannot be listened on.</exception>
    public IngressListener(
        EndPoint endPoint,
        Func<EndPoint, ListenSocket> bind,
        ActiveConfiguration configuration,
        OpenConnections open,
        Action onChanged,
        TimeProvider time,
        ILogger logger)
    {
        _configuration = configuration;
        _open = open;
        _onChanged = onChanged;
        _logger = logger;
        _listener = new LoopListener(endPoint, bind, this, new ListenerLog(logger, () => Name, MaxConnectionsSetting), time);
        _onClosed = _listener.OnConnectionClosed;
        _take = Take;
        _onRefused = OnRefused;
    }

    /// <inheritdoc/>
    public EndPoint EndPoint => _listener.EndPoint;

    /// <inheritdoc cref="LoopListener.IsOpen"/>
    public bool IsOpen => _listener.IsOpen;

    /// <inheritdoc cref="LoopListener.Refusal"/>
    public string? Refusal => _listener.Refusal;

    /// <summary>Connections that are open.</summary>
    public int Connections => _listener.Connections;

    /// <summary>Connections that were closed at once because <c>Limits:MaxConnections</c> were open.</summary>
    public long Rejected => _listener.Rejected;

    /// <summary>Connections that were closed for how they begin.</summary>
    public ConnectionRefusals Refusals { get; } = new();

    int IListenerOwner.MaxConnections => _configuration.Options.Limits.MaxConnections;

    string IListenerOwner.MaxConnectionsSetting => MaxConnectionsSetting;

    /// <summary>The listener as the admin pages show it.</summary>
    public ListenerView View()
    {
        var reason = Refusal;
        return new ListenerView(Name, reason is null, reason, Connections, Rejected);
    }

    private string Name => EndPoint.ToString() ?? "";

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
        await _listener.AcceptAsync(_take);

    /// <inheritdoc cref="LoopListener.StopAcceptingAsync"/>
    public Task StopAcceptingAsync() => _listener.StopAcceptingAsync();

    /// <inheritdoc/>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => new(_listener.UnbindAsync());

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _listener.Dispose();
        return ValueTask.CompletedTask;
    }

    void IListenerOwner.OnRefusalChanged() => _onChanged();

    private ClientConnection Take(Socket socket)
    {
        var connection = new ClientConnection(socket, _onClosed) { Disposed = _open.Remove, Refused = _onRefused };
        _open.Add(connection);
        return connection;
    }

    private void OnRefused(ClientConnection connection, ConnectionRefusal reason, string problem)
    {
        var count = Refusals.Count(reason);

        // A flood of connections must not become a flood of log lines.
        if ((count & (count - 1)) == 0)
            IngressLog.ConnectionRefused(
                _logger, Name, connection.RemoteEndPoint?.ToString() ?? "", problem, count, ConnectionRefusals.Word(reason));
    }
}
