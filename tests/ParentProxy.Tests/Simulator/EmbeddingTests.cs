using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ParentProxy.Tests.Simulator;

public sealed class EmbeddingTests
{
    [Fact]
    public async Task Meters_AndSpans_AreNotTheHosts()
    {
        var meters = new HashSet<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) => { lock (meters) meters.Add(instrument.Meter.Name); },
        };
        listener.Start();
        await using var fixture = await EnclaveFixture.StartAsync();
        using var activities = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "ParentProxy.Simulator",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(activities);

        (await fixture.Http.GetAsync("/echo")).Dispose();

        lock (meters)
        {
            Assert.Contains("ParentProxy.Simulator:Microsoft.AspNetCore.Server.Kestrel", meters);
            Assert.Contains("ParentProxy.Simulator:Microsoft.AspNetCore.Hosting", meters);
        }
    }
}
