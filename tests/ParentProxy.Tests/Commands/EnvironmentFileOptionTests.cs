using System.CommandLine;
using System.Globalization;
using ParentProxy.Commands;
using ParentProxy.Configuration;
using ParentProxy.Configuration.Sources;
using ParentProxy.Tests.Hosting;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Commands;

/// <summary>The commands of an operator look at the configuration of the service.</summary>
public sealed class EnvironmentFileOptionTests : IDisposable
{
    private const string Enclave = "PARENTPROXY_ENCLAVE_0_TRANSPORT=unix\nPARENTPROXY_ENCLAVE_0_PATH=/nonexistent/a.sock\n";

    private readonly TemporaryDirectory _directory = new();

    private string FileName => _directory.File("service.env");

    [Fact]
    public void InstalledConfiguration_ComesWithTheVariablesOfTheService()
    {
        File.WriteAllText(FileName, Enclave);

        Assert.Equal(FileName, Complete([], new())?.Path);
        Assert.Equal(FileName, Complete([], new() { ConfigFile = "/etc/parent-proxy/appsettings.json" })?.Path);
    }

    [Fact]
    public void OtherConfiguration_ComesWithoutThemUnlessTheyAreNamed()
    {
        File.WriteAllText(FileName, Enclave);
        var other = new ConfigurationSources { ConfigFile = _directory.File("other.json") };

        Assert.Null(Complete([], other));
        Assert.Equal(FileName, Complete(["--environment-file", FileName], other)?.Path);
    }

    [Fact]
    public void CommandThatSystemdStarts_HasThemAlready()
    {
        File.WriteAllText(FileName, Enclave);
        var own = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

        Assert.Null(Complete([], new() { Environment = new Dictionary<string, string> { ["SYSTEMD_EXEC_PID"] = own } }));

        // Handed down by a shell.
        Assert.NotNull(Complete([], new() { Environment = new Dictionary<string, string> { ["SYSTEMD_EXEC_PID"] = "1" } }));
    }

    [Fact]
    public void ServiceWithoutSuchAFile_IsNoMistake()
    {
        Assert.Null(Complete([], new()));
        Assert.NotNull(Complete(["--environment-file", FileName], new())?.Problem);
    }

    [Fact]
    public async Task Check_NamesTheFileWhereAValueComesFrom()
    {
        File.WriteAllText(FileName, $"{Enclave}Timeouts__Drain='00:00:07'\n");
        var start = new ProxyStart
        {
            Configuration = "{}",
            Environment = new Dictionary<string, string> { ["Timeouts__Idle"] = "00:00:09" },
        };

        await using var process = ProxyProcess.Start(start, "check", "--environment-file", FileName);

        Assert.Equal(0, await process.ExitAsync());
        Assert.Equal($"The configuration ({process.ConfigFile} and {FileName}) has no mistakes.", process.Out.All[0]);
        Assert.Contains($"  0  0  unix:/nonexistent/a.sock  from {FileName}", process.Out.All);
        Assert.Matches($"Timeouts:Drain +00:00:07 +{FileName}", process.Out.ToString());
        Assert.Matches("Timeouts:Idle +00:00:09 +Timeouts__Idle", process.Out.ToString());
    }

    [Theory]
    [InlineData("check")]
    [InlineData("doctor")]
    [InlineData("enclaves")]
    [InlineData("ping")]
    [InlineData("attest", "0")]
    public async Task FileThatIsNotThere_IsNamedByEveryCommand(params string[] command)
    {
        await using var process = ProxyProcess.Start(
            new ProxyStart { Configuration = "{}" },
            [.. command, "--environment-file", FileName, "--Admin:Url=http://127.0.0.1:1"]);

        Assert.Equal(1, await process.ExitAsync());
        Assert.Contains($"there is no file '{FileName}' (ENOENT)", $"{process.Out}{process.Error}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("demo")]
    [InlineData("enclave")]
    public async Task CommandThatIsNoOperators_HasNoSuchOption(string command)
    {
        await using var process = ProxyProcess.Start(new ProxyStart(), command, "--environment-file", FileName);

        Assert.Equal(2, await process.ExitAsync());
    }

    public void Dispose() => _directory.Dispose();

    private EnvironmentFile? Complete(string[] arguments, ConfigurationSources sources)
    {
        var option = new EnvironmentFileOption();
        var command = new RootCommand();
        option.AddTo(command);
        return option.Complete(command.Parse(arguments), sources with { SystemEnvironmentFile = FileName }).EnvironmentFile;
    }
}
