using ParentProxy.Configuration;
using ParentProxy.Configuration.Sources;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Configuration;

/// <summary>The variables of a file take part as those of the process, which win.</summary>
public sealed class EnvironmentFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string FileName => _directory.File("a.env");

    [Fact]
    public void Variables_AreReadAndThoseOfTheProcessWin()
    {
        var loaded = Load(
            """
            # An enclave.
            PARENTPROXY_ENCLAVE_0_CID="16"
            PARENTPROXY_ENCLAVE_0_PORT=6300
            Timeouts__Drain=00:01:00
            """,
            "PARENTPROXY_ENCLAVE_0_CID=17");

        Assert.Empty(loaded.Problems);
        Assert.Equal("vsock://17:6300", Assert.Single(loaded.Options!.Enclaves).Endpoint.ToString());
        Assert.Equal(TimeSpan.FromMinutes(1), loaded.Options.Timeouts.Drain);
        Assert.Equal(FileName, loaded.EnvironmentFile);
    }

    [Fact]
    public void ConfigurationFile_CanBeNamedThere()
    {
        var file = _directory.File("a.json");
        File.WriteAllText(file, """{ "Enclaves": [ { "Cid": 16, "Port": 6300 } ] }""");

        Assert.Equal(file, Load($"PARENTPROXY_CONFIG={file}").File);
    }

    [Theory]
    [InlineData("PARENTPROXY_ENCLAVE_0_CID=sixteen\nPARENTPROXY_ENCLAVE_0_PORT=1", "Enclaves:0:Cid (PARENTPROXY_ENCLAVE_0_CID in {0}): ")]
    [InlineData("PARENTPROXY_ENCLAVE_0_CID=16", "Enclaves:0:Port (PARENTPROXY_ENCLAVE_0_PORT in {0}): ")]
    [InlineData("Timeouts__Drain=soon", "Timeouts:Drain (Timeouts__Drain in {0}): ")]
    [InlineData("PARENTPROXY_CONFIG=/nonexistent/a.json", "PARENTPROXY_CONFIG in {0}: ")]
    [InlineData("PARENTPROXY_ENCLAVE_0CID=16", "PARENTPROXY_ENCLAVE_0CID in {0}")]
    public void Mistake_NamesTheFile(string text, string location) => Assert.Contains(
        Load(text).Problems,
        problem => problem.ToString().Contains(
            string.Format(null, location, FileName).TrimEnd(), StringComparison.Ordinal));

    [Fact]
    public void LineThatSystemdIgnores_IsAWarning()
    {
        var loaded = Load("PARENTPROXY_ENCLAVE_0_CID=16\nPARENTPROXY_ENCLAVE_0_PORT=1\nexport Timeouts__Drain=00:00:05");

        Assert.Empty(loaded.Problems);
        Assert.Equal($"{FileName}:3", Assert.Single(loaded.Warnings).Path);
    }

    [Fact]
    public void FileThatIsNoText_IsAMistake()
    {
        File.WriteAllBytes(FileName, [.. "A="u8, 0xff]);

        Assert.Contains("UTF-8", Assert.Single(Load(null).Problems).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void FileThatIsNotThere_IsAMistakeOnlyWhereItWasNamed()
    {
        Assert.Null(EnvironmentFile.Find(FileName));
        Assert.Contains("ENOENT", EnvironmentFile.Require(FileName).Problem!.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, null, null)]
    [InlineData(true, "/etc/parent-proxy/appsettings.json", null)]
    [InlineData(true, "/etc/parent-proxy/../parent-proxy/appsettings.json", null)]
    [InlineData(true, null, "/etc/parent-proxy/appsettings.json")]
    [InlineData(false, "/etc/parent-proxy/other.json", null)]
    [InlineData(false, null, "/etc/parent-proxy/other.json")]
    [InlineData(false, "", null)]
    public void SystemFile_IsToldFromOthers(bool isSystemFile, string? config, string? variable) => Assert.Equal(
        isSystemFile,
        new ConfigurationSources
        {
            ConfigFile = config,
            Environment = variable is null ? [] : new Dictionary<string, string> { ["PARENTPROXY_CONFIG"] = variable },
        }.IsSystemFile);

    public void Dispose() => _directory.Dispose();

    private ConfigurationResult<ProxyOptions> Load(string? text, params string[] settings)
    {
        if (text is not null)
            File.WriteAllText(FileName, text);
        return ConfigurationLoader.Load(TestConfiguration.Sources(settings) with { EnvironmentFile = EnvironmentFile.Require(FileName) });
    }
}
