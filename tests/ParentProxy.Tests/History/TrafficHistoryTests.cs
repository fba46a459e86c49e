using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.History;
using ParentProxy.Tests.Simulator;

namespace ParentProxy.Tests.History;

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
        _registry = new EnclaveRegistry(_configuration, new EnclaveDialer(new VsockOptions(), _time), _time, inner => inner, new EnclaveMeter(_meter), NullLogger<EnclaveRegistry>.Instance);
        _registry.Apply(_configuration.Options, before: null);
        _history = new TrafficHistory(_registry, _time);
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
        Assert.Equal(TimeSpan.FromMilliseconds(10), sample.Mean);
        Assert.Equal((4, 2), (_history.Total.Samples[1].Requests, _history.Total.Samples[1].Errors));
        Assert.Equal(1, _history.None.Samples[1].Errors);
        Assert.Equal((0, null), (_history.Of("a")[2].Requests, _history.Of("a")[2].ErrorShare));
        Assert.Equal(0, _history.Of("b")[1].Requests);
    }

    [Fact]
    public void Take_RequestThatEndsLater_CountsForTheMeanWhereItEnds()
    {
        var metrics = _registry.Meter.Of("a");
        Step();
        Count("a", 200, 200);
        metrics.Requests.Count("GET", 200);
        Step();
        metrics.RecordRequest(TimeSpan.FromSeconds(7), null, null);
        Step();

        var samples = _history.Of("a");
        Assert.Equal((3, 2, TimeSpan.FromMilliseconds(10)), (samples[1].Requests, samples[1].Ended, samples[1].Mean));
        Assert.Equal((0, 1, TimeSpan.FromSeconds(7)), (samples[2].Requests, samples[2].Ended, samples[2].Mean));
        Assert.Equal(TimeSpan.FromMilliseconds(7020) / 3, (samples[1] + samples[2]).Mean);
        Assert.Null(samples[0].Mean);
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
        _registry.Find("a")!.ReportProbe(new ProbeResult(_time.GetUtcNow(), true, TimeSpan.Zero, "ok", "ok"), onEvidence: false);
        Step();

        Assert.Equal([true, false], _history.Of("a").Select(sample => sample.IsOut));
        Assert.Equal([true, true], _history.Of("b").Select(sample => sample.IsOut));
    }

    [Fact]
    public void Take_EnclaveThatIsNoLongerThere_IsForgotten()
    {
        Step();
        var next = Options("b");
        _configuration.Replace(next);
        _registry.Apply(next, Options("a", "b"));
        Step();

        Assert.Empty(_history.Of("a"));
        Assert.Equal(2, _history.Of("b").Count);
    }

    private static ProxyOptions Options(params string[] ids) => new()
    {
        Sections = new ConfigurationBuilder().Build(),
        Enclaves = [.. ids.Select(id => new EnclaveOptions(id, id, EnclaveEndpoint.Unix($"/{id}")))],
    };

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
