namespace ParentProxy.Tests.Configuration;

/// <summary>Variables that are meant for the program and would be passed over in silence.</summary>
public sealed class StrayVariablesTests
{
    [Theory]
    // Enclaves
    [InlineData("PARENTPROXY_ENCLAVES_0_CID=16", "PARENTPROXY_ENCLAVE_0_CID")]
    [InlineData("PARENTPROXY_ENCLAVE0_CID=16", "PARENTPROXY_ENCLAVE_0_CID")]
    [InlineData("PARENTPROXY_ENCLVE_3_PORT=1", "PARENTPROXY_ENCLAVE_3_PORT")]
    [InlineData("PARENT_PROXY_ENCLAVE_0_TRANSPORT=tcp", "PARENTPROXY_ENCLAVE_0_TRANSPORT")]
    [InlineData("PARENTROXY_ENCLAVE_0_TCP_HOST=a", "PARENTPROXY_ENCLAVE_0_TCP_HOST")]
    [InlineData("parentproxy_enclave_0_path=/a", "PARENTPROXY_ENCLAVE_0_PATH")]
    [InlineData("PARENTPROXY__ENCLAVE__0__NAME=a", "PARENTPROXY_ENCLAVE_0_NAME")]
    // The two that stand alone
    [InlineData("PARENTPROXY_CONFG=/a.json", "PARENTPROXY_CONFIG")]
    [InlineData("PARENT_PROXY_CONFIG=/a.json", "PARENTPROXY_CONFIG")]
    [InlineData("PARENTPROXY_ENVPREFIX=KEY", "PARENTPROXY_ENV_PREFIX")]
    // Settings
    [InlineData("PARENTPROXY_Limits__MaxConnections=5", "Limits__MaxConnections")]
    [InlineData("ParentProxy__Health__Path=/a", "Health__Path")]
    [InlineData("Helth__Path=/a", "Health__Path")]
    [InlineData("Health:Probe:Path=/a", "Health__Probe__Path")]
    [InlineData("ForwardedHeader__TrustedProxies__0=10.0.0.0/8", "ForwardedHeaders__TrustedProxies__0")]
    public void Load_ClearlyMeant_IsAMistakeThatNamesTheRightName(string setting, string meant) => Assert.Equal(
        $"{setting.Split('=')[0]}: is not read; write {meant}",
        Assert.Single(TestConfiguration.Refuse($"{{ {TestConfiguration.OneEnclave} }}", setting)));

    [Theory]
    [InlineData("PARENTPROXY_HEALTH_PATH=/a", "write HEALTH__PATH")]
    [InlineData("PARENTPROXY2_ENCLAVE_0_CID=16", "PARENTPROXY_ENV_PREFIX=PARENTPROXY2")]
    [InlineData("PARENTPROXY_VERSION=1.2", "is none of PARENTPROXY_CONFIG")]
    [InlineData("ENCLAVE_0_CID=16", "write PARENTPROXY_ENCLAVE_0_CID")]
    [InlineData("KEYMELD_ENCLAVE_0_CID=16", "PARENTPROXY_ENV_PREFIX=KEYMELD")]
    [InlineData("Health_Probe_Path=/a", "write Health__Probe__Path")]
    public void Load_MaybeMeant_IsAWarning(string setting, string hint)
    {
        var result = TestConfiguration.Load($"{{ {TestConfiguration.OneEnclave} }}", setting);
        Assert.Empty(result.Problems);
        var warning = Assert.Single(result.Warnings);
        Assert.Equal(setting.Split('=')[0], warning.Path);
        Assert.Contains("is not read", warning.Reason, StringComparison.Ordinal);
        Assert.Contains(hint, warning.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PARENTPROXY_SERVICE_HOST=10.0.0.1")]
    [InlineData("PARENTPROXY_PORT=tcp://10.0.0.1:80")]
    [InlineData("PARENT_PROXY_PORT_6300_TCP_ADDR=10.0.0.1")]
    [InlineData("PARENTPROXY_VERSION=")]
    [InlineData("LOG_FORMAT=json")]
    [InlineData("Other__Path=1")]
    [InlineData("NODE_0_PORT=1")]
    [InlineData("OTHER_ENCLAVE_0_NAME=a")]
    [InlineData("HEALTH_PROBE_PATH=/a")]
    public void Load_OfOthers_IsPassedOver(string setting)
    {
        var result = TestConfiguration.Load($"{{ {TestConfiguration.OneEnclave} }}", setting);
        Assert.Empty(result.Problems);
        Assert.Empty(result.Warnings);
    }

    [Theory]
    [InlineData("KEYMELD_A", "KEYMELD_B_ENCLAVE_0_CID=16")]
    [InlineData("APP", "MYAPP_ENCLAVE_0_CID=16")]
    public void Load_OfAnotherInstance_IsNoMistake(string prefix, string setting) =>
        Assert.Empty(TestConfiguration.Load($"{{ {TestConfiguration.OneEnclave} }}", $"PARENTPROXY_ENV_PREFIX={prefix}", setting).Problems);

    [Fact]
    public void Load_AnotherPrefix_IsTheOneThatIsSuggested() => Assert.Equal(
        ["KEY_ENCLAVES_0_CID: is not read; write KEY_ENCLAVE_0_CID"],
        TestConfiguration.Refuse($"{{ {TestConfiguration.OneEnclave} }}", "PARENTPROXY_ENV_PREFIX=KEY", "KEY_ENCLAVES_0_CID=16"));
}
