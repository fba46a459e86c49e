using System.Net;
using ParentProxy.Egress.Policy;
using ParentProxy.Tests.Simulator;

namespace ParentProxy.Tests.Egress.Policy;

public sealed class OwnAddressesTests
{
    [Fact]
    public void Current_HoldsLoopback_AndIsKeptSomeSeconds()
    {
        var time = new ManualTimeProvider();
        var own = new OwnAddresses(time);

        var first = own.Current;
        time.Advance(TimeSpan.FromSeconds(4));

        Assert.Contains(IPAddress.Loopback, first);
        Assert.Same(first, own.Current);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.NotSame(first, own.Current);
    }
}
