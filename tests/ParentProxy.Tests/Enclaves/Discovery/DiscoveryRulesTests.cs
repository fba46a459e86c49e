using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Discovery;

namespace ParentProxy.Tests.Enclaves.Discovery;

public sealed class DiscoveryRulesTests
{
    private static readonly string Pcr = new('a', 96);

    private readonly HashSet<string> _unreachable = [];
    private IReadOnlyList<KnownEnclave> _known = [];
    private DiscoveryOptions _options = new() { Enabled = true };

    [Fact]
    public void Learn_NewEnclave_IsFoundByItsName()
    {
        Assert.Equal(["app: found at CID 16; its id is app"], Told(Enclave("app", "1", 16)));
        Assert.Equal(["app=16"], Accepted);
        Assert.Empty(Told(Enclave("app", "1", 16)));
    }

    [Fact]
    public void Learn_NewCidForAName_KeepsTheId()
    {
        Told(Enclave("app", "1", 16));
        Assert.Equal(["app: was restarted, CID 16 -> 17; it was 1"], Told(Enclave("app", "2", 17)));
        Assert.Equal(["app=17"], Accepted);
        Assert.Equal("2", Assert.Single(_known).Described.EnclaveId);
    }

    [Fact]
    public void Learn_NewEnclaveIdAtTheSameCid_IsARestart()
    {
        Told(Enclave("app", "1", 16));
        Assert.Equal(["app: was restarted at the same CID 16; it was 1"], Told(Enclave("app", "2", 16)));
        Assert.Equal(["app=16"], Accepted);
    }

    [Fact]
    public void Learn_NothingToRelyOn_ChangesNothing()
    {
        _unreachable.Add("1");
        Told(Enclave("app", "1", 16));
        Assert.Empty(Learn(new DescribeResult([], [], null)));
        Assert.Empty(Learn(DescribeResult.Failed(new DescribeFailure("exit", "", ""))));
        Assert.Equal(["app=16"], Accepted);
    }

    [Fact]
    public void Learn_MissingButReachable_StaysAndIsToldOnce()
    {
        Told(Enclave("app", "1", 16), Enclave("other", "2", 17));
        Assert.Equal(["app: is missing from the output but reachable: it stays"], Told(Enclave("other", "2", 17)));
        Assert.Empty(Told(Enclave("other", "2", 17)));
        Assert.Equal(["app=16", "other=17"], Accepted);
        Assert.Equal(["app: is in the output again"], Told(Enclave("app", "1", 16), Enclave("other", "2", 17)));
    }

    [Fact]
    public void Learn_MissingAndUnreachable_Goes()
    {
        Told(Enclave("app", "1", 16), Enclave("other", "2", 17));
        _unreachable.Add("1");
        Assert.Equal(["app: is gone: missing from the output, and not reachable"], Told(Enclave("other", "2", 17)));
        Assert.Equal(["other=17"], Accepted);
    }

    [Fact]
    public void Learn_MissingFromAnOutputWithHoles_Stays()
    {
        Told(Enclave("app", "1", 16), Enclave("other", "2", 17));
        _unreachable.Add("1");
        Assert.Empty(Learn(new DescribeResult([Enclave("other", "2", 17)], ["entry 0: has no EnclaveID"], null)));
        Assert.Empty(Learn(new DescribeResult([Enclave("other", "2", 17)], [], new DescribeFailure("exit", "", ""))));
        Assert.Equal(["app=16", "other=17"], Accepted);
    }

    [Fact]
    public void Learn_FailedCallThatToldOfOthers_TakesThemIn()
    {
        // nitro-cli fails for good while one enclave's process hangs; the others must not be lost for it.
        Told(Enclave("app", "1", 16), Enclave("hung", "2", 17));
        Assert.Single(Learn(new DescribeResult([Enclave("app", "3", 18)], [], new DescribeFailure("exit", "", ""))));
        Assert.Equal(["app=18", "hung=17"], Accepted);
    }

    [Fact]
    public void Learn_MissingAndItsCidIsAnothers_GoesAtOnce()
    {
        Told(Enclave("app", "1", 16));
        var events = Told(Enclave("evil", "2", 16) with { IsDebug = true });
        Assert.Contains("app: is gone: its CID 16 is evil's (2)", events);
        Assert.Empty(Accepted);
    }

    [Fact]
    public void Learn_SuccessorIsRefused_TheOldOneGoes()
    {
        Told(Enclave("app", "1", 16));
        var events = Told(Enclave("app", "2", 17) with { IsDebug = true });
        Assert.Equal("app: is gone: another enclave has its name", events[0]);
        Assert.StartsWith("app: gets no traffic: it is in DEBUG_MODE", events[1], StringComparison.Ordinal);
        Assert.Empty(Accepted);
    }

    [Theory]
    [InlineData("app*", "APP-1", true)]
    [InlineData("app*", "my-app", false)]
    [InlineData("app-?", "app-10", false)]
    [InlineData("*", "i-0-enc1", true)]
    public void Learn_NamePattern_Decides(string pattern, string name, bool accepted)
    {
        _options = _options with { EnclaveName = pattern };
        Assert.Single(Told(Enclave(name, "1", 16)));
        Assert.Equal(accepted ? [$"{name}=16"] : [], Accepted);
        Assert.Empty(Told(Enclave(name, "1", 16)));
    }

    [Theory]
    [InlineData("TERMINATING")]
    [InlineData("EMPTY")]
    [InlineData("SOMETHING_NEW")]
    public void Learn_OtherState_LeavesAtOnce(string state)
    {
        Told(Enclave("app", "1", 16));
        Assert.Equal(
            [$"app: gets no more traffic: its State is {state}, not RUNNING"], Told(Enclave("app", "1", 16) with { State = state }));
        Assert.Empty(Accepted);
        Assert.Empty(Told(Enclave("app", "1", 16) with { State = state }));
        Assert.Equal(["app: found at CID 17; its id is app"], Told(Enclave("app", "2", 17)));
    }

    [Fact]
    public void Learn_DebugMode_IsRefusedOnceUnlessAllowed()
    {
        var debug = Enclave("app", "1", 16) with { IsDebug = true };
        var refusal = Assert.Single(Learn(new DescribeResult([debug], [], null)));
        Assert.Equal(LogLevel.Warning, refusal.Level);
        Assert.Contains("Discovery:AllowDebugMode", refusal.What, StringComparison.Ordinal);
        Assert.Empty(Told(debug));
        Assert.Empty(Accepted);
        Assert.Single(Told(debug with { EnclaveId = "2" }));

        Apply(_options with { AllowDebugMode = true });
        Assert.Equal(["app=16"], Accepted);
        Apply(_options with { AllowDebugMode = false });
        Assert.Empty(Accepted);
    }

    [Fact]
    public void Learn_Pins_MustAllMatch()
    {
        _options = _options with { Pcrs = new Dictionary<string, string> { ["PCR0"] = Pcr, ["PCR8"] = Pcr } };
        var enclave = Enclave("app", "1", 16);
        Assert.Contains("nitro-cli tells no PCR8", Assert.Single(Told(With(enclave, ("PCR0", Pcr)))), StringComparison.Ordinal);
        Assert.Contains("its PCR8 is b", Assert.Single(Told(With(enclave, ("PCR0", Pcr), ("PCR8", "b")))), StringComparison.Ordinal);
        Assert.Empty(Accepted);
        Told(With(enclave, ("PCR0", Pcr.ToUpperInvariant()), ("PCR8", Pcr), ("PCR1", "x")));
        Assert.Equal(["app=16"], Accepted);
        Apply(_options with { Pcrs = new Dictionary<string, string> { ["PCR1"] = Pcr } });
        Assert.Empty(Accepted);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(uint.MaxValue)]
    public void Learn_CidThatIsNobodys_IsRefused(uint cid)
    {
        Assert.Contains($"CID {cid}", Assert.Single(Told(Enclave("app", "1", cid))), StringComparison.Ordinal);
        Assert.Empty(Accepted);
    }

    [Fact]
    public void Learn_TwoOfOneName_EachKeepsItsId()
    {
        Told(Enclave("app", "1", 16), Enclave("app", "2", 17));
        Assert.Equal(["app=16", "app-2=17"], Accepted);
        Told(Enclave("app", "2", 17), Enclave("app", "1", 16));
        Assert.Equal(["app=16", "app-2=17"], Accepted);

        // The second is restarted.
        Told(Enclave("app", "3", 18), Enclave("app", "1", 16));
        Assert.Equal(["app=16", "app-2=18"], Accepted);
        _unreachable.Add("1");
        Told(Enclave("app", "3", 18));
        Assert.Equal(["app-2=18"], Accepted);
    }

    [Theory]
    [InlineData("proof server/é", "proof_server__")]
    [InlineData("x.y_z-1", "x.y_z-1")]
    public void FreeId_OddName_IsMadeAnId(string name, string id) => Assert.Equal(id, DiscoveryRules.FreeId(name, _ => true));

    [Fact]
    public void FreeId_LongNameThatIsTaken_StaysWithin64()
    {
        var id = DiscoveryRules.FreeId(new string('a', 200), id => id.EndsWith("-3", StringComparison.Ordinal));
        Assert.Equal(new string('a', 62) + "-3", id);
    }

    [Fact]
    public void Learn_SameEnclaveIdTwice_CountsOnce()
    {
        Told(Enclave("app", "1", 16), Enclave("app", "1", 16));
        Assert.Equal(["app=16"], Accepted);
    }

    private string[] Accepted =>
        [.. _known.Where(enclave => enclave.IsAccepted).Select(enclave => $"{enclave.Id}={enclave.Described.Cid}")];

    private static DescribedEnclave Enclave(string name, string id, uint cid) => new(name, id, cid) { State = "RUNNING" };

    private static DescribedEnclave With(DescribedEnclave enclave, params (string, string)[] pcrs) =>
        enclave with { Measurements = pcrs.ToDictionary(pair => pair.Item1, pair => pair.Item2) };

    private string[] Told(params DescribedEnclave[] enclaves) =>
        [.. Learn(new DescribeResult(enclaves, [], null)).Select(what => $"{what.Enclave.Name}: {what.What}")];

    private IReadOnlyList<DiscoveryEvent> Learn(DescribeResult result)
    {
        (_known, var events) = DiscoveryRules.Learn(_known, result, _options, id => !_unreachable.Contains(id));
        return events;
    }

    private void Apply(DiscoveryOptions options)
    {
        _options = options;
        (_known, var events) = DiscoveryRules.Apply(_known, options);
        Assert.Single(events);
    }
}
