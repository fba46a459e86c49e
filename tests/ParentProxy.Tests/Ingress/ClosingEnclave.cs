using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ParentProxy.Tests.Ingress;

/// <summary>
/// An enclave that answers the first request of each connection and gives the connection up after a random number of
/// answers, in every way and at every moment that it can. Answers with the path, and counts what it was sent.
/// </summary>
internal sealed class ClosingEnclave : IAsyncDisposable
{
    private const int WaysToClose = 9;
    private const string Farewell = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

    private readonly Socket _listener;
    private readonly int _seed;
    private readonly ConcurrentDictionary<string, int> _posts = new();
    private readonly ConcurrentDictionary<Task, bool> _running = new();
    private readonly Task _accepting;
    private int _connections;
    private int _unanswered;

    public ClosingEnclave(EndPoint endPoint, int seed)
    {
        _seed = seed;
        _listener = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(endPoint);
        _listener.Listen(512);
        EndPoint = endPoint is UnixDomainSocketEndPoint ? $"unix:{endPoint}" : $"tcp://{_listener.LocalEndPoint}";
        _accepting = AcceptAsync();
    }

    /// <summary>The URI to reach it at.</summary>
    public string EndPoint { get; }

    /// <summary>Connections that were accepted.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Requests that were read and given no answer.</summary>
    public int Unanswered => Volatile.Read(ref _unanswered);

    /// <summary>How often each path was posted to, whether answered or not.</summary>
    public IReadOnlyDictionary<string, int> Posts => _posts;

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_running.Keys);
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

            var random = new Random(_seed + Interlocked.Increment(ref _connections));
            var run = Task.Run(() => RunAsync(socket, random));
            _running[run] = true;
            _ = run.ContinueWith(t => _running.TryRemove(t, out _), TaskScheduler.Default);
        }
    }

    private async Task RunAsync(Socket socket, Random random)
    {
        using var owned = socket;
        try
        {
            var buffer = new byte[4096];
            for (var left = random.Next(1, 8); left > 0; left--)
            {
                if (await ReadRequestAsync(socket, buffer) is not { } path)
                    return;
                await socket.SendAsync(Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {path.Length}\r\n\r\n{path}"));
            }

            await CloseAsync(socket, buffer, random);
        }
        catch (SocketException)
        {
            // The proxy was faster.
        }
    }

    private async Task CloseAsync(Socket socket, byte[] buffer, Random random)
    {
        switch (random.Next(WaysToClose))
        {
            case 0:
                // At once.
                return;
            case 1:
                Reset(socket);
                return;
            case 2:
                Thread.SpinWait(random.Next(20_000));
                return;
            case 3:
                Thread.SpinWait(random.Next(20_000));
                Reset(socket);
                return;
            case 4:
                await Task.Yield();
                return;
            case 6:
                await socket.SendAsync(Encoding.Latin1.GetBytes(Farewell));
                return;
            case 7:
                // It may cross the next request.
                Thread.SpinWait(random.Next(20_000));
                await socket.SendAsync(Encoding.Latin1.GetBytes(Farewell));
                socket.Shutdown(SocketShutdown.Send);
                if (await ReadRequestAsync(socket, buffer) is not null)
                    Interlocked.Increment(ref _unanswered);
                return;
            case 5:
                // Its direction only; what comes meanwhile is lost.
                socket.Shutdown(SocketShutdown.Send);
                if (await ReadRequestAsync(socket, buffer) is not null)
                    Interlocked.Increment(ref _unanswered);
                return;
            default:
                // With the next request, which it has read.
                if (await ReadRequestAsync(socket, buffer) is not null)
                    Interlocked.Increment(ref _unanswered);
                if (random.Next(2) == 0)
                    Reset(socket);
                return;
        }
    }

    private static void Reset(Socket socket)
    {
        if (socket.AddressFamily != AddressFamily.Unix)
            socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    /// <summary>The path of the next request, its body read; null at the end of the connection.</summary>
    private async Task<string?> ReadRequestAsync(Socket socket, byte[] buffer)
    {
        var filled = 0;
        while (true)
        {
            var count = await socket.ReceiveAsync(buffer.AsMemory(filled));
            if (count == 0)
                return null;
            filled += count;
            var text = Encoding.Latin1.GetString(buffer, 0, filled);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0)
                continue;
            var words = text.Split(' ', 3);
            if (words[0] == "POST")
            {
                // Its body is its path.
                if (filled < end + 4 + words[1].Length)
                    continue;
                _posts.AddOrUpdate(words[1], 1, (_, before) => before + 1);
            }

            return words[1];
        }
    }
}
