using System.Diagnostics;
using ParentProxy.Configuration;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Configuration;

public sealed class AccessLogTests
{
    [Fact]
    public void Load_Lists_ReplaceTheDefaults()
    {
        var options = TestConfiguration.Accept(TestConfiguration.WithEnclave(
            """ "AccessLog": { "Headers": [ "Origin" ], "RedactHeaders": [], "Sample2xx": 0.25 } """)).AccessLog;

        Assert.Equal(["Origin"], options.Headers);
        Assert.Empty(options.RedactHeaders);
        Assert.Equal(0.25, options.Sample2xx);
    }

    [Fact]
    public void Load_FileWithoutAPath_IsNoMistakeWhileTheLogIsOff() =>
        Assert.Equal(AccessLogMode.Off, TestConfiguration.Accept(
            TestConfiguration.WithEnclave(""" "AccessLog": { "Mode": "off", "Sink": "file" } """)).AccessLog.Mode);

    [Fact]
    public void Load_APipe_IsAMistake()
    {
        using var directory = new TemporaryDirectory();
        using var make = Process.Start("mkfifo", directory.File("pipe"));
        make.WaitForExit();

        var problem = Assert.Single(TestConfiguration.Refuse(FileAt(directory.File("pipe"))));

        Assert.Contains("is no regular file", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_AFileBehindALink_IsNoMistake()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.File("file"), "");
        File.CreateSymbolicLink(directory.File("link"), directory.File("file"));

        Assert.Equal(directory.File("link"), TestConfiguration.Accept(FileAt(directory.File("link"))).AccessLog.Path);
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserExecute)]
    public void Load_FolderOfTheFile_HasToBeWritable(UnixFileMode mode)
    {
        using var directory = new TemporaryDirectory();
        var folder = directory.File("logs");
        Directory.CreateDirectory(folder, mode);

        var result = TestConfiguration.Load(FileAt($"{folder}/access.log"));

        // To root every folder is.
        if (mode.HasFlag(UnixFileMode.UserWrite) || Environment.IsPrivilegedProcess)
            Assert.Empty(result.Problems);
        else
            Assert.Contains("is not writable", Assert.Single(result.Problems).ToString(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder));
    }

    private static string FileAt(string path) =>
        TestConfiguration.WithEnclave($$""" "AccessLog": { "Sink": "file", "Path": "{{path}}" } """);
}
