using System.Collections.Concurrent;
using System.Net;

namespace ParentProxy.Ingress.Kestrel.Refusals;

/// <summary>The clients of the connections that Kestrel has, by the id that it calls them by in its log.</summary>
internal sealed class OpenConnections
{
    private readonly ConcurrentDictionary<string, EndPoint?> _clients = new(StringComparer.Ordinal);

    /// <summary>Kestrel is given a connection.</summary>
    public void Add(ClientConnection connection) => _clients[connection.ConnectionId] = connection.RemoteEndPoint;

    /// <summary>Kestrel is done with it.</summary>
    public void Remove(ClientConnection connection) => _clients.TryRemove(connection.ConnectionId, out _);

    /// <summary>The address of a connection's client; null on a unix socket, and when there is no such connection any more.</summary>
    public IPAddress? ClientOf(string connectionId) => (_clients.GetValueOrDefault(connectionId) as IPEndPoint)?.Address;
}
