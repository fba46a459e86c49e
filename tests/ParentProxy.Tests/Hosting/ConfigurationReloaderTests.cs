using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Hosting;
using ParentProxy.Telemetry;
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
    public async Task Reload_OfEitherKind_IsCountedWhenTheLogSaysSo()
    {
        using var closed = new ClosedPort();
        string[] settings = TestProxy.Enclave(0, closed.EndPoint);
        await using var proxy = await TestProxy.StartAsync(settings);
        using var directory = new TemporaryDirectory();
        var sources = new ConfigurationSources
        {
            ConfigFile = directory.File("settings.json"),
            CommandLine = [.. settings.Select(setting => setting.Split('=', 2)).Select(pair => KeyValuePair.Create(pair[0], pair[1]))],
            SystemFile = null,
            ShippedFile = null,
        };
        await File.WriteAllTextAsync(sources.ConfigFile, """{ "Limits": { "MaxConnections": 9 } }""");
        var options = ConfigurationLoader.Load(sources).Options!;
        await using var logging = new Logging(options.Log, options.Sections, isUnderSystemd: false);
        using var loggers = new LoggerFactory([proxy.Log]);
        await using var reloader = new ConfigurationReloader(
            sources, [], new ActiveConfiguration(options), proxy.Server, logging, new ServiceManager(new SystemdNotifier()),
            TimeProvider.System, loggers.CreateLogger<ConfigurationReloader>());
        var whenSaid = new List<(long Successes, long Failures)>();
        proxy.Log.WhenWritten = entry =>
        {
            if (entry.Category == typeof(ConfigurationReloader).FullName && entry.Level != LogLevel.Debug)
                whenSaid.Add((proxy.Server.Reloads.Successes, proxy.Server.Reloads.Failures));
        };

        Assert.True(reloader.Reload());
        await File.WriteAllTextAsync(sources.ConfigFile, """{ "Limits": { "MaxConnections": -1 } }""");
        Assert.False(reloader.Reload());

        Assert.Equal([(1, 0), (1, 1)], whenSaid);
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
