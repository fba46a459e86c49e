using System.Net;
using System.Threading.RateLimiting;

namespace ParentProxy.Ingress.Limiting;

/// <summary>
/// A bucket for each client of a rule, as long as it is not full again. The library's own partitions have no upper bound, and a timer
/// that runs ten times a second for as long as the process does.
/// </summary>
internal sealed class ClientBuckets : IDisposable
{
    /// <summary>Clients that have a bucket of their own at a time; with some 300 bytes each.</summary>
    public const int MaxClients = 65_536;

    /// <summary>How often those are dropped that are full again.</summary>
    public static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, RequestBucket> _buckets = [];
    private readonly TokenBucketRateLimiterOptions _options;
    private readonly RequestBucket _others;
    private readonly ITimer _sweep;

    /// <summary>Buckets for nobody yet.</summary>
    /// <param name="options">What each of them is made by.</param>
    /// <param name="time">The clock by which they are dropped.</param>
    public ClientBuckets(TokenBucketRateLimiterOptions options, TimeProvider time)
    {
        _options = options;
        _others = new RequestBucket(options);
        _sweep = time.CreateTimer(
            static state => ((ClientBuckets)state!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many clients have a bucket.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _buckets.Count;
        }
    }

    /// <summary>Takes the place of one request of a client; false when it has none.</summary>
    /// <param name="client">Its network, as <see cref="ClientNetwork"/> has it; null when nobody can tell the client from others.</param>
    public bool TryTake(IPAddress? client)
    {
        lock (_gate)
            return BucketOf(client).TryTake();
    }

    /// <inheritdoc/>
    public void Dispose() => _sweep.Dispose();

    // So many clients at once are a flood, or one attacker with many addresses: the newcomers share a bucket until there is room.
    private RequestBucket BucketOf(IPAddress? client)
    {
        if (client is null)
            return _others;
        if (_buckets.TryGetValue(client, out var bucket))
            return bucket;
        if (_buckets.Count >= MaxClients)
            return _others;
        if (_buckets.Count == 0)
            _sweep.Change(SweepInterval, Timeout.InfiniteTimeSpan);
        return _buckets[client] = new RequestBucket(_options);
    }

    private void Sweep()
    {
        lock (_gate)
        {
            foreach (var (client, bucket) in _buckets)
            {
                if (bucket.IsFull())
                    _buckets.Remove(client);
            }

            if (_buckets.Count > 0)
                _sweep.Change(SweepInterval, Timeout.InfiniteTimeSpan);
            else
                _buckets.TrimExcess();
        }
    }
}
