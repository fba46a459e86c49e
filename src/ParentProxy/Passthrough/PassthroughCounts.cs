using System.Collections.Concurrent;

namespace ParentProxy.Passthrough;

/// <summary>What is counted of one address that is listened on; goes on when a reload removes the listener and adds it again.</summary>
internal sealed class PassthroughCounts
{
    private readonly long[] _refused = new long[PassthroughRefusals.All.Count];
    private readonly ConcurrentDictionary<string, long[]> _ended = new(StringComparer.OrdinalIgnoreCase);
    private long _bytesFromClients;
    private long _bytesFromEnclaves;

    /// <summary>Bytes that came from clients and that the enclaves' sockets have taken, to the second.</summary>
    public long BytesFromClients => Interlocked.Read(ref _bytesFromClients);

    /// <summary>Bytes that came from enclaves and that the clients' sockets have taken, to the second.</summary>
    public long BytesFromEnclaves => Interlocked.Read(ref _bytesFromEnclaves);

    /// <summary>Connections that are over, by enclave and end.</summary>
    public IEnumerable<(string Enclave, ConnectionEnd End, long Count)> Ended =>
        from pair in _ended
        from end in ConnectionEnds.All
        let count = Volatile.Read(ref pair.Value[(int)end])
        where count > 0
        select (pair.Key, end, count);

    /// <summary>Connections that are over.</summary>
    public long TotalEnded => Ended.Sum(ended => ended.Count);

    /// <summary>Connections that were refused for a reason.</summary>
    public long Of(PassthroughRefusal reason) => Interlocked.Read(ref _refused[(int)reason]);

    /// <summary>Connections that were refused.</summary>
    public long TotalRefused => PassthroughRefusals.All.Sum(Of);

    /// <summary>A connection was refused.</summary>
    public void Count(PassthroughRefusal reason) => Interlocked.Increment(ref _refused[(int)reason]);

    /// <summary>A connection is over.</summary>
    /// <param name="enclave">The id of its enclave.</param>
    /// <param name="end">How it ended.</param>
    public void Count(string enclave, ConnectionEnd end) =>
        Interlocked.Increment(ref _ended.GetOrAdd(enclave, static _ => new long[ConnectionEnds.All.Count])[(int)end]);

    /// <summary>So many bytes more were carried each way.</summary>
    public void Add(long fromClients, long fromEnclaves)
    {
        if (fromClients != 0)
            Interlocked.Add(ref _bytesFromClients, fromClients);
        if (fromEnclaves != 0)
            Interlocked.Add(ref _bytesFromEnclaves, fromEnclaves);
    }
}
