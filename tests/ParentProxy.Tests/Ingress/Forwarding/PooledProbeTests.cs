using ParentProxy.Configuration;
using ParentProxy.Http1;
using ParentProxy.Ingress.Forwarding;
using ParentProxy.Tests.Http1;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Forwarding;

public sealed class PooledProbeTests
{
    /// <summary>
    /// It may stand in the application's accept queue. Put back it would begin a second read beside the one of its idle time,
    /// which waits for ever: the thread span, the probe never ended, and nor did a stop.
    /// </summary>
    [Fact]
    public async Task Ask_TheIdleOneNeverAnswered_ClosesItAndAsksNothing()
    {
        var dials = new PendingDials();
        var options = new Http1PoolOptions
        {
            MaxConnections = 1,
            MaxTunnels = 0,
            MaxQueued = 1,
            QueueTimeout = TestDeadline.Value,
            MaxDials = 1,
            IdleTimeout = TestDeadline.Value,
            Lifetime = TestDeadline.Value,
        };
        using var pool = new Http1Pool(dials.DialAsync, options, TimeProvider.System);
        using var source = new CancellationTokenSource();
        var rent = pool.RentAsync(TestDeadline.Value, TimeSpan.MaxValue, canRedispatch: false, source.Token).AsTask();
        var dial = await dials.NextAsync();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rent);
        var stream = dial.Succeed();
        await Eventually.TrueAsync(() => pool.Idle == 1);

        var status = await PooledProbe.AskAsync(pool, new ProbeOptions(), () => Assert.Fail("it asks"), CancellationToken.None);

        Assert.Null(status);
        Assert.Empty(stream.Writes);
        Assert.Equal((0, 1), (pool.Open, stream.Disposals));
    }
}
