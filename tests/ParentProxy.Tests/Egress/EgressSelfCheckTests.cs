using ParentProxy.Egress;
using ParentProxy.Tests.Simulator;
using ParentProxy.Vsock;

namespace ParentProxy.Tests.Egress;

public sealed class EgressSelfCheckTests
{
    /// <summary>A listener ends it when it stops to accept, and when it is disposed.</summary>
    [Fact]
    public async Task DisposeAsync_Twice_EndsItOnce()
    {
        var faults = new List<Exception>();
        var check = new EgressSelfCheck(8443, static () => true, static (_, _) => { }, static () => { }, faults.Add, new ManualTimeProvider());

        Assert.False(check.TryTake(new VsockEndPoint(VsockCid.Local, 1)));
        Assert.Null(check.Fault);
        await check.DisposeAsync();
        await check.DisposeAsync();

        Assert.Empty(faults);
    }
}
