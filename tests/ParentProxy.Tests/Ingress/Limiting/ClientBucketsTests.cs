using System.Net;
using ParentProxy.Ingress.Limiting;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Limiting;

public sealed class ClientBucketsTests
{
    private static readonly IPAddress One = IPAddress.Parse("203.0.113.1");
    private static readonly IPAddress Two = IPAddress.Parse("203.0.113.2");

    [Fact]
    public void TryTake_BurstSpent_IsRefusedToThatClientAlone()
    {
        using var buckets = new ClientBuckets(RequestBucket.Options(1, 3, TimeSpan.FromDays(1)), TimeProvider.System);

        Assert.Equal([true, true, true, false, false], Enumerable.Range(0, 5).Select(_ => buckets.TryTake(One)));
        Assert.True(buckets.TryTake(Two));
    }

    [Fact]
    public void TryTake_ClientsOfNoAddress_AreOne()
    {
        using var buckets = new ClientBuckets(RequestBucket.Options(1, null, TimeSpan.FromDays(1)), TimeProvider.System);

        Assert.True(buckets.TryTake(null));
        Assert.False(buckets.TryTake(null));
        Assert.Equal(0, buckets.Count);
    }

    [Fact]
    public async Task TryTake_AfterItsShareOfTheWindow_IsLetThroughAgain()
    {
        // One in a millisecond. Did it fill at the end of the window only, this would never end.
        using var buckets = new ClientBuckets(RequestBucket.Options(86_400_000, 1, TimeSpan.FromDays(1)), TimeProvider.System);
        buckets.TryTake(One);

        await Eventually.TrueAsync(() => buckets.TryTake(One));
    }

    [Fact]
    public async Task Sweep_FullAgain_IsDropped()
    {
        var clock = new ManualTimeProvider();
        using var buckets = new ClientBuckets(RequestBucket.Options(1000, 1, TimeSpan.FromSeconds(1)), clock);
        buckets.TryTake(One);
        Assert.Equal(1, buckets.Count);

        // It fills by the library's own clock, which no test can advance.
        await Eventually.TrueAsync(() =>
        {
            clock.Advance(ClientBuckets.SweepInterval);
            return buckets.Count == 0;
        });

        Assert.Equal(0, clock.Timers);
    }

    [Fact]
    public void Sweep_NotFullYet_IsKept()
    {
        var clock = new ManualTimeProvider();
        using var buckets = new ClientBuckets(RequestBucket.Options(1, null, TimeSpan.FromDays(1)), clock);
        buckets.TryTake(One);

        clock.Advance(ClientBuckets.SweepInterval);

        Assert.False(buckets.TryTake(One));
        Assert.Equal(1, clock.Timers);
    }

    [Fact]
    public void TryTake_MoreClientsThanBuckets_ShareOne()
    {
        using var buckets = new ClientBuckets(RequestBucket.Options(1, null, TimeSpan.FromDays(1)), TimeProvider.System);
        for (var i = 0; i < ClientBuckets.MaxClients; i++)
            Assert.True(buckets.TryTake(new IPAddress(0x0A000000 + i)));

        Assert.True(buckets.TryTake(One));
        Assert.False(buckets.TryTake(Two));
        Assert.Equal(ClientBuckets.MaxClients, buckets.Count);
    }
}
