using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ParentProxy.Tests.Support;

/// <summary>An enclave that does on each connection what a test says, where the simulated one is too polite.</summary>
internal sealed class ScriptedEnclave : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly Func<WireConnection, Task> _script;
    private readonly ConcurrentBag<WireConnection> _connections = [];
    private readonly ConcurrentQueue<WireMessage> _requests = new();
    private int _accepted;

    private ScriptedEnclave(
        EndPoint endPoint, Func<WireConnection, Task> script, Func<ScriptedEnclave, Func<WireConnection, Task>>? scriptOfSelf = null)
    {
        _script = scriptOfSelf?.Invoke(this) ?? script;
        _listener = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(endPoint);
        _listener.Listen(128);
        EndPoint = endPoint is UnixDomainSocketEndPoint ? $"unix:{endPoint}" : $"tcp://{_listener.LocalEndPoint}";
        _ = AcceptAsync();
    }

    /// <summary>The URI to reach it at.</summary>
    public string EndPoint { get; }

    /// <summary>Connections that were accepted.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Requests that came whole, for those who answer.</summary>
    public IReadOnlyList<WireMessage> Requests => [.. _requests];

    /// <summary>Runs a script on every connection; the connection is closed when the script ends.</summary>
    public static ScriptedEnclave Start(Func<WireConnection, Task> script, EndPoint? endPoint = null) =>
        new(endPoint ?? new IPEndPoint(IPAddress.Loopback, 0), script);

    /// <summary>Answers every request with the same bytes and keeps the connection.</summary>
    public static ScriptedEnclave Answering(string response, EndPoint? endPoint = null) =>
        new(endPoint ?? new IPEndPoint(IPAddress.Loopback, 0), null!, self => async connection =>
        {
            while (true)
            {
                self._requests.Enqueue(await connection.ReadMessageAsync());
                await connection.SendAsync(response);
            }
        });

    /// <summary>Accepts nobody any more; what it has accepted goes on, and who waits to be accepted is reset.</summary>
    public void StopAccepting() => _listener.Dispose();

    public async ValueTask DisposeAsync()
    {
        StopAccepting();
        foreach (var connection in _connections)
            await connection.DisposeAsync();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptAsync();
            }
            catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
            {
                return;
            }

            Interlocked.Increment(ref _accepted);
            var connection = new WireConnection(socket);
            _connections.Add(connection);
            _ = RunAsync(connection);
        }
    }

    private async Task RunAsync(WireConnection connection)
    {
        try
        {
            await _script(connection);
        }
        catch (Exception)
        {
            // The peer left in the middle of the script; the test looks at what the proxy made of it.
        }
        finally
        {
            await connection.DisposeAsync();
        }
    }
}
