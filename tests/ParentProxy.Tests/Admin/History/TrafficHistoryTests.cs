using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Admin.History;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Tests.Simulator;

namespace ParentProxy.Tests.Admin.History;

public sealed class TrafficHistoryTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly Meter _meter = new("test");
    private readonly EnclaveRegistry _registry;
    private readonly ActiveConfiguration _configuration;
    private readonly TrafficHistory _history;

    public TrafficHistoryTests()
    {
        _configuration = new ActiveConfiguration(Options("a", "b"));
        var (dialer, meter) = (new EnclaveDialer(new VsockOptions(), _time), new EnclaveMeter(_meter));
        _registry = new EnclaveRegistry(_configuration, dialer, _time, meter, NullLogger<EnclaveRegistry>.Instance);
        _registry.Apply(_configuration.Options);
        _history = new TrafficHistory(_registry, _time, NullLogger<TrafficHistory>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _history.DisposeAsync();
        _registry.Close();
        _meter.Dispose();
    }

    [Fact]
    public void Take_CountsWhatCameSinceTheLastOne()
    {
        Step();
        Count("a", 200, 200, 503);
        Count("none", 503);
        Step();
        Step();

        var sample = _history.Of("A")[1];
        Assert.Equal((3, 1), (sample.Requests, sample.Errors));
        Assert.Equal(0.6, sample.Rate, 6);
        Assert.Equal(10, Milliseconds(sample, 0.5), 10 * 0.03);
        Assert.Equal((4, 2), (_history.Total.Samples[1].Requests, _history.Total.Samples[1].Errors));
        Assert.Equal(1, _history.None.Samples[1].Errors);
        Assert.Equal((0, null), (_history.Of("a")[2].Requests, _history.Of("a")[2].ErrorShare));
        Assert.Equal(0, _history.Of("b")[1].Requests);
    }

    [Fact]
    public void Take_RequestThatEndsLater_CountsForTheTimesWhereItEnds()
    {
        var metrics = _registry.Meter.Of("a");
        Step();
        Count("a", 200, 200);
        metrics.Requests.Count("GET", 200);
        Step();
        metrics.RecordRequest(TimeSpan.FromSeconds(7), null, null);
        Step();

        var samples = _history.Of("a");
        Assert.Equal((3, 2), (samples[1].Requests, samples[1].Times.Count));
        Assert.Equal((0, 1), (samples[2].Requests, samples[2].Times.Count));
        Assert.Equal(7000, Milliseconds(samples[2], 0.5), 7000 * 0.03);
        var both = TrafficSample.Sum([samples[1], samples[2]]);
        Assert.Equal((3, 3), (both.Requests, both.Times.Count));
        Assert.Equal(10, Milliseconds(both, 0.5), 10 * 0.03);
        Assert.Equal(7000, Milliseconds(both, 0.99), 7000 * 0.03);
        Assert.Null(samples[0].Times.Quantile(0.5));
    }

    [Fact]
    public void Take_ForLong_KeepsTheLast()
    {
        for (var i = 0; i < TrafficHistory.Length + 5; i++)
        {
            if (i == TrafficHistory.Length + 4)
                Count("a", 200);
            Step();
        }

        Assert.Equal(TrafficHistory.Length, _history.Of("a").Count);
        Assert.Equal(1, _history.Of("a")[^1].Requests);
        Assert.Equal(TrafficHistory.Length, _history.Total.Samples.Length);
    }

    [Fact]
    public void Take_EnclaveThatIsOut_IsMarked()
    {
        Step();
        Probe(_registry.Find("a")!, true);
        Step();

        Assert.Equal([true, false], _history.Of("a").Select(sample => sample.IsOut));
        Assert.Equal([true, true], _history.Of("b").Select(sample => sample.IsOut));
    }

    [Fact]
    public void Take_EnclaveThatGoesOutBetweenTwoSteps_IsCounted()
    {
        var enclave = _registry.Find("a")!;
        Probe(enclave, true);
        Step();
        Probe(enclave, false);
        Probe(enclave, true);
        Probe(enclave, false);
        Probe(enclave, true);
        Step();

        Assert.Equal([0, 2], _history.Of("a").Select(sample => sample.Outages));
        Assert.False(_history.Of("a")[1].IsOut);
        Assert.Equal(2, TrafficSample.Sum(_history.Of("a")).Outages);
    }

    [Fact]
    public void Take_EnclaveThatIsNoLongerThere_IsForgotten()
    {
        Step();
        var next = Options("b");
        _configuration.Replace(next);
        _registry.Apply(next);
        Step();

        Assert.Empty(_history.Of("a"));
        Assert.Equal(2, _history.Of("b").Count);
    }

    private static ProxyOptions Options(params string[] ids) => new()
    {
        Sections = new ConfigurationBuilder().Build(),
        Enclaves = [.. ids.Select(id => new EnclaveOptions(id, id, EnclaveEndpoint.Unix($"/{id}")))],
    };

    private static double Milliseconds(TrafficSample sample, double share) => sample.Times.Quantile(share)!.Value.TotalMilliseconds;

    private void Probe(Enclave enclave, bool ok) =>
        enclave.ReportProbe(new ProbeResult(_time.GetUtcNow(), ok, TimeSpan.Zero, "ok", "ok"), onEvidence: true);

    private void Step()
    {
        _time.Advance(TrafficHistory.Interval);
        _history.Take();
    }

    private void Count(string id, params int[] codes)
    {
        foreach (var code in codes)
        {
            _registry.Meter.Of(id).Requests.Count("GET", code);
            _registry.Meter.Of(id).RecordRequest(TimeSpan.FromMilliseconds(10), null, null);
        }
    }
}
