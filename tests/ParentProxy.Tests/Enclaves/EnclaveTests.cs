using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Health;
using ParentProxy.Tests.Simulator;

namespace ParentProxy.Tests.Enclaves;

/// <summary>The rules by which an enclave changes its state, and when it is probed in each.</summary>
public sealed class EnclaveTests
{
    private static readonly DialException Refused = new(EnclaveEndpoint.Unix("/0"), "ECONNREFUSED", "nobody listens", "Start it.");
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void New_WithProbes_IsStartingAndProbedAtOnceWhenAwaited()
    {
        var enclave = Registry().All[0];

        Assert.Equal((EnclaveState.Starting, false, false), (enclave.Status.State, enclave.IsUsable, enclave.Status.ProbeHealthy));
        Assert.Equal(Seconds(1), Next(enclave));
        enclave.BeginWaiting();
        Assert.Equal(Seconds(0.1), Next(enclave));
        enclave.EndWaiting();
        Assert.Equal(Seconds(1), Next(enclave));
    }

    [Fact]
    public void New_WithoutProbes_IsHealthyAndNotProbed()
    {
        var probe = new ProbeOptions { Enabled = false };
        var enclave = Registry(probe).All[0];

        Assert.Equal((EnclaveState.Healthy, true), (enclave.Status.State, enclave.IsUsable));
        Assert.Null(ProbeSchedule.Next(enclave, probe, 0));
    }

    [Fact]
    public void Starting_FirstProbeFails_IsUnhealthyWhateverUnhealthyAfter()
    {
        var enclave = Registry(new ProbeOptions { UnhealthyAfter = 9 }).All[0];

        enclave.ReportProbe(Probe(false), onEvidence: false);

        Assert.Equal(EnclaveState.Unhealthy, enclave.Status.State);
        Assert.True(enclave.IsOutByProbe);
    }

    [Fact]
    public void Healthy_ScheduledProbesFail_IsOutAfterUnhealthyAfterInARow()
    {
        var enclave = Healthy(Registry(new ProbeOptions { UnhealthyAfter = 3 }));

        Report(enclave, false, false, true, false, false);
        Assert.Equal(EnclaveState.Healthy, enclave.Status.State);
        Assert.Equal(Seconds(1), Next(enclave));
        Report(enclave, false);

        Assert.Equal((EnclaveState.Unhealthy, false), (enclave.Status.State, enclave.Status.ProbeHealthy));
    }

    [Fact]
    public void Healthy_ProbeOnEvidenceFails_IsOutAtOnce()
    {
        var enclave = Healthy(Registry());

        enclave.ReportProbe(Probe(false), onEvidence: true);

        Assert.Equal(EnclaveState.Unhealthy, enclave.Status.State);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(-1, false)]
    public void Healthy_ProbeMayHaveQueued_IsExcusedByAnAnswerSinceItBegan(int answeredAfter, bool isExcused)
    {
        var enclave = Healthy(Registry());
        _time.Advance(Seconds(10));
        var began = _time.GetTimestamp();

        enclave.ReportResponse(began + answeredAfter, isHead: true);
        enclave.ReportProbe(Probe(false) with { Code = ProbeResult.Timeout, QueuedSince = began }, onEvidence: true);

        Assert.Equal(isExcused ? EnclaveState.Healthy : EnclaveState.Unhealthy, enclave.Status.State);
        Assert.Equal(isExcused ? ProbeResult.Busy : ProbeResult.Timeout, enclave.Status.LastProbe!.Code);
        Assert.Equal(Seconds(isExcused ? 5 : 1), Next(enclave));
    }

    [Fact]
    public void Healthy_ProbesMayHaveQueued_AnAnswerThatGoesOnExcusesTenAndAHeadMore()
    {
        var enclave = Healthy(Registry());
        for (var i = 0; i < 10; i++)
            Excuse(isHead: false);
        Excuse(isHead: true);
        for (var i = 0; i < 10; i++)
            Excuse(isHead: false);
        Assert.Equal(EnclaveState.Healthy, enclave.Status.State);

        Excuse(isHead: false);

        Assert.Equal(EnclaveState.Unhealthy, enclave.Status.State);

        void Excuse(bool isHead)
        {
            _time.Advance(Seconds(1));
            var now = _time.GetTimestamp();
            enclave.ReportResponse(now, isHead);
            enclave.ReportProbe(Probe(false) with { Code = ProbeResult.Timeout, QueuedSince = now }, onEvidence: true);
        }
    }

    [Fact]
    public void Healthy_ProbeWasAnswered_IsExcusedByNothing()
    {
        var enclave = Healthy(Registry());

        enclave.ReportResponse(_time.GetTimestamp() + 1, isHead: true);
        enclave.ReportProbe(Probe(false), onEvidence: true);

        Assert.Equal(EnclaveState.Unhealthy, enclave.Status.State);
    }

    [Fact]
    public void Ejected_ProbeMayHaveQueued_IsNotBroughtBackByAnAnswer()
    {
        var enclave = Healthy(Registry(count: 2));
        enclave.ReportDialFailed(Refused);
        enclave.TakeEvidence();
        _time.Advance(Seconds(1));

        enclave.ReportResponse(_time.GetTimestamp(), isHead: true);
        enclave.ReportProbe(Probe(false) with { Code = ProbeResult.Timeout, QueuedSince = _time.GetTimestamp() }, onEvidence: true);

        Assert.Equal(EnclaveState.Unhealthy, enclave.Status.State);
    }

    [Fact]
    public void Unhealthy_ProbesFailOn_TheOutageIsToldOnceWhenRequestsHadTimeToLeave()
    {
        var enclave = Healthy(Registry());

        Report(enclave, false, false, false);
        Assert.False(enclave.HasUntoldOutage);
        _time.Advance(Seconds(1));
        Report(enclave, false);
        Assert.True(enclave.HasUntoldOutage);
        Assert.True(enclave.TryTellOutage());
        Report(enclave, false);
        Assert.False(enclave.HasUntoldOutage || enclave.TryTellOutage());

        Report(enclave, true, false, false);
        _time.Advance(Seconds(1));
        Report(enclave, false);
        Assert.True(enclave.TryTellOutage());
    }

    [Fact]
    public void Unhealthy_ProbesSucceed_IsInAfterHealthyAfterInARow()
    {
        var enclave = Registry(new ProbeOptions { HealthyAfter = 2 }).All[0];

        Report(enclave, false, true, false, true);
        Assert.Equal(EnclaveState.Unhealthy, enclave.Status.State);
        Report(enclave, true);

        Assert.Equal(EnclaveState.Healthy, enclave.Status.State);
        Assert.Equal(Seconds(5), Next(enclave));
    }

    [Fact]
    public void DialFailed_OthersAreUsable_IsOutUntilAProbeSucceedsAndHealthStillCountsIt()
    {
        var registry = Registry(count: 2);
        var enclave = Healthy(registry);

        enclave.ReportDialFailed(Refused);

        Assert.Equal((EnclaveState.Ejected, false, true), (enclave.Status.State, enclave.IsUsable, enclave.Status.ProbeHealthy));
        Assert.Contains("ECONNREFUSED", enclave.Status.Reason, StringComparison.Ordinal);
        Assert.Equal(Seconds(1), Next(enclave));
        Assert.Equal(EvidenceKind.DialFailed, enclave.TakeEvidence()!.Kind);
        Report(enclave, true);
        Assert.Equal(EnclaveState.Healthy, enclave.Status.State);
    }

    [Fact]
    public void Ejected_WhileAProbeRuns_ItsSuccessDoesNotBringItBack()
    {
        var registry = Registry(count: 2);
        var enclave = Healthy(registry);

        // The probe had begun before: it took no evidence.
        enclave.ReportDialFailed(Refused);
        Report(enclave, true);
        Assert.Equal(EnclaveState.Ejected, enclave.Status.State);
        Assert.NotNull(enclave.TakeEvidence());
        Report(enclave, true);

        Assert.Equal(EnclaveState.Healthy, enclave.Status.State);
    }

    [Fact]
    public void DialFailed_ItIsTheLastUsable_StaysInAndIsProbed()
    {
        var enclave = Healthy(Registry());

        enclave.ReportDialFailed(Refused);

        Assert.Equal(EnclaveState.Healthy, enclave.Status.State);
        Assert.NotNull(enclave.PendingEvidence);
        Assert.Equal(Seconds(1), Next(enclave));
    }

    [Fact]
    public void Evidence_AgainstOneAfterAnother_TakesAtMostHalfOfThem()
    {
        var registry = Registry(count: 5);
        Healthy(registry);

        foreach (var enclave in registry.All)
            enclave.ReportEvidence(new Evidence(EvidenceKind.ResponseCut, "cut"));

        Assert.Equal(2, registry.All.Count(e => e.Status.State == EnclaveState.Ejected));
    }

    [Fact]
    public void Evidence_AgainstTheOnlyEnclaveOfACluster_DoesNotTakeItOut()
    {
        var registry = Registry(count: 2, settings: [
            new("ReverseProxy:Clusters:c:Destinations:d:Address", "enclave://0"),
            new("ReverseProxy:Routes:r:ClusterId", "c"),
            new("ReverseProxy:Routes:r:Match:Path", "/c/{**rest}")]);
        var enclave = Healthy(registry);

        enclave.ReportEvidence(new Evidence(EvidenceKind.ResponseCut, "cut"));

        Assert.Equal(EnclaveState.Healthy, enclave.Status.State);
    }

    [Theory]
    [InlineData("ServerError")]
    [InlineData("Slow")]
    public void Evidence_ThatProvesNothing_OnlyAsksForAProbe(string kind)
    {
        var enclave = Healthy(Registry(count: 2));

        enclave.ReportEvidence(new Evidence(Enum.Parse<EvidenceKind>(kind), "odd"));

        Assert.Equal(EnclaveState.Healthy, enclave.Status.State);
        Assert.NotNull(enclave.PendingEvidence);
    }

    [Fact]
    public void DialFailed_WithoutProbes_IsUnhealthyAndDialledAgainWithBackOff()
    {
        var probe = new ProbeOptions { Enabled = false };
        var enclave = Registry(probe).All[0];

        enclave.ReportDialFailed(Refused);

        Assert.Equal(EnclaveState.Unhealthy, enclave.Status.State);
        var pauses = Enumerable.Range(0, 8).Select(n => ProbeSchedule.Next(enclave, probe, n)!.Value.TotalSeconds);
        Assert.Equal([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5], pauses);
        Report(enclave, true);
        Assert.Equal(EnclaveState.Healthy, enclave.Status.State);
    }

    [Fact]
    public void Removed_Drains_AndNothingBringsItBack()
    {
        var registry = Registry();
        var enclave = Healthy(registry);

        enclave.Drain("removed");
        Report(enclave, true);
        enclave.ReportEvidence(new Evidence(EvidenceKind.ResponseCut, "cut"));

        Assert.Equal((EnclaveState.Draining, true), (enclave.Status.State, enclave.IsRetired));
        Assert.False(enclave.TryBeginRequest(out _));
        enclave.Leave();
        Assert.Equal(EnclaveState.Gone, enclave.Status.State);
    }

    [Theory]
    [InlineData(null, 3, 3)]
    [InlineData("Slow", 3, 3)]
    [InlineData("ResponseCut", 3, 1)]
    [InlineData("DialFailed", 3, 1)]
    [InlineData("ServerError", 0.5, 0.5)]
    public void Timeout_OfAProbe_IsShortOnEvidenceButSlowness(string? kind, double configured, double expected)
    {
        var evidence = kind is null ? null : new Evidence(Enum.Parse<EvidenceKind>(kind), "odd");

        Assert.Equal(Seconds(expected), ProbeSchedule.Timeout(evidence, new ProbeOptions { Timeout = Seconds(configured) }));
    }

    [Fact]
    public void Next_IntervalBelowASecond_IsNeverExceeded()
    {
        var probe = new ProbeOptions { Interval = Seconds(0.3) };
        var enclave = Registry(probe).All[0];

        Assert.Equal(Seconds(0.3), ProbeSchedule.Next(enclave, probe, 0));
    }

    [Fact]
    public void Downtime_IsAllTimeWithoutTrafficWhileConfigured_OverAllRuns()
    {
        var registry = Registry();
        var enclave = registry.All[0];
        Pass(2);
        Report(enclave, true);
        Assert.Equal((Seconds(2), 0), (enclave.Downtime, enclave.Metrics.Outages));

        Pass(100);
        Report(enclave, false, false);
        Pass(3);
        Report(enclave, false);
        Assert.Equal((Seconds(5), 1), (enclave.Downtime, enclave.Metrics.Outages));
        Report(enclave, true);
        Pass(50);
        Assert.Equal(Seconds(5), enclave.Downtime);

        // Out by traffic, then confirmed by its probe: one outage. A restart is another.
        enclave.ReportEvidence(new Evidence(EvidenceKind.DialFailed, "ECONNREFUSED"));
        Report(enclave, false, false, true);
        Assert.Equal(2, enclave.Metrics.Outages);
        var options = new ProxyOptions
        {
            Sections = new ConfigurationBuilder().Build(),
            Enclaves = [new EnclaveOptions(enclave.Id, enclave.Name, EnclaveEndpoint.Vsock(16, 1))],
        };
        registry.Apply(options);
        var successor = registry.All[0];
        Assert.NotSame(enclave, successor);
        Pass(4);
        Assert.Equal((Seconds(9), 3), (successor.Downtime, successor.Metrics.Outages));
        Report(successor, true);
        Pass(1);
        Assert.Equal((Seconds(9), 3), (successor.Downtime, successor.Metrics.Outages));

        void Pass(int seconds) => _time.Advance(Seconds(seconds));
    }

    [Fact]
    public void Distrusted_GetsNothingWhateverItsProbesSay_AndReturnsByItsLastProbe()
    {
        var enclave = Healthy(Registry());

        enclave.Distrust("PCR0 is another image's");
        Report(enclave, true);
        enclave.ReportEvidence(new Evidence(EvidenceKind.DialFailed, "ECONNREFUSED"));

        Assert.Equal(
            (EnclaveState.Untrusted, false, false, "PCR0 is another image's"),
            (enclave.Status.State, enclave.IsUsable, enclave.Status.ProbeHealthy, enclave.Status.Reason));
        Assert.Equal(1, enclave.Metrics.Outages);
        _time.Advance(Seconds(3));
        enclave.Trust("its document is good", enclave.Epoch);
        Assert.Equal((EnclaveState.Healthy, true, Seconds(3)), (enclave.Status.State, enclave.Status.ProbeHealthy, enclave.Downtime));

        enclave.Distrust("again");
        Report(enclave, false);
        enclave.Trust("good", enclave.Epoch);
        Assert.Equal(EnclaveState.Unhealthy, enclave.Status.State);
        enclave.Trust("nothing changes for one that is trusted", enclave.Epoch);
        Assert.Equal("good", enclave.Status.Reason);
    }

    [Fact]
    public void Distrusted_BeforeItsFirstProbe_StartsOnceItIsTrusted()
    {
        var enclave = Registry().All[0];

        enclave.Distrust("no document");
        enclave.Trust("a good one", enclave.Epoch);
        Assert.Equal(EnclaveState.Starting, enclave.Status.State);

        enclave.Drain("removed");
        enclave.Distrust("too late");
        Assert.Equal(EnclaveState.Draining, enclave.Status.State);
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private static TimeSpan? Next(Enclave enclave) => ProbeSchedule.Next(enclave, new ProbeOptions(), 0);

    private ProbeResult Probe(bool ok) => new(_time.GetUtcNow(), ok, TimeSpan.Zero, ok ? "ok" : "status", "a probe");

    private void Report(Enclave enclave, params bool[] results)
    {
        foreach (var ok in results)
            enclave.ReportProbe(Probe(ok), onEvidence: false);
    }

    private Enclave Healthy(EnclaveRegistry registry)
    {
        foreach (var enclave in registry.All)
            Report(enclave, true);
        return registry.All[0];
    }

    private EnclaveRegistry Registry(ProbeOptions? probe = null, int count = 1, KeyValuePair<string, string>[]? settings = null)
    {
        var enclaves = Enumerable.Range(0, count).SelectMany(
            n => new KeyValuePair<string, string>[] { new($"Enclaves:{n}:Transport", "unix"), new($"Enclaves:{n}:Path", $"/{n}") });
        var options = ConfigurationLoader.Load(
            new ConfigurationSources { CommandLine = [.. enclaves, .. settings ?? []], SystemFile = null, ShippedFile = null }).Options!;
        options = options with { Health = options.Health with { Probe = probe ?? new ProbeOptions() } };
        var configuration = new ActiveConfiguration(options);
        var registry = new EnclaveRegistry(
            configuration,
            new EnclaveDialer(options.Vsock, _time),
            _time,
            new EnclaveMeter(new Meter("test")),
            NullLogger<EnclaveRegistry>.Instance);
        registry.Apply(options);
        return registry;
    }
}
