using ParentProxy.Tests.Hosting;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Commands;

/// <summary>A configuration that the user may not read is named by every command, and is not taken for one that is not there.</summary>
public sealed class ForbiddenFileTests : IDisposable
{
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly TemporaryDirectory _directory = new();

    [Theory]
    [InlineData(1, "check")]
    [InlineData(1, "check", "--quiet")]
    [InlineData(1, "doctor")]
    [InlineData(1, "enclaves")]
    [InlineData(1, "ping", "-c", "1")]
    [InlineData(1, "ping", "unix:/nonexistent/a.sock", "-c", "1", "--connect")]
    [InlineData(1, "attest", "0")]
    [InlineData(78, "run")]
    public async Task File_IsNamedWithTheErrorAndWhatToDo(int code, params string[] command)
    {
        await using var process = Start(command, "a.json");

        Assert.Equal(code, await process.ExitAsync());
        Assert.Contains(
            $"{_directory.File("closed/a.json")}: cannot be read by the user ", $"{process.Out}{process.Error}", StringComparison.Ordinal);
        Assert.Contains(" (EACCES): run this as ", $"{process.Out}{process.Error}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task FileOfVariables_IsNamed()
    {
        await using var process = Start(
            ["check", "--environment-file", _directory.File("closed/a.env"), "--Enclaves:0:Cid=16", "--Enclaves:0:Port=1"], config: null);

        Assert.Equal(1, await process.ExitAsync());
        Assert.Contains($"{_directory.File("closed/a.env")}: cannot be read by the user ", process.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_FailsAndDoesNotSpeakOfMistakes()
    {
        await using var process = Start(["doctor"], "a.json");

        Assert.Equal(1, await process.ExitAsync());
        Assert.Contains(
            process.Out.All, line => line.StartsWith("  FAIL  configuration ", StringComparison.Ordinal)
                && line.Contains("may not read the configuration", StringComparison.Ordinal));
        Assert.DoesNotContain("mistake", process.Out.ToString(), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        File.SetUnixFileMode(_directory.File("closed"), OwnersAlone);
        _directory.Dispose();
    }

    /// <summary>Root may read everything: as root, the program becomes somebody else.</summary>
    private ProxyProcess Start(string[] command, string? config)
    {
        var folder = Directory.CreateDirectory(_directory.File("closed")).FullName;
        File.WriteAllText(Path.Combine(folder, "a.json"), "{}");
        File.WriteAllText(Path.Combine(folder, "a.env"), "");
        var isRoot = Environment.IsPrivilegedProcess;
        File.SetUnixFileMode(_directory.Root, OwnersAlone | UnixFileMode.OtherExecute);
        File.SetUnixFileMode(folder, isRoot ? OwnersAlone : UnixFileMode.None);
        return ProxyProcess.Start(
            new ProxyStart
            {
                Shell = isRoot ? "set -- setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\"" : null,
                WorkingDirectory = "/",
                Environment = new Dictionary<string, string> { ["HOME"] = "/nonexistent" },
            },
            [
                .. command, "--Admin:Url=http://127.0.0.1:1",
                .. config is null ? Array.Empty<string>() : ["--config", Path.Combine(folder, config)],
            ]);
    }
}
