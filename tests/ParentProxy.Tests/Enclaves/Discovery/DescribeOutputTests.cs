using System.Text;
using ParentProxy.Enclaves.Discovery;

namespace ParentProxy.Tests.Enclaves.Discovery;

public sealed class DescribeOutputTests
{
    [Fact]
    public void Read_WhatNitroCliPrints_IsReadWhole()
    {
        // From nitro-cli 1.4.2, run with --metadata.
        const string output = """
            [
              {
                "EnclaveName": "proof-server",
                "EnclaveID": "i-0a1b2c3d4e5f67890-enc19306f2a4d1c0b3",
                "ProcessID": 12345,
                "EnclaveCID": 16,
                "NumberOfCPUs": 2,
                "CPUIDs": [
                  1,
                  3
                ],
                "MemoryMiB": 512,
                "State": "RUNNING",
                "Flags": "DEBUG_MODE",
                "Measurements": {
                  "HashAlgorithm": "Sha384 { ... }",
                  "PCR0": "287b24930a9f0fe14b01a71ecdc00d8be8fad90f9834d547158854b8279c74095c43f8d7f047714e98deb7903f20e3dd",
                  "PCR1": "aca6e62ffbf5f7deccac452d7f8cee1b94048faf62afc16c8ab68c9fed8c38010c73a669f9a36e596032f0b973d21895",
                  "PCR2": "0315f483ae1220b5e023d8c80ff1e135edcca277e70860c31f3003b36e3b2aaec5d043c9ce3a679e3bbd5b3b93b61d6f"
                },
                "ImageName": "proof-server",
                "ImageVersion": "1.0",
                "Metadata": { "BuildTime": "2026-01-01T00:00:00Z", "BuildTool": "nitro-cli",
                  "DockerInfo": { "Config": { "Env": [ "A=b" ] } } }
              }
            ]

            """;
        var enclave = Assert.Single(Read(output).Enclaves);
        Assert.Equal(("proof-server", "i-0a1b2c3d4e5f67890-enc19306f2a4d1c0b3", 16u), (enclave.Name, enclave.EnclaveId, enclave.Cid));
        Assert.Equal(("RUNNING", true, 2L, 512L), (enclave.State, enclave.IsDebug, enclave.Cpus, enclave.MemoryMiB));
        Assert.Equal(["PCR0", "PCR1", "PCR2"], enclave.Measurements.Keys.Order(StringComparer.Ordinal));
        Assert.StartsWith("287b", enclave.Measurements["pcr0"], StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OldNitroCliWithoutNames_TheIdIsTheName()
    {
        var enclave = Assert.Single(
            Read("""[ { "EnclaveID": "i-1-enc2", "ProcessID": 1, "EnclaveCID": 16, "NumberOfCPUs": 2, "CPUIDs": [ 1 ],"""
                + """ "MemoryMiB": 64, "State": "RUNNING", "Flags": "NONE" } ]""").Enclaves);
        Assert.Equal(("i-1-enc2", false), (enclave.Name, enclave.IsDebug));
        Assert.Empty(enclave.Measurements);
    }

    [Theory]
    [InlineData("""{ "EnclaveID": "i-1-enc2", "EnclaveCID": 16 }""")]
    [InlineData("""{ "enclaveId": "i-1-enc2", "EnclaveCid": "16", "Colour": [ { } ], "Measurements": null, "Flags": 7 }""")]
    [InlineData("""{ "EnclaveName": null, "EnclaveID": "i-1-enc2", "EnclaveCID": 16, "NumberOfCPUs": {},"""
        + """ "Measurements": [ ], "State": null, }""")]
    public void Read_FormatDrift_IsTolerated(string entry)
    {
        var result = Read($"[ {entry} ]");
        Assert.Null(result.Failure);
        Assert.Empty(result.Skipped);
        Assert.Equal(("i-1-enc2", 16u), (Assert.Single(result.Enclaves).Name, result.Enclaves[0].Cid));
    }

    [Theory]
    [InlineData("5", "a JSON number")]
    [InlineData("""{ "EnclaveName": "a", "EnclaveCID": 16 }""", "no EnclaveID")]
    [InlineData("""{ "EnclaveID": "", "EnclaveCID": 16 }""", "no EnclaveID")]
    [InlineData("""{ "EnclaveID": "i-1-enc3" }""", "i-1-enc3 has no EnclaveCID")]
    [InlineData("""{ "EnclaveID": "i-1-enc3", "EnclaveCID": 4294967296 }""", "i-1-enc3 has no EnclaveCID")]
    [InlineData("""{ "EnclaveID": "i-1-enc3", "EnclaveCID": -1 }""", "i-1-enc3 has no EnclaveCID")]
    [InlineData("""{ "EnclaveID": "i-1-enc3", "EnclaveCID": 1.5 }""", "i-1-enc3 has no EnclaveCID")]
    public void Read_EntryWithoutWhatIsNeeded_IsSkippedAndTheOthersAreNot(string entry, string reason)
    {
        var result = Read($$"""[ {{entry}}, { "EnclaveID": "i-1-enc2", "EnclaveCID": 16 } ]""");
        Assert.Null(result.Failure);
        Assert.Contains(reason, Assert.Single(result.Skipped), StringComparison.Ordinal);
        Assert.Equal("i-1-enc2", Assert.Single(result.Enclaves).EnclaveId);
        Assert.False(result.IsComplete);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("\"[]\"")]
    [InlineData("[ { \"EnclaveID\": \"i-1-enc2\", \"EnclaveCID\": 16 }")]
    [InlineData("Start allocating memory...\n[]")]
    [InlineData("[] []")]
    public void Read_NoListOfJson_IsMalformed(string output)
    {
        var result = Read(output);
        Assert.Equal("json", result.Failure?.Code);
        Assert.Empty(result.Enclaves);
        Assert.False(result.IsComplete);
    }

    [Fact]
    public void Read_FarTooMany_AreCutOff()
    {
        var result = Read(
            $"[ {string.Join(",", Enumerable.Range(0, 5000).Select(i => $$"""{ "EnclaveID": "{{i}}", "EnclaveCID": 16 }"""))} ]");
        Assert.Equal(256, result.Enclaves.Count);
        Assert.Single(result.Skipped);
    }

    [Fact]
    public void Read_DeepNesting_IsMalformed() =>
        Assert.Equal("json", Read(new string('[', 100_000)).Failure?.Code);

    [Fact]
    public void Read_EmptyList_IsNoFailureAndProvesNothing()
    {
        var result = Read("[]\n");
        Assert.Null(result.Failure);
        Assert.False(result.IsComplete);
    }

    [Fact]
    public void Read_NameWithLineBreaks_CannotForgeLogLines()
    {
        var name = Assert.Single(
            Read($$"""[ { "EnclaveName": "a\nERR b{{new string('x', 500)}}", "EnclaveID": "i", "EnclaveCID": 16 } ]""").Enclaves).Name;
        Assert.StartsWith("a_ERR b", name, StringComparison.Ordinal);
        Assert.Equal(128, name.Length);
    }

    private static DescribeResult Read(string output) => DescribeOutput.Read(Encoding.UTF8.GetBytes(output));
}
