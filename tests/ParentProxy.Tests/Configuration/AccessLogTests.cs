using ParentProxy.Configuration;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Configuration;

public sealed class AccessLogTests
{
    [Fact]
    public void Load_Lists_ReplaceTheDefaults()
    {
        var options = TestConfiguration.Accept(TestConfiguration.WithEnclave(""" "AccessLog": { "Headers": [ "Origin" ], "RedactHeaders": [], "Sample2xx": 0.25 } """)).AccessLog;

        Assert.Equal(["Origin"], options.Headers);
        Assert.Empty(options.RedactHeaders);
        Assert.Equal(0.25, options.Sample2xx);
    }

    [Fact]
    public void Load_FileWithoutAPath_IsNoMistakeWhileTheLogIsOff() =>
        Assert.Equal(AccessLogMode.Off, TestConfiguration.Accept(TestConfiguration.WithEnclave(""" "AccessLog": { "Mode": "off", "Sink": "file" } """)).AccessLog.Mode);

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserExecute)]
    public void Load_FolderOfTheFile_HasToBeWritable(UnixFileMode mode)
    {
        using var directory = new TemporaryDirectory();
        var folder = directory.File("logs");
        Directory.CreateDirectory(folder, mode);

        var result = TestConfiguration.Load(TestConfiguration.WithEnclave($$""" "AccessLog": { "Sink": "file", "Path": "{{folder}}/access.log" } """));

        // To root every folder is.
        if (mode.HasFlag(UnixFileMode.UserWrite) || Environment.IsPrivilegedProcess)
            Assert.Empty(result.Problems);
        else
            Assert.Contains("is not writable", Assert.Single(result.Problems).ToString(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder));
    }
}
