using ParentProxy.Configuration;

namespace ParentProxy.Tests.Configuration;

public sealed class SourceOrderTests
{
    private static readonly string File = $$"""{ {{TestConfiguration.OneEnclave}}, "Health": { "MinHealthy": 3, "Path": "/file" } }""";

    [Fact]
    public void Load_NearerSource_Wins()
    {
        Assert.Equal(1, TestConfiguration.Accept($"{{ {TestConfiguration.OneEnclave} }}").Health.MinHealthy);
        Assert.Equal(3, TestConfiguration.Accept(File).Health.MinHealthy);
        Assert.Equal(4, TestConfiguration.Accept(File, "Health__MinHealthy=4").Health.MinHealthy);
        Assert.Equal(5, TestConfiguration.Accept(File, "Health__MinHealthy=4", "--Health:MinHealthy=5").Health.MinHealthy);
        Assert.Equal(
            6,
            TestConfiguration.Accept(File, "HEALTH__MINHEALTHY=4", "--health:minhealthy=5", "--Health:MinHealthy=6").Health.MinHealthy);
        Assert.Equal("/file", TestConfiguration.Accept(File, "Health__MinHealthy=4").Health.Path);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(17, "Enclaves__0__Cid=17")]
    [InlineData(18, "Enclaves__0__Cid=17", "PARENTPROXY_ENCLAVE_0_CID=18")]
    [InlineData(19, "Enclaves__0__Cid=17", "PARENTPROXY_ENCLAVE_0_CID=18", "--Enclaves:0:Cid=19")]
    public void Load_Enclave_IsMergedInTheOrderOfSources(uint cid, params string[] settings)
    {
        var enclave = Assert.Single(TestConfiguration.Accept(File, settings).Enclaves);
        Assert.Equal((cid, 6300u), (enclave.Endpoint.Cid, enclave.Endpoint.Port));
    }

    [Fact]
    public void Load_EnclavesById_AreMergedIgnoringCase()
    {
        var enclaves = TestConfiguration.Accept(
            """{ "Enclaves": [ { "Id": "proof", "Cid": 16, "Port": 1 }, { "Id": "b", "Cid": 17, "Port": 1 } ] }""",
            "Enclaves__0__Id=B", "Enclaves__0__Cid=99", "--Enclaves:5:Cid=5", "--Enclaves:5:Port=5").Enclaves;
        Assert.Equal(["vsock://16:1", "vsock://99:1", "vsock://5:5"], enclaves.Select(enclave => enclave.Endpoint.ToString()));
        Assert.Equal("5", enclaves[2].Id);
    }

    [Fact]
    public void Load_SameIdTwiceInOneNearerSource_IsReported()
    {
        var problem = Assert.Single(TestConfiguration.Refuse(
            """{ "Enclaves": [ { "Id": "a", "Cid": 16, "Port": 1 } ] }""",
            "Enclaves__0__Id=a", "Enclaves__0__Cid=17", "Enclaves__1__Id=A", "Enclaves__1__Cid=18", "Enclaves__1__Port=1"));
        Assert.StartsWith("Enclaves:1 (Enclaves__1_…): has the Id", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_WrongShapeOfEnclavesInTheFile_IsNotHiddenByAVariable() => Assert.Contains(
        TestConfiguration.Refuse("""{ "Enclaves": { "a": {} } }""", "PARENTPROXY_ENCLAVE_0_CID=16", "PARENTPROXY_ENCLAVE_0_PORT=1"),
        problem => problem.StartsWith("Enclaves: is an object, not a list", StringComparison.Ordinal));

    [Theory]
    [InlineData("10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,127.0.0.0/8,::1/128")]
    [InlineData("192.0.2.7/32", "ForwardedHeaders__TrustedProxies__0=192.0.2.7")]
    [InlineData("2001:db8::/32", "ForwardedHeaders__TrustedProxies__3=2001:db8::/32")]
    [InlineData(
        "192.0.2.2/32,192.0.2.10/32", "--ForwardedHeaders:TrustedProxies:10=192.0.2.10", "--ForwardedHeaders:TrustedProxies:2=192.0.2.2")]
    [InlineData(
        "192.0.2.8/32",
        "ForwardedHeaders__TrustedProxies__0=192.0.2.7",
        "ForwardedHeaders__TrustedProxies__1=192.0.2.9",
        "--ForwardedHeaders:TrustedProxies:0=192.0.2.8")]
    [InlineData("", "ForwardedHeaders__TrustedProxies=")]
    public void Load_ListInANearerSource_ReplacesTheWholeList(string expected, params string[] settings)
    {
        const string inFile =
            """ "ForwardedHeaders": { "TrustedProxies": [ "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "::1" ] } """;
        foreach (var json in (string[])[$"{{ {TestConfiguration.OneEnclave} }}", TestConfiguration.WithEnclave(inFile)])
            Assert.Equal(expected, string.Join(',', TestConfiguration.Accept(json, settings).ForwardedHeaders.TrustedProxies));
    }

    [Fact]
    public void Load_EmptyListInTheFile_IsEmpty() =>
        Assert.Empty(TestConfiguration.Accept(
            TestConfiguration.WithEnclave(""" "ForwardedHeaders": { "TrustedProxies": [] } """)).ForwardedHeaders.TrustedProxies);

    [Fact]
    public void Load_NamesThatAreNumbers_AreNoList()
    {
        var clusters = TestConfiguration.Accept(
            """{ "ReverseProxy": { "Clusters": { "0": { "Destinations": { "0": { "Address": "vsock://16:1" } } }, "1": {"""
                + """ "Destinations": { "0": { "Address": "vsock://17:1" } } } } } }""",
            "ReverseProxy__Clusters__0__LoadBalancingPolicy=Random").ReverseProxy.Clusters;
        Assert.Equal(["Random", null], clusters.Select(cluster => cluster.LoadBalancingPolicy));
    }

    [Theory]
    [InlineData("Health__Probe__Colour=x", "Health:Probe:Colour (Health__Probe__Colour): unknown key")]
    [InlineData("--Health:Probe:Colour=x", "Health:Probe:Colour (command line): unknown key")]
    [InlineData("--Helth:Path=x", "Helth (command line): unknown section; did you mean Health?")]
    [InlineData("--Health::Path=x", "Health::Path (command line): a part of the path is empty")]
    [InlineData("Health____Path=/x", "Health::Path (Health____Path): a part of the path is empty")]
    [InlineData("Serilog__A:B=x", "Serilog:A:B (Serilog__A:B): a part of the path is empty or holds a ':'")]
    [InlineData("Health__Probe=x", "Health:Probe (Health__Probe): is a value, not an object")]
    [InlineData("Health__Path__X=x", "Health:Path (Health__Path_…): is an object, not a value")]
    [InlineData(
        "ForwardedHeaders__TrustedProxies=10.0.0.0/8",
        "ForwardedHeaders:TrustedProxies (ForwardedHeaders__TrustedProxies): is a value, not a list")]
    public void Load_MistakeInANearerSource_NamesIt(string setting, string expected) =>
        Assert.StartsWith(
            expected,
            Assert.Single(TestConfiguration.Refuse($"{{ {TestConfiguration.OneEnclave} }}", setting)),
            StringComparison.Ordinal);

    [Fact]
    public void Load_VariablesThatDifferInCaseAlone_AreRefused() => Assert.Equal(
        "Health:Path (Health__Path): is also set by HEALTH__PATH, which differs in case alone",
        Assert.Single(TestConfiguration.Refuse($"{{ {TestConfiguration.OneEnclave} }}", "HEALTH__PATH=/a", "Health__Path=/b")));

    [Fact]
    public void Load_ValueAndKeysBelowIt_IsRefused() => Assert.Contains(
        TestConfiguration.Refuse($"{{ {TestConfiguration.OneEnclave} }}", "--Health:Probe=x", "--Health:Probe:Path=/y"),
        problem => problem.StartsWith("Health:Probe (command line): is given a value here and keys below it", StringComparison.Ordinal));

    [Fact]
    public void Load_EmptyVariable_TakesAnOptionalValueBack()
    {
        var probe = TestConfiguration.Accept(
            TestConfiguration.WithEnclave(""" "Health": { "Probe": { "Port": 5, "Host": "a", "ExpectedBody": "ok" } } """),
            "Health__Probe__Port=", "Health__Probe__Host=", "Health__Probe__ExpectedBody=").Health.Probe;
        Assert.Equal(new ProbeOptions(), probe);
    }
}
