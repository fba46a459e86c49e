using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Egress.Policy;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Egress.Policy;

public sealed class OwnAddressesTests
{
    [Fact]
    public async Task Current_HoldsLoopback_AndIsReadAnewAfterSeconds()
    {
        var time = new ManualTimeProvider();
        var own = new OwnAddresses(time, NullLogger.Instance);

        var first = own.Current;
        Assert.Contains(IPAddress.Loopback, first);
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.Same(first, own.Current);

        // Somebody else's thread reads them.
        time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => !ReferenceEquals(own.Current, first));

        var second = own.Current;
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.NotSame(second, own.Current);
    }
}
