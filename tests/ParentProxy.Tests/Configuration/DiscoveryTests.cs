namespace ParentProxy.Tests.Configuration;

public sealed class DiscoveryTests
{
    private const string Digits = "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Fact]
    public void Load_DiscoveryAlone_IsSomethingToForwardTo()
    {
        var result = TestConfiguration.Load("""{ "Discovery": { "Enabled": true }, "Health": { "MinHealthy": 3 } }""");
        Assert.Empty(result.Problems);
        Assert.Empty(result.Warnings);
        Assert.Empty(result.Options!.Enclaves);
    }

    [Fact]
    public void Load_DiscoveryOff_IsNothingToForwardTo() =>
        Assert.StartsWith(
            "Enclaves: ",
            Assert.Single(TestConfiguration.Refuse("""{ "Discovery": { "EnclaveName": "app" } }""")),
            StringComparison.Ordinal);

    [Fact]
    public void Load_MissingProgram_IsNoMistake() =>
        Assert.Equal("/nonexistent/nitro-cli", TestConfiguration.Accept(
            """{ "Discovery": { "Enabled": true, "NitroCli": "/nonexistent/nitro-cli" } }""").Discovery.NitroCli);

    [Fact]
    public void Load_MinHealthyAboveTheConfigured_IsNoWarningWithDiscovery() =>
        Assert.Empty(TestConfiguration.Load(
            TestConfiguration.WithEnclave(""" "Discovery": { "Enabled": true }, "Health": { "MinHealthy": 2 } """)).Warnings);

    [Theory]
    [InlineData("PCR0", "PCR0")]
    [InlineData("pcr8", "PCR8")]
    [InlineData("0", "PCR0")]
    [InlineData("31", "PCR31")]
    public void Load_Pin_IsKnownByItsPcr(string key, string pcr)
    {
        var pin = Assert.Single(
            TestConfiguration.Accept($$"""{ "Discovery": { "Enabled": true, "Pcrs": { "{{key}}": "{{Digits}}" } } }""").Discovery.Pcrs);
        Assert.Equal((pcr, Digits.ToLowerInvariant()), (pin.Key, pin.Value));
    }

    [Fact]
    public void Load_PinFromTheEnvironment_IsTaken() =>
        Assert.Equal(
            ["PCR0"], TestConfiguration.Accept(null, "Discovery__Enabled=true", $"Discovery__Pcrs__PCR0={Digits}").Discovery.Pcrs.Keys);

    [Fact]
    public void Load_OnePcrTwice_IsRefused()
    {
        var problem = Assert.Single(
            TestConfiguration.Refuse($$"""{ "Discovery": { "Enabled": true, "Pcrs": { "PCR1": "{{Digits}}", "1": "{{Digits}}" } } }"""));
        Assert.Contains("sets PCR1, which is set already", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    public void Load_ReferenceToAnEnclaveThatIsNotThereYet_NeedsDiscovery(string enabled, bool accepted)
    {
        var result = TestConfiguration.Load(TestConfiguration.WithEnclave(
            $$""" "Discovery": { "Enabled": {{enabled}} }, "ReverseProxy": { "Clusters": { "c": { "Destinations": { "d": {"""
                + $$""" "Address": "enclave://later*" } } } } } """));
        Assert.Equal(accepted, result.Options is not null);
    }

    [Fact]
    public void Load_RouteToTheEnclaves_NeedsNoConfiguredOne() => TestConfiguration.Accept(
        """{ "Discovery": { "Enabled": true }, "ReverseProxy": { "Routes": { "r": { "ClusterId": "enclaves","""
            + """ "Match": { "Path": "/x" } } } } }""");
}
