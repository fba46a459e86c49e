using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;
using ParentProxy.Endpoints;
using ParentProxy.Tests.Dns;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Inside.Names;

/// <summary>A parent's <c>Egress:Dns</c> on a unix socket, which says what the test wants.</summary>
internal sealed class FakeParent : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ConcurrentQueue<byte[]> _asked = new();
    private readonly ConcurrentDictionary<Socket, bool> _streams = new();
    private Socket? _listener;
    private int _accepted;

    public FakeParent(bool isThere = true)
    {
        EndPoint = EnclaveEndpoint.TryParse($"unix:{Path}", out var endPoint, out var reason)
            ? endPoint!
            : throw new InvalidOperationException(reason);
        if (isThere)
            Appear();
    }

    public EnclaveEndpoint EndPoint { get; }

    /// <summary>The messages for a question; null for none.</summary>
    public Func<byte[], byte[][]?> Answers { get; set; } = query => [DnsBytes.Answer(query, [DnsBytes.Address("192.0.2.1", 60)])];

    /// <summary>What was asked, in order.</summary>
    public IReadOnlyList<byte[]> Asked => [.. _asked];

    /// <summary>Streams that there were.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    private string Path => _directory.File("dns.sock");

    public Task AskedTimesAsync(int times) =>
        Eventually.TrueAsync(() => _asked.Count >= times, () => $"asked {_asked.Count} times");

    public void Appear()
    {
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen();
        _ = AcceptAsync(_listener);
    }

    public void Vanish()
    {
        _listener?.Dispose();
        Break();
    }

    /// <summary>Ends the streams that are open.</summary>
    public void Break()
    {
        foreach (var stream in _streams.Keys)
            stream.Dispose();
    }

    public void Dispose()
    {
        Vanish();
        _directory.Dispose();
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
                _ = ServeAsync(await listener.AcceptAsync());
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            // It vanished.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        Interlocked.Increment(ref _accepted);
        _streams[socket] = true;
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        var length = new byte[2];
        try
        {
            while (true)
            {
                await stream.ReadExactlyAsync(length);
                var query = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                await stream.ReadExactlyAsync(query);
                _asked.Enqueue(query);
                if (Answers(query) is { } answers)
                    await stream.WriteAsync(DnsBytes.Framed(answers));
            }
        }
        catch (Exception ex) when (ex is IOException or ObjectDisposedException)
        {
            // It is over.
        }
        finally
        {
            _streams.TryRemove(socket, out _);
        }
    }
}
