using ParentProxy.Configuration;
using ParentProxy.Hosting;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Hosting;

public sealed class ConfigurationReloaderTests
{
    [Fact]
    public void Fingerprint_NamedFileChanged_IsAnother()
    {
        using var directory = new TemporaryDirectory();
        var sources = new ConfigurationSources { ConfigFile = directory.File("settings.json"), SystemFile = null, ShippedFile = null };
        string[] named = [directory.File("list.yaml"), directory.File("pcrs.json")];
        foreach (var file in (string[])[sources.ConfigFile, .. named])
            File.WriteAllText(file, "before");
        var before = ConfigurationReloader.Fingerprint(sources, named);
        Assert.Equal(before, ConfigurationReloader.Fingerprint(sources, named));

        File.WriteAllText(named[1], "after");

        Assert.NotEqual(before, ConfigurationReloader.Fingerprint(sources, named));
    }

    [Fact]
    public void NamedFiles_OfAConfiguration_AreThoseThatItNames()
    {
        var options = new ProxyOptions { Sections = null! };

        Assert.Empty(options.NamedFiles());
        Assert.Equal(
            ["/a", "/b"],
            (options with { Egress = new() { AllowlistFile = "/a" }, Attestation = new() { MeasurementsFile = "/b" } }).NamedFiles());
    }
}
