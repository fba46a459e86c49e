using System.Net;
using System.Net.Sockets;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Transparency;

/// <summary>The enclave's side: connections that a front opened, in the hands of the case that runs.</summary>
internal sealed class EnclaveListener : IAsyncDisposable
{
    /// <summary>For a front to let go of connections that have ended. Over it the front is started anew, nothing fails.</summary>
    private static readonly TimeSpan LetGo = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<WireConnection> _connections = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private EnclaveListener()
    {
        _listener.Start(512);
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public static EnclaveListener Start() => new();

    /// <summary>The connections of this case, oldest first, with those that have ended.</summary>
    public IReadOnlyList<WireConnection> Connections
    {
        get
        {
            lock (_gate)
                return [.. _connections];
        }
    }

    /// <summary>
    /// The connection on which bytes come that nobody has read: a new one or one that was used before. Null when
    /// <paramref name="otherwise"/> ends first.
    /// </summary>
    public async Task<WireConnection?> ArriveAsync(Task otherwise, WireConnection? busy = null)
    {
        var passedOver = new HashSet<WireConnection>();
        if (busy is not null)
            passedOver.Add(busy);
        while (true)
        {
            var changed = Changed();
            var waiting = Connections.Where(c => !passedOver.Contains(c))
                .Select(c => (Connection: c, HasBytes: c.HasBytesAsync()))
                .ToList();
            await Task.WhenAny([.. waiting.Select(w => w.HasBytes), changed, otherwise]);
            foreach (var (connection, hasBytes) in waiting.Where(w => w.HasBytes.IsCompleted))
            {
                if (await hasBytes)
                    return connection;
                passedOver.Add(connection);
            }

            if (otherwise.IsCompleted)
                return null;
        }
    }

    /// <summary>Ends all connections; false when the front does not take notice.</summary>
    public async Task<bool> EndConnectionsAsync()
    {
        var connections = Connections;
        var ends = Task.WhenAll(connections.Select(EndAsync));
        var ended = await Task.WhenAny(ends, Task.Delay(LetGo)) == ends && await ends is var results && results.All(r => r);
        foreach (var connection in connections)
            await connection.DisposeAsync();
        lock (_gate)
            _connections.RemoveAll(connections.Contains);
        return ended;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        foreach (var connection in Connections)
            await connection.DisposeAsync();
    }

    private static async Task<bool> EndAsync(WireConnection connection)
    {
        try
        {
            connection.ShutdownSend();
            await connection.ReadToEndAsync();
            return true;
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            // The case ended it.
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private Task Changed()
    {
        lock (_gate)
            return _changed.Task;
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var socket = await _listener.AcceptSocketAsync();
                socket.NoDelay = true;
                lock (_gate)
                {
                    _connections.Add(new WireConnection(socket, deadline: WireDeadline.Value));
                    _changed.SetResult();
                    _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }
            }
            catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
