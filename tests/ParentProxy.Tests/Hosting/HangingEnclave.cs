using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Hosting;

/// <summary>
/// An enclave that begins everything and ends little: only its peer's end ends most answers. Does not even accept while it
/// is told not to.
/// </summary>
internal sealed class HangingEnclave : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly ConcurrentDictionary<WireConnection, bool> _open = new();
    private readonly SemaphoreSlim _gate = new(1, 1);
    private int _accepted;
    private int _requests;

    public HangingEnclave()
    {
        var file = _directory.File("e.sock");
        _listener.Bind(new UnixDomainSocketEndPoint(file));

        // So short that a dial soon waits for a place in it.
        _listener.Listen(1);
        EndPoint = $"unix:{file}";
        _ = AcceptAsync();
    }

    /// <summary>The URI to reach it at.</summary>
    public string EndPoint { get; }

    /// <summary>Connections that were accepted.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Requests whose head was read.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Connections that are open at its side.</summary>
    public int Open => _open.Count;

    /// <summary>Accepts no more until <see cref="Resume"/>, save for one connection perhaps.</summary>
    public Task PauseAsync() => _gate.WaitAsync();

    /// <summary>Accepts again.</summary>
    public void Resume() => _gate.Release();

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        foreach (var connection in _open.Keys)
            await connection.DisposeAsync();
        _gate.Dispose();
        _directory.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket socket;
            try
            {
                await _gate.WaitAsync();
                _gate.Release();
                socket = await _listener.AcceptAsync();
            }
            catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
            {
                return;
            }

            Interlocked.Increment(ref _accepted);
            _ = Task.Run(() => RunAsync(new WireConnection(socket)));
        }
    }

    private async Task RunAsync(WireConnection connection)
    {
        _open[connection] = true;
        try
        {
            while (await connection.ReadHeadAsync() is { } head)
            {
                Interlocked.Increment(ref _requests);
                await AnswerAsync(connection, head);
            }
        }
        catch (Exception ex) when (ex is IOException or ObjectDisposedException)
        {
            // What it is there for.
        }
        finally
        {
            await connection.DisposeAsync();
            _open.TryRemove(connection, out _);
        }
    }

    private static async Task AnswerAsync(WireConnection connection, WireMessage head)
    {
        switch (head.StartLine.Split(' ')[1])
        {
            case "/ok":
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                break;
            case "/hint":
                await connection.SendAsync("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
                _ = await connection.ReadToEndAsync();
                break;
            case "/upload":
                var left = int.Parse(head.Field("Content-Length") ?? "1", CultureInfo.InvariantCulture);
                while (left > 0)
                    left = head.Field("Content-Length") is null
                        ? (await connection.ReadChunkAsync()).Length
                        : left - (await connection.ReadExactlyAsync(Math.Min(left, 10_000))).Length;
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                break;
            case "/refused":
                // Before the body, which is then read in vain.
                await connection.SendAsync("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
                _ = await connection.ReadToEndAsync();
                break;
            case "/stream":
                await connection.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                var chunk = $"2000\r\n{new string('x', 0x2000)}\r\n";
                while (true)
                    await connection.SendAsync(chunk);
            case "/ws":
                await connection.SendAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nwelcome");
                while (await connection.ReadExactlyAsync(1) is { } echo)
                    await connection.SendAsync(echo);
                break;
            default:
                _ = await connection.ReadToEndAsync();
                break;
        }
    }
}
