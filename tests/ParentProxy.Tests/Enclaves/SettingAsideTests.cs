using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Health;
using ParentProxy.Tests.Simulator;

namespace ParentProxy.Tests.Enclaves;

/// <summary>An enclave that an operator sets aside is shown as draining, while what is known of it goes on below that.</summary>
public sealed class SettingAsideTests
{
    private const string Why = "State is drain in the configuration";
    private readonly ManualTimeProvider _time = new();
    private readonly EnclaveRegistry _registry;

    public SettingAsideTests()
    {
        var options = Load();
        _registry = new EnclaveRegistry(
            new ActiveConfiguration(options),
            new EnclaveDialer(options.Vsock, _time),
            _time,
            new EnclaveMeter(new Meter("test")),
            NullLogger<EnclaveRegistry>.Instance);
        _registry.Apply(options);
    }

    private Enclave Enclave => _registry.All[0];

    [Fact]
    public void Apply_Drain_KeepsTheEnclaveAndGivesItNothing()
    {
        var enclave = Healthy();
        Assert.True(enclave.TryBeginRequest(out _));
        _time.Advance(Seconds(5));

        _registry.Apply(Load("State=drain"));

        Assert.Same(enclave, Enclave);
        Assert.Equal(
            (EnclaveState.Draining, _time.GetUtcNow(), Why, false),
            (enclave.Status.State, enclave.Status.Since, enclave.Status.Reason, enclave.Status.ProbeHealthy));
        Assert.Equal((false, false, 1), (enclave.IsUsable, enclave.IsRetired, enclave.InFlight));
        Assert.False(enclave.TryBeginRequest(out _));
        Assert.Equal(1, enclave.InFlight);
        Assert.Equal(EnclaveState.Healthy, enclave.Condition.State);
    }

    [Fact]
    public void Apply_ReadyAgain_IsUsedAtOnceWithItsWholeShare()
    {
        var enclave = Healthy();
        _registry.Apply(Load("State=drain"));
        Report(true);

        _registry.Apply(Load());

        Assert.Same(enclave, Enclave);
        Assert.Equal((EnclaveState.Healthy, true, 1), (enclave.Status.State, enclave.IsUsable, enclave.Share));
        Assert.True(enclave.TryBeginRequest(out _));
        Assert.Equal((0, TimeSpan.Zero), (enclave.Metrics.Outages, enclave.Downtime));
    }

    [Fact]
    public void Restarted_WhileSetAside_IsNoOutage_AndStartsSlowlyWhenItIsPutBack()
    {
        var enclave = Healthy();
        _registry.Apply(Load("State=drain"));
        var changes = enclave.Metrics.StateChanges;
        _time.Advance(Seconds(1));

        Report(false, false, false);
        Assert.Equal((EnclaveState.Draining, EnclaveState.Unhealthy), (enclave.Status.State, enclave.Condition.State));
        _time.Advance(Seconds(20));
        Report(true);
        _time.Advance(Seconds(20));
        Assert.Equal((0, changes, TimeSpan.Zero), (enclave.Metrics.Outages, enclave.Metrics.StateChanges, enclave.Downtime));

        _registry.Apply(Load());
        Assert.Equal((true, 0.1), (enclave.IsUsable, enclave.Share));
        _time.Advance(Seconds(5));
        Assert.Equal(1, enclave.Share);
    }

    [Fact]
    public void PutBackWhileItIsOut_IsOut_AndThatCounts()
    {
        var enclave = Healthy();
        _registry.Apply(Load("State=drain"));
        Report(false, false, false);

        _registry.Apply(Load());
        _time.Advance(Seconds(3));

        Assert.Equal((EnclaveState.Unhealthy, 1, Seconds(3)), (enclave.Status.State, enclave.Metrics.Outages, enclave.Downtime));
    }

    [Fact]
    public void SetAsideWhileItIsOut_EndsTheDowntime()
    {
        var enclave = Healthy();
        Report(false, false, false);
        _time.Advance(Seconds(3));

        _registry.Apply(Load("Weight=0"));
        _time.Advance(Seconds(30));

        Assert.Equal("Weight is 0 in the configuration", enclave.Status.Reason);
        Assert.Equal((1, 0, Seconds(3)), (enclave.Metrics.Outages, enclave.Weight, enclave.Downtime));
    }

    [Fact]
    public void OtherReason_IsShown_AndTheTimeGoesOn()
    {
        var enclave = Healthy();
        _registry.Apply(Load("State=drain"));
        var since = _time.GetUtcNow();
        _time.Advance(Seconds(9));

        _registry.Apply(Load("Weight=0"));

        Assert.Equal(("Weight is 0 in the configuration", since), (enclave.Status.Reason, enclave.Status.Since));
    }

    [Fact]
    public void SetAside_IsProbedAsBefore()
    {
        var enclave = Healthy();
        _registry.Apply(Load("State=drain"));
        enclave.BeginWaiting();

        Assert.Equal(new ProbeOptions().Interval, ProbeSchedule.Next(enclave, new ProbeOptions(), 0));
        Report(false, false, false);
        Assert.Equal(Seconds(0.1), ProbeSchedule.Next(enclave, new ProbeOptions(), 0));
        Assert.Equal((true, "status"), (enclave.IsOutByProbe, enclave.Status.LastProbe!.Code));
    }

    [Fact]
    public void New_SetAside_IsDrainingBeforeItsFirstProbe()
    {
        _registry.Apply(Load("State=drain", "Path=/elsewhere"));

        Assert.Equal((EnclaveState.Draining, EnclaveState.Starting), (Enclave.Status.State, Enclave.Condition.State));
        Report(true);
        Assert.Equal((EnclaveState.Draining, EnclaveState.Healthy), (Enclave.Status.State, Enclave.Condition.State));
        Assert.Equal(0, Enclave.Metrics.Outages);
    }

    [Fact]
    public void Removed_WhileSetAside_Leaves()
    {
        var enclave = Healthy();
        Assert.True(enclave.TryBeginRequest(out _));
        _registry.Apply(Load("State=drain"));

        _registry.Apply(Load("Path=/elsewhere", "State=drain"));

        Assert.Equal((EnclaveState.Draining, true), (enclave.Status.State, enclave.IsRetired));
        Assert.StartsWith("replaced by", enclave.Status.Reason, StringComparison.Ordinal);
        enclave.Leave();
        Assert.Equal(EnclaveState.Gone, enclave.Status.State);
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private static ProxyOptions Load(params string[] settings)
    {
        var all = new Dictionary<string, string> { ["Enclaves:0:Transport"] = "unix", ["Enclaves:0:Path"] = "/0" };
        foreach (var setting in settings)
            all[$"Enclaves:0:{setting.Split('=')[0]}"] = setting.Split('=')[1];
        return ConfigurationLoader.Load(
            new ConfigurationSources { CommandLine = [.. all], SystemFile = null, ShippedFile = null }).Options!;
    }

    private Enclave Healthy()
    {
        Report(true);
        Assert.True(Enclave.IsUsable);
        return Enclave;
    }

    private void Report(params bool[] results)
    {
        foreach (var ok in results)
        {
            Enclave.ReportProbe(
                new ProbeResult(_time.GetUtcNow(), ok, TimeSpan.Zero, ok ? "ok" : "status", "a probe"), onEvidence: false);
        }
    }
}
