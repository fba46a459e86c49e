using ParentProxy.Configuration;
using ParentProxy.Endpoints;

namespace ParentProxy.Tests.Configuration;

public sealed class EnclavesTests
{
    [Theory]
    [InlineData(""" "Cid": 16, "Port": 6300 """, "vsock://16:6300")]
    [InlineData(""" "Transport": "VSOCK", "Cid": "16", "Port": "6300" """, "vsock://16:6300")]
    [InlineData(""" "Cid": 4294967294, "Port": 4294967294 """, "vsock://4294967294:4294967294")]
    [InlineData(
        """ "Transport": "tcp", "TcpHost": "keymeld-enclave-0", "Port": 5000, "Cid": "sixteen", "Path": {} """,
        "tcp://keymeld-enclave-0:5000")]
    [InlineData(""" "Transport": "unix", "Path": "/run/app.sock", "Port": -3, "Cid": 0 """, "unix:/run/app.sock")]
    [InlineData(""" "Transport": "hybrid", "Path": "/run/v.sock", "Port": 70000, "TcpHost": "" """, "hybrid:/run/v.sock:70000")]
    [InlineData(""" "Cid": 16, "Port": 6300, "TcpHost": null, "Path": null, "Id": null, "Name": null """, "vsock://16:6300")]
    public void Load_Entry_GivesItsEndpoint(string entry, string endpoint)
    {
        var enclave = Assert.Single(TestConfiguration.Accept($$"""{ "Enclaves": [ { {{entry}} } ] }""").Enclaves);
        Assert.Equal(endpoint, enclave.Endpoint.ToString());
        Assert.Equal("0", enclave.Id);
        Assert.Equal("0", enclave.Name);
    }

    [Theory]
    [InlineData(""" "Cid": 0, "Port": 1 """, "Cid", "CID 0")]
    [InlineData(""" "Cid": 4294967295, "Port": 1 """, "Cid", "CID 4294967295")]
    [InlineData(""" "Cid": 4294967296, "Port": 1 """, "Cid", "whole number")]
    [InlineData(""" "Cid": -3, "Port": 1 """, "Cid", "'-3'")]
    [InlineData(""" "Cid": "sixteen", "Port": 1 """, "Cid", "'sixteen'")]
    [InlineData(""" "Cid": "", "Port": 1 """, "Cid", "''")]
    [InlineData(""" "Cid": 16, "Port": 0 """, "Port", "port 0")]
    [InlineData(""" "Cid": 16 """, "Port", "is missing")]
    [InlineData(""" "Cid": 16, "Port": null """, "Port", "is missing")]
    [InlineData(""" "Port": 6300 """, "Cid", "is missing")]
    [InlineData(""" "Transport": "tcp", "TcpHost": "a", "Port": 65536 """, "Port", "at most 65535")]
    [InlineData(""" "Transport": "tcp", "Port": 5 """, "TcpHost", "is missing")]
    [InlineData(""" "Transport": "tcp", "TcpHost": "", "Port": 5 """, "TcpHost", "missing")]
    [InlineData(""" "Transport": "tcp", "TcpHost": "a b", "Port": 5 """, "TcpHost", "neither a host name")]
    [InlineData(""" "Transport": "unix" """, "Path", "is missing")]
    [InlineData(""" "Transport": "unix", "Path": "app.sock" """, "Path", "not an absolute path")]
    [InlineData(""" "Transport": "hybrid", "Path": "/v.sock" """, "Port", "is missing")]
    [InlineData(""" "Transport": "hybrid", "Port": 5 """, "Path", "is missing")]
    [InlineData(""" "Transport": "vsok", "Port": 0 """, "Transport", "did you mean vsock?")]
    [InlineData(""" "Cid": 16, "Port": 1, "Weight": -1 """, "Weight", "from 0 to 1000")]
    [InlineData(""" "Cid": 16, "Port": 1, "Weight": 1001 """, "Weight", "from 0 to 1000")]
    [InlineData(""" "Cid": 16, "Port": 1, "State": "maint" """, "State", "'maint' is none of ready, drain")]
    [InlineData(""" "Cid": 16, "Port": 1, "Backup": "perhaps" """, "Backup", "'perhaps'")]
    [InlineData(""" "Cid": 16, "Port": 1, "Prot": 1 """, "Prot", "did you mean Port?")]
    [InlineData(""" "Cid": 16, "Port": 1, "Id": "a b" """, "Id", "letters, digits")]
    [InlineData(""" "Cid": 16, "Port": 1, "Id": "0123456789012345678901234567890123456789012345678901234567890123x" """, "Id", "1 to 64")]
    [InlineData(""" "Cid": 16, "Port": 1, "Id": "None" """, "Id", "reached no enclave")]
    [InlineData(""" "Cid": 16, "Port": 1, "Name": "a\nb" """, "Name", "control characters")]
    public void Load_EntryWithAMistake_IsReportedAtItsKey(string entry, string key, string reason)
    {
        var problem = Assert.Single(TestConfiguration.Refuse($$"""{ "Enclaves": [ { {{entry}} } ] }"""));
        Assert.StartsWith($"Enclaves:0:{key}: ", problem, StringComparison.Ordinal);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""[ 5 ]""", "Enclaves:0: is a value, not an object")]
    [InlineData("""{ "a": { "Cid": 16, "Port": 1 } }""", "Enclaves: is an object, not a list")]
    public void Load_WrongShape_IsReported(string enclaves, string problem) =>
        Assert.Contains(
            TestConfiguration.Refuse($$"""{ "Enclaves": {{enclaves}} }"""), text => text.StartsWith(problem, StringComparison.Ordinal));

    [Fact]
    public void Load_TwoAtOneEndpoint_NamesBoth()
    {
        var problem = Assert.Single(TestConfiguration.Refuse(
            """{ "Enclaves": [ { "Cid": 16, "Port": 1 }, { "Transport": "tcp", "TcpHost": "a", "Port": 1 }, { "Transport": "tcp","""
                + """ "TcpHost": "A", "Port": 1 } ] }"""));
        Assert.Equal("Enclaves:2: is at tcp://a:1, where Enclaves:1 is already", problem);
    }

    [Fact]
    public void Load_OneCidWithTwoPorts_IsFine() =>
        Assert.Equal(
            2, TestConfiguration.Accept("""{ "Enclaves": [ { "Cid": 16, "Port": 1 }, { "Cid": 16, "Port": 2 } ] }""").Enclaves.Count);

    [Theory]
    [InlineData("""[ { "Id": "a", "Cid": 16, "Port": 1 }, { "Id": "A", "Cid": 17, "Port": 1 } ]""")]
    [InlineData("""[ { "Id": "1", "Cid": 16, "Port": 1 }, { "Cid": 17, "Port": 1 } ]""")]
    public void Load_SameId_NamesBoth(string enclaves)
    {
        var problem = Assert.Single(TestConfiguration.Refuse($$"""{ "Enclaves": {{enclaves}} }"""));
        Assert.StartsWith("Enclaves:1: has the Id", problem, StringComparison.Ordinal);
        Assert.Contains("Enclaves:0", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_IdAndName_AreKept()
    {
        var enclave = Assert.Single(
            TestConfiguration.Accept("""{ "Enclaves": [ { "Id": "e-1", "Name": "proof server", "Cid": 16, "Port": 1 } ] }""").Enclaves);
        Assert.Equal(("e-1", "proof server", EnclaveEndpoint.Vsock(16, 1)), (enclave.Id, enclave.Name, enclave.Endpoint));
    }

    [Theory]
    [InlineData("", "Enclaves:1:Weight", "Routing:LoadBalancing to LeastRequests")]
    [InlineData(""", "Routing": { "LoadBalancing": "RoundRobin" }""", "Enclaves:1:Weight", "the policy RoundRobin ignores weights")]
    public void Load_UnequalWeightsUnderAPolicyThatIgnoresThem_IsAMistake(string more, string path, string reason)
    {
        var problem = Assert.Single(TestConfiguration.Refuse(Weights(1, 3, more)));
        Assert.StartsWith(path, problem, StringComparison.Ordinal);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_UnequalWeightsInAClusterThatIgnoresThem_IsAMistake()
    {
        var problem = Assert.Single(TestConfiguration.Refuse(Weights(1, 3, """
            , "Routing": { "LoadBalancing": "LeastRequests" },
              "ReverseProxy": { "Clusters": { "c": { "LoadBalancingPolicy": "Random",
                                                     "Destinations": { "d": { "Address": "enclave://*" } } } },
                                "Routes": { "r": { "ClusterId": "c", "Match": { "Path": "/c" } } } }
            """)));
        Assert.Contains("set ReverseProxy:Clusters:c:LoadBalancingPolicy to LeastRequests", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 3, """, "Routing": { "LoadBalancing": "LeastRequests" }""")]
    [InlineData(7, 7, "")]
    public void Load_WeightsThatAreReadOrEqual_AreKept(int one, int two, string more) =>
        Assert.Equal([one, two], TestConfiguration.Accept(Weights(one, two, more)).Enclaves.Select(enclave => enclave.Weight));

    [Theory]
    [InlineData("PowerOfTwoChoices")]
    [InlineData("LeastRequests")]
    [InlineData("RoundRobin")]
    [InlineData("Random")]
    [InlineData("FirstAlphabetical")]
    public void Load_WeightZero_IsNoShareUnderAnyPolicy(string policy)
    {
        var routing = $$""", "Routing": { "LoadBalancing": "{{policy}}" }""";

        Assert.Equal([0, 7], TestConfiguration.Accept(Weights(0, 7, routing)).Enclaves.Select(enclave => enclave.Weight));
        Assert.Equal([1, 0], TestConfiguration.Accept(Weights(1, 0, routing)).Enclaves.Select(enclave => enclave.Weight));
    }

    [Fact]
    public void Load_StateAndBackup_AreReadIgnoringCase()
    {
        var enclaves = TestConfiguration.Accept(
            """{ "Enclaves": [ { "Cid": 16, "Port": 1 }, { "Cid": 17, "Port": 1, "State": "DRAIN", "Backup": true } ] }""").Enclaves;

        Assert.Equal(
            [(EnclaveMode.Ready, false), (EnclaveMode.Drain, true)], enclaves.Select(enclave => (enclave.State, enclave.Backup)));
    }

    [Theory]
    [InlineData(""" "State": "drain" """, """ "Weight": 0 """, "every enclave is drained")]
    [InlineData(""" "Backup": true """, """ "Backup": true """, "every enclave is a Backup")]
    [InlineData(""" "State": "drain" """, """ "Backup": true """, null)]
    [InlineData(""" "Backup": true """, """ "Backup": false """, null)]
    public void Load_NoneLeftForTraffic_IsWarnedOf(string one, string two, string? warning)
    {
        var result = TestConfiguration.Load(
            $$"""{ "Enclaves": [ { "Cid": 16, "Port": 1, {{one}} }, { "Cid": 17, "Port": 1, {{two}} } ] }""");

        Assert.Empty(result.Problems);
        var told = result.Warnings.Select(text => text.ToString()).Where(text => text.StartsWith("Enclaves", StringComparison.Ordinal));
        if (warning is null)
            Assert.Empty(told);
        else
            Assert.Contains(warning, Assert.Single(told), StringComparison.Ordinal);
    }

    private static string Weights(int one, int two, string more) =>
        $$"""{ "Enclaves": [ { "Cid": 16, "Port": 1, "Weight": {{one}} }, { "Cid": 17, "Port": 1, "Weight": {{two}} } ]{{more}} }""";
}
