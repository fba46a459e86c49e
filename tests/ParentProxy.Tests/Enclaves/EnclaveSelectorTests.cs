using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Tests.Simulator;

namespace ParentProxy.Tests.Enclaves;

/// <summary>The choice of an enclave as any capability makes it: by ids, without a request.</summary>
public sealed class EnclaveSelectorTests
{
    private static readonly string[] Ids = ["0", "1", "2"];
    private readonly ManualTimeProvider _time = new();
    private readonly EnclaveRegistry _registry;
    private readonly EnclaveSelector _selector;

    public EnclaveSelectorTests()
    {
        var enclaves = Ids.SelectMany(id => new KeyValuePair<string, string>[]
        {
            new($"Enclaves:{id}:Transport", "unix"),
            new($"Enclaves:{id}:Path", $"/{id}"),
            new($"Enclaves:{id}:Weight", id == "0" ? "2" : "1"),
        });
        var sources = new ConfigurationSources
        {
            CommandLine = [.. enclaves, new("Routing:LoadBalancing", "LeastRequests"), new("Retry:MaxWaiting", "1")],
            SystemFile = null,
            ShippedFile = null,
        };
        var options = ConfigurationLoader.Load(sources).Options!;
        var configuration = new ActiveConfiguration(options);
        var dialer = new EnclaveDialer(options.Vsock, _time);
        var meter = new EnclaveMeter(new Meter("test"));
        _registry = new EnclaveRegistry(configuration, dialer, _time, meter, NullLogger<EnclaveRegistry>.Instance);
        _registry.Apply(options);
        _selector = new EnclaveSelector(_registry, configuration, _time);
    }

    [Fact]
    public void Usable_SomeAre_GivesThemInOrder()
    {
        Assert.Empty(_selector.Usable(Ids, id => id));
        Return("2");
        Return("0");

        Assert.Equal(["0", "2"], _selector.Usable(Ids, id => id));
    }

    [Fact]
    public void Usable_AllAre_GivesTheSetItself()
    {
        foreach (var id in Ids)
            Return(id);

        Assert.Same(Ids, _selector.Usable(Ids, id => id));
    }

    [Fact]
    public void Usable_UnknownMember_IsNot()
    {
        Return("0");

        Assert.Equal(["0"], _selector.Usable(["x", "0"], id => id));
    }

    [Fact]
    public void Usable_Backup_IsGivenOnlyWithoutAnother()
    {
        _registry.Find("1")!.IsBackup = true;
        foreach (var id in Ids)
            Return(id);

        Assert.Equal(["0", "2"], _selector.Usable(Ids, id => id));
        Assert.Equal(["1"], _selector.Usable(["1"], id => id));
        _registry.Find("0")!.SetAside("maintenance");
        Assert.Equal(["2"], _selector.Usable(Ids, id => id));
        _registry.Find("2")!.SetAside("maintenance");
        Assert.Equal(["1"], _selector.Usable(Ids, id => id));
        Assert.True(_selector.HasOther(Ids, id => id, _registry.Find("0")!));
        _registry.Find("0")!.SetAside(null);
        Assert.Equal(["0"], _selector.Usable(Ids, id => id));
    }

    [Fact]
    public void LeastLoaded_WeightIsZeroByNow_IsNoDivisor()
    {
        Begin("0", 1);
        _registry.Find("0")!.Weight = 0;

        Assert.Equal("1", _selector.LeastLoaded(["0", "1"], id => id));
    }

    [Fact]
    public void LeastLoaded_AllIdle_TakeTurnsByWeight()
    {
        var chosen = Enumerable.Range(0, 8).Select(_ => _selector.LeastLoaded(_registry.All, enclave => enclave.Id).Id).ToList();

        Assert.Equal((4, 2, 2), (chosen.Count(id => id == "0"), chosen.Count(id => id == "1"), chosen.Count(id => id == "2")));
        Assert.NotEqual(chosen[0], chosen[1]);
    }

    [Fact]
    public void LeastLoaded_Busy_HasTheFewestForItsWeight()
    {
        Begin("0", 3);
        Begin("1", 2);
        Begin("2", 1);
        Assert.Equal("2", _selector.LeastLoaded(_registry.All, enclave => enclave.Id).Id);

        Begin("2", 1);
        Assert.Equal("0", _selector.LeastLoaded(_registry.All, enclave => enclave.Id).Id);
    }

    [Theory]
    [InlineData("healthy", false)]
    [InlineData("healthy unhealthy", false)]
    [InlineData("healthy healthy", true)]
    [InlineData("healthy healthy ejected", false)]
    [InlineData("healthy healthy healthy ejected", true)]
    [InlineData("healthy healthy unhealthy ejected", true)]
    [InlineData("healthy healthy healthy ejected ejected", false)]
    [InlineData("healthy healthy ejected -", true)]
    public void MayEject_NeverTheLastAndAtMostHalf(string states, bool expected) =>
        Assert.Equal(expected, EnclaveSelector.MayEject(states.Split(' ').Select(State)));

    [Fact]
    public async Task Wait_OneBecomesUsable_Ends()
    {
        var waiting = Wait(TimeSpan.FromSeconds(2));
        Assert.Equal((1, 1), (_selector.Waiting, _registry.All[1].Waiting));

        Return("1");

        Assert.Equal(WaitEnd.Usable, await waiting);
        Assert.Equal((0, 0), (_selector.Waiting, _registry.All[1].Waiting));
    }

    [Fact]
    public async Task Wait_AsManyAsMay_RefusesOneMore()
    {
        var waiting = Wait(TimeSpan.FromSeconds(2));

        Assert.Equal(WaitEnd.TooMany, await Wait(TimeSpan.FromSeconds(2)));
        Assert.Equal(1, _selector.Waiting);
        Return("0");
        Assert.Equal(WaitEnd.Usable, await waiting);
    }

    [Fact]
    public async Task Wait_TimeIsOverAlready_Ends()
    {
        Assert.Equal(WaitEnd.TimedOut, await Wait(TimeSpan.Zero));
        Assert.Equal(0, _selector.Waiting);
    }

    private Task<WaitEnd> Wait(TimeSpan patience) =>
        _selector.WaitAsync(() => Ids, _time.GetTimestamp(), patience, _registry.Changed.Next, CancellationToken.None);

    private static EnclaveState? State(string word) => word == "-" ? null : Enum.Parse<EnclaveState>(word, ignoreCase: true);

    private void Return(string id) =>
        _registry.Find(id)!.ReportProbe(new ProbeResult(_time.GetUtcNow(), Ok: true, TimeSpan.Zero, "ok", "a probe"), onEvidence: false);

    private void Begin(string id, int count)
    {
        for (var i = 0; i < count; i++)
            Assert.True(_registry.Find(id)!.TryBeginRequest(out _));
    }
}
