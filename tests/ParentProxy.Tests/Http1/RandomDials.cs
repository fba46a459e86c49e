using System.Collections.Concurrent;
using ParentProxy.Sockets;

namespace ParentProxy.Tests.Http1;

/// <summary>A dialer that takes its time, fails now and then, and counts what is open and being dialled at the same time.</summary>
internal sealed class RandomDials(int seed)
{
    private readonly ConcurrentQueue<PeerStream> _streams = new();
    private int _seed = seed;
    private int _open;
    private int _mostOpen;
    private int _dialling;
    private int _mostDialling;

    /// <summary>All streams that there ever were.</summary>
    public IReadOnlyCollection<PeerStream> Streams => _streams;

    /// <summary>Streams that are not disposed.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>The most that were open or being dialled at the same time.</summary>
    public int MostOpen => Volatile.Read(ref _mostOpen);

    /// <summary>The most that were being dialled at the same time.</summary>
    public int MostDialling => Volatile.Read(ref _mostDialling);

    /// <summary>Begins a dial.</summary>
    public async Task<DuplexStream> DialAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        Raise(ref _mostDialling, Interlocked.Increment(ref _dialling));
        Raise(ref _mostOpen, Interlocked.Increment(ref _open));
        var random = new Random(Interlocked.Increment(ref _seed));
        try
        {
            for (var i = random.Next(20); i > 0; i--)
                await Task.Yield();
            if (random.Next(10) == 0)
                throw new IOException("refused");
        }
        catch
        {
            Interlocked.Decrement(ref _open);
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _dialling);
        }

        var stream = new PeerStream(() => Interlocked.Decrement(ref _open)) { Answer = "HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray() };
        _streams.Enqueue(stream);
        return stream;
    }

    private static void Raise(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen;)
        {
            var before = Interlocked.CompareExchange(ref most, value, seen);
            if (before == seen)
                return;
            seen = before;
        }
    }
}
