using ParentProxy.Inside.Application;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Inside.Application;

public sealed class ProgramFileTests : IDisposable
{
    private readonly TemporaryDirectory _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Find_InPath_IsTheFirstThatCanBeExecuted()
    {
        var (first, second) = (Program("first", isExecutable: false), Program("second", isExecutable: true));

        Assert.Equal(second, ProgramFile.Find("program", $"/nowhere:{Path.GetDirectoryName(first)}:{Path.GetDirectoryName(second)}"));
        Assert.Equal(first, ProgramFile.Find("program", Path.GetDirectoryName(first)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Find_NoPath_LooksWhereTheCLibraryLooks(string? path) =>
        Assert.EndsWith("/sh", ProgramFile.Find("sh", path), StringComparison.Ordinal);

    [Theory]
    [InlineData("./program")]
    [InlineData("/no/such/program")]
    public void Find_WithSlash_IsTakenAsItIs(string command) => Assert.Equal(command, ProgramFile.Find(command, "/bin"));

    [Fact]
    public void Find_Nowhere_IsToldWithShellsCode()
    {
        var exception = Assert.Throws<ApplicationStartException>(() => ProgramFile.Find("no-such", "/bin:/sbin"));

        Assert.Equal((127, true), (exception.ExitCode, exception.IsPermanent));
        Assert.Contains("\"no-such\" is in no folder of PATH (/bin:/sbin)", exception.Message, StringComparison.Ordinal);
    }

    private string Program(string folder, bool isExecutable)
    {
        var path = Path.Combine(Directory.CreateDirectory(_files.File(folder)).FullName, "program");
        File.WriteAllText(path, "");
        if (isExecutable)
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return path;
    }
}
