namespace ParentProxy.Tests.Configuration;

public sealed class EnclaveVariablesTests
{
    private static string[] Enclaves(string? json, params string[] settings) =>
        [.. TestConfiguration.Accept(json, settings).Enclaves.Select(enclave => $"{enclave.Id} {enclave.Name} {enclave.Endpoint}")];

    [Fact]
    public void Load_EveryVariable_IsRead() => Assert.Equal(
        ["0 0 vsock://16:6300", "1 db tcp://h:5", "2 2 unix:/a", "10 10 hybrid:/v:7"],
        Enclaves(
            null,
            "PARENTPROXY_ENCLAVE_10_TRANSPORT=hybrid", "PARENTPROXY_ENCLAVE_10_PATH=/v", "PARENTPROXY_ENCLAVE_10_PORT=7",
            "PARENTPROXY_ENCLAVE_2_TRANSPORT=unix", "PARENTPROXY_ENCLAVE_2_PATH=/a",
            "PARENTPROXY_ENCLAVE_1_TRANSPORT=tcp", "PARENTPROXY_ENCLAVE_1_TCP_HOST=h", "PARENTPROXY_ENCLAVE_1_PORT=5",
            "PARENTPROXY_ENCLAVE_1_NAME=db",
            "PARENTPROXY_ENCLAVE_0_CID=16", "PARENTPROXY_ENCLAVE_0_PORT=6300"));

    [Fact]
    public void Load_AnotherPrefix_ReplacesTheFirst()
    {
        string[] settings =
            ["PARENTPROXY_ENV_PREFIX=KEYMELD", "KEYMELD_ENCLAVE_0_CID=16", "KEYMELD_ENCLAVE_0_PORT=1", "PARENTPROXY_ENCLAVE_1_CID=17"];
        Assert.Equal(["0 0 vsock://16:1"], Enclaves(null, settings));
        Assert.Equal("PARENTPROXY_ENCLAVE_1_CID", Assert.Single(TestConfiguration.Load(null, settings).Warnings).Path);
    }

    [Theory]
    [InlineData("KEYMELD_")]
    [InlineData("KEY MELD")]
    [InlineData("0")]
    public void Load_ImpossiblePrefix_IsRefused(string prefix) =>
        Assert.Contains(
            TestConfiguration.Refuse(null, $"PARENTPROXY_ENV_PREFIX={prefix}"),
            problem => problem.StartsWith("PARENTPROXY_ENV_PREFIX: ", StringComparison.Ordinal));

    [Fact]
    public void Load_VariableOfAKnownId_ChangesThatEntryAlone() => Assert.Equal(
        ["0 0 vsock://16:1", "1 b vsock://99:2", "7 7 vsock://7:7"],
        Enclaves(
            """{ "Enclaves": [ { "Cid": 16, "Port": 1 }, { "Id": "1", "Name": "b", "Cid": 17, "Port": 2 } ] }""",
            "PARENTPROXY_ENCLAVE_1_CID=99", "PARENTPROXY_ENCLAVE_7_CID=7", "PARENTPROXY_ENCLAVE_7_PORT=7"));

    [Fact]
    public void Load_IdElsewhereInTheList_IsFoundByIdNotByPosition() => Assert.Equal(
        ["1 1 vsock://16:1", "0 0 vsock://99:2"],
        Enclaves(
            """{ "Enclaves": [ { "Id": "1", "Cid": 16, "Port": 1 }, { "Id": "0", "Cid": 17, "Port": 2 } ] }""",
            "PARENTPROXY_ENCLAVE_0_CID=99"));

    [Fact]
    public void Load_EmptyValue_IsNotSet() => Assert.Equal(
        ["0 0 vsock://16:1"],
        Enclaves(
            null,
            "PARENTPROXY_ENCLAVE_0_CID=16",
            "PARENTPROXY_ENCLAVE_0_PORT=1",
            "PARENTPROXY_ENCLAVE_0_TRANSPORT=",
            "PARENTPROXY_ENCLAVE_1_CID=",
            "PARENTPROXY_ENCLAVE_0_FOO="));

    [Fact]
    public void Load_WhatKubernetesInjects_IsIgnored()
    {
        var names = new[] { "PARENTPROXY_ENCLAVE", "PARENTPROXY_ENCLAVE_0", "PARENTPROXY_ENCLAVE_1", "PARENTPROXY_ENCLAVE_PROOF" };
        string[] service = [.. names.SelectMany(name => new[]
        {
            $"{name}_SERVICE_HOST=10.0.0.1", $"{name}_SERVICE_PORT=80", $"{name}_SERVICE_PORT_HTTP=80", $"{name}_PORT=tcp://10.0.0.1:80",
            $"{name}_PORT_80_TCP=tcp://10.0.0.1:80", $"{name}_PORT_80_TCP_PROTO=tcp", $"{name}_PORT_80_TCP_PORT=80",
            $"{name}_PORT_80_TCP_ADDR=10.0.0.1",
        })];
        Assert.Equal(["0 0 vsock://16:1"], Enclaves("""{ "Enclaves": [ { "Cid": 16, "Port": 1 } ] }""", service));
    }

    [Theory]
    [InlineData("PARENTPROXY_ENCLAVE_0_HOST=a", "Enclaves:0 (PARENTPROXY_ENCLAVE_0_HOST)", "_TCP_HOST")]
    [InlineData("PARENTPROXY_ENCLAVE_0=16", "Enclaves:0 (PARENTPROXY_ENCLAVE_0)", "_CID")]
    [InlineData("PARENTPROXY_ENCLAVE_0CID=16", "Enclaves:0 (PARENTPROXY_ENCLAVE_0CID)", "_CID")]
    [InlineData("PARENTPROXY_ENCLAVE_0_cid=16", "Enclaves:0 (PARENTPROXY_ENCLAVE_0_cid)", "_CID")]
    [InlineData("PARENTPROXY_ENCLAVE_0_ID=a", "Enclaves:0 (PARENTPROXY_ENCLAVE_0_ID)", "_CID")]
    [InlineData("PARENTPROXY_ENCLAVE_CID=16", "Enclaves (PARENTPROXY_ENCLAVE_CID)", "PARENTPROXY_ENCLAVE_<n>_CID")]
    [InlineData(
        "PARENTPROXY_ENCLAVE_PROOF_TCP_HOST=h", "Enclaves (PARENTPROXY_ENCLAVE_PROOF_TCP_HOST)", "PARENTPROXY_ENCLAVE_<n>_TCP_HOST")]
    [InlineData("PARENTPROXY_ENCLAVE_PORT=80", "Enclaves (PARENTPROXY_ENCLAVE_PORT)", "PARENTPROXY_ENCLAVE_<n>_PORT")]
    public void Load_WrongName_TellsTheForm(string setting, string path, string reason)
    {
        var problem = Assert.Single(TestConfiguration.Refuse($"{{ {TestConfiguration.OneEnclave} }}", setting));
        Assert.StartsWith($"{path}: ", problem, StringComparison.Ordinal);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_VariablesOfOthers_AreNotJudged() =>
        TestConfiguration.Accept(
            $"{{ {TestConfiguration.OneEnclave} }}",
            "PARENTPROXY_ENCLAVE_MODE=x",
            "PARENTPROXY_ENCLAVEIMAGE_0_CID=1",
            "PATH=/bin",
            "Logging__LogLevel__Default=x",
            "Other__Key=1");

    [Theory]
    [InlineData("unix", "PARENTPROXY_ENCLAVE_5_PATH=/run/a.sock")]
    [InlineData("hybrid", "PARENTPROXY_ENCLAVE_5_PATH=/run/a.sock", "PARENTPROXY_ENCLAVE_5_PORT=1")]
    [InlineData("tcp", "PARENTPROXY_ENCLAVE_5_TCP_HOST=app", "PARENTPROXY_ENCLAVE_5_PORT=1")]
    [InlineData("tcp", "Enclaves__5__TcpHost=app")]
    [InlineData("unix", "--Enclaves:5:Path=/run/a.sock")]
    public void Load_TransportForgotten_IsWhatIsMissing_NotTheCid(string transport, params string[] settings)
    {
        var problem = Assert.Single(TestConfiguration.Refuse(null, settings));
        Assert.StartsWith("Enclaves:5:Transport", problem, StringComparison.Ordinal);
        Assert.Contains($" {transport}", problem, StringComparison.Ordinal);
        Assert.Contains("which means vsock", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_WrongOrMissingValue_NamesTheVariable() => Assert.Equal(
        [
            "Enclaves:5:Cid (PARENTPROXY_ENCLAVE_5_CID): 'sixteen' is not a whole number from 0 to 4294967295",
            "Enclaves:5:Port (PARENTPROXY_ENCLAVE_5_PORT): is missing; set PARENTPROXY_ENCLAVE_5_PORT",
            "Enclaves:6:TcpHost (KEY_ENCLAVE_6_TCP_HOST): is missing; set KEY_ENCLAVE_6_TCP_HOST",
        ],
        [
            .. TestConfiguration.Refuse(null, "PARENTPROXY_ENCLAVE_5_CID=sixteen"),
            .. TestConfiguration.Refuse(null, "PARENTPROXY_ENV_PREFIX=KEY", "KEY_ENCLAVE_6_TRANSPORT=tcp", "KEY_ENCLAVE_6_PORT=1"),
        ]);

    [Fact]
    public void Load_WrongValueForAnEntryOfTheFile_NamesTheVariable()
    {
        var problem = Assert.Single(TestConfiguration.Refuse($"{{ {TestConfiguration.OneEnclave} }}", "PARENTPROXY_ENCLAVE_0_CID=0"));
        Assert.StartsWith("Enclaves:0:Cid (PARENTPROXY_ENCLAVE_0_CID): CID 0", problem, StringComparison.Ordinal);
    }
}
