using System.Collections.Concurrent;
using System.Net;

namespace ParentProxy.Ingress.Kestrel.Refusals;

/// <summary>The clients of the connections that Kestrel has, by the id that it calls them by in its log.</summary>
internal sealed class OpenConnections
{
    private readonly ConcurrentDictionary<string, ClientConnection> _open = new(StringComparer.Ordinal);

    /// <summary>Kestrel is given a connection.</summary>
    public void Add(ClientConnection connection) => _open[connection.ConnectionId] = connection;

    /// <summary>Kestrel is done with it.</summary>
    public void Remove(ClientConnection connection) => _open.TryRemove(connection.ConnectionId, out _);

    /// <summary>The address of a connection's client; null on a unix socket, and when there is no such connection any more.</summary>
    public IPAddress? ClientOf(string connectionId) => (_open.GetValueOrDefault(connectionId)?.RemoteEndPoint as IPEndPoint)?.Address;
}
