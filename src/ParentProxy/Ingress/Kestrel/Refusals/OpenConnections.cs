using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections.Features;

namespace ParentProxy.Ingress.Kestrel.Refusals;

/// <summary>The clients of the connections that Kestrel has, by the id that it calls them by in its log.</summary>
internal sealed class OpenConnections
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<string, ClientConnection> _open = new(StringComparer.Ordinal);
    private volatile ClientConnection[] _older = [];

    /// <summary>Kestrel is given a connection.</summary>
    public void Add(ClientConnection connection) => _open[connection.ConnectionId] = connection;

    /// <summary>Kestrel is done with it.</summary>
    public void Remove(ClientConnection connection) => _open.TryRemove(connection.ConnectionId, out _);

    /// <summary>
    /// Asks Kestrel to end each connection that is open by now after the request that is on it, and waits until they are. Those that come
    /// meanwhile are none of its business.
    /// </summary>
    /// <param name="grace">How long one that is idle has for another request, and one that is new for its first.</param>
    /// <param name="time">The clock.</param>
    /// <param name="over">Fires when the time for it is over.</param>
    public async Task RetireAsync(TimeSpan grace, TimeProvider time, CancellationToken over)
    {
        var older = _older = [.. _open.Values];
        await Task.Delay(grace, time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var connection in older)
            connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        await WaitAsync(() => Array.TrueForAll(older, connection => !_open.ContainsKey(connection.ConnectionId)), time, over);
    }

    /// <summary>Waits for the connections that came after <see cref="RetireAsync"/> was called.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="over">Fires when the time for it is over.</param>
    public Task WaitForNewerAsync(TimeProvider time, CancellationToken over)
    {
        var older = _older.ToHashSet();
        return WaitAsync(() => _open.Values.All(older.Contains), time, over);
    }

    /// <summary>
    /// Waits until each client that has connected has sent something: its request is about to come. Of a connection that begins with
    /// something else, as with TLS, that is not known.
    /// </summary>
    /// <param name="time">The clock.</param>
    /// <param name="over">Fires when the time for it is over.</param>
    public Task HeardFromAllAsync(TimeProvider time, CancellationToken over) =>
        WaitAsync(() => _open.Values.All(connection => connection.HasBegun && connection.BeginsWithRequest), time, over);

    /// <summary>The address of a connection's client; null on a unix socket, and when there is no such connection any more.</summary>
    public IPAddress? ClientOf(string connectionId) => (_open.GetValueOrDefault(connectionId)?.RemoteEndPoint as IPEndPoint)?.Address;

    private static async Task WaitAsync(Func<bool> isSo, TimeProvider time, CancellationToken over)
    {
        while (!isSo() && !over.IsCancellationRequested)
            await Task.Delay(LookAgain, time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
