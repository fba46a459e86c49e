using System.Net;
using ParentProxy.Passthrough;

namespace ParentProxy.Tests.Passthrough;

public sealed class SourceCountsTests
{
    private readonly SourceCounts _counts = new();

    [Fact]
    public void TryAdd_UpToTheLimit_LetsInAndAfterARemoveAgain()
    {
        var one = IPAddress.Parse("192.0.2.1");

        Assert.True(_counts.TryAdd(one, 2));
        Assert.True(_counts.TryAdd(one, 2));
        Assert.False(_counts.TryAdd(one, 2));
        Assert.True(_counts.TryAdd(IPAddress.Parse("192.0.2.2"), 2));
        _counts.Remove(one);
        Assert.True(_counts.TryAdd(one, 2));
        Assert.False(_counts.TryAdd(one, 2));
    }

    [Fact]
    public void TryAdd_MappedAddress_CountsAsIPv4()
    {
        Assert.True(_counts.TryAdd(IPAddress.Parse("::ffff:192.0.2.1"), 1));
        Assert.False(_counts.TryAdd(IPAddress.Parse("192.0.2.1"), 1));
        _counts.Remove(IPAddress.Parse("192.0.2.1"));
        Assert.True(_counts.TryAdd(IPAddress.Parse("192.0.2.1"), 1));
    }

    [Fact]
    public async Task TryAdd_FromManyThreads_NeverExceedsTheLimit()
    {
        var (open, most) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                if (!_counts.TryAdd(IPAddress.Loopback, 3))
                    continue;
                InterlockedMax(ref most, Interlocked.Increment(ref open));
                Interlocked.Decrement(ref open);
                _counts.Remove(IPAddress.Loopback);
            }
        })));

        Assert.InRange(most, 1, 3);
        Assert.True(_counts.TryAdd(IPAddress.Loopback, 1));
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
            Interlocked.CompareExchange(ref most, value, seen);
    }
}
