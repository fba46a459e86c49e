using System.Text;
using Microsoft.Extensions.Logging;
using ParentProxy.Telemetry.AccessLog;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Telemetry.AccessLog;

public sealed class FileTargetTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTimeProvider _time = new();
    private readonly TestLog _log = new();

    private string Path => _directory.File("access.log");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Write_FileThatIsThere_GoesOnAtItsEnd()
    {
        File.WriteAllText(Path, "before\n");
        using var target = Target(Path);

        Write(target, "a\n", "b\n");

        Assert.Equal("before\na\nb\n", File.ReadAllText(Path));
    }

    [Fact]
    public void Write_NewFile_IsNotForEverybody()
    {
        using var target = Target(Path);

        Write(target, "a\n");

        Assert.Equal(
            UnixFileMode.None, File.GetUnixFileMode(Path) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.GroupWrite));
    }

    [Fact]
    public void Write_MoreThanAFileTakes_MovesTheOlderOnesOnAndForgetsTheOldest()
    {
        using var target = Target(Path, maxBytes: 4, maxFiles: 3);

        Write(target, "1\n", "2\n", "3\n", "44444444\n", "5\n", "6\n", "7\n");

        Assert.Equal(["7\n", "5\n6\n", "44444444\n"], new[] { Path, Path + ".1", Path + ".2" }.Select(File.ReadAllText));
        Assert.Equal(3, Directory.GetFiles(_directory.Root).Length);
    }

    [Fact]
    public void Write_OneFileAlone_BeginsAnew()
    {
        using var target = Target(Path, maxBytes: 4, maxFiles: 1);

        Write(target, "1\n", "2\n", "3\n");

        Assert.Equal("3\n", File.ReadAllText(Path));
        Assert.Single(Directory.GetFiles(_directory.Root));
    }

    [Fact]
    public void Write_MovedBySomebodyElse_IsMadeAnew()
    {
        using var target = Target(Path);
        Write(target, "a\n");

        File.Move(Path, Path + ".moved");
        Write(target, "b\n", "c\n");
        File.Move(Path, Path + ".moved2");
        File.WriteAllText(Path, "");
        Write(target, "d\n");

        Assert.Equal(["a\n", "b\nc\n", "d\n"], new[] { Path + ".moved", Path + ".moved2", Path }.Select(File.ReadAllText));
    }

    [Fact]
    public void Write_DeletedOrReplacedBySomebodyElse_IsMadeAnew()
    {
        using var target = Target(Path);
        Write(target, "a\n");

        File.Delete(Path);
        Write(target, "b\n");
        Assert.Equal("b\n", File.ReadAllText(Path));
        File.WriteAllText(_directory.File("other"), "other\n");
        File.Move(_directory.File("other"), Path, overwrite: true);
        Write(target, "c\n");

        Assert.Equal("other\nc\n", File.ReadAllText(Path));
    }

    [Fact]
    public void Write_EmptiedBySomebodyElse_HasNoHole()
    {
        using var target = Target(Path);
        Write(target, "a\n");

        using (var file = new FileStream(Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            file.SetLength(0);
        Write(target, "b\n");

        Assert.Equal("b\n", File.ReadAllText(Path));
    }

    [Fact]
    public void Write_BehindALink_GoesToTheFile()
    {
        Directory.CreateDirectory(_directory.File("real"));
        Directory.CreateSymbolicLink(_directory.File("link"), _directory.File("real"));
        using var target = Target(_directory.File("link/access.log"));

        Write(target, "a\n", "b\n");

        Assert.Equal("a\nb\n", File.ReadAllText(_directory.File("real/access.log")));
    }

    [Fact]
    public void Write_FolderGone_FailsAndRecovers()
    {
        var folder = _directory.File("folder");
        Directory.CreateDirectory(folder);
        var path = System.IO.Path.Combine(folder, "access.log");
        using var target = Target(path);
        Write(target, "a\n");

        Directory.Delete(folder, recursive: true);
        Assert.ThrowsAny<IOException>(() => Write(target, "b\n"));
        Directory.CreateDirectory(folder);
        Write(target, "c\n");

        Assert.Equal("c\n", File.ReadAllText(path));
    }

    [Fact]
    public void Write_FullDisk_Fails()
    {
        using var target = Target("/dev/full");

        Assert.ThrowsAny<IOException>(() => Write(target, "a\n"));
        Assert.ThrowsAny<IOException>(() => Write(target, "b\n"));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void Write_CannotRotate_GoesOnInTheFileAndTriesAgain(int maxFiles)
    {
        var inTheWay = Directory.CreateDirectory(Path + ".1").FullName;
        if (maxFiles > 2)
            File.WriteAllText(Path + ".2", "older\n");
        using var target = Target(Path, maxBytes: 4, maxFiles);

        Write(target, "1\n", "2\n", "3\n", "4\n");
        Assert.Single(Warnings());
        _time.Advance(TimeSpan.FromMinutes(1));
        Write(target, "5\n", "6\n");
        Assert.Equal(2, Warnings().Count);
        Assert.All(
            Warnings(),
            warning => Assert.Contains($"{Path} is full and cannot be moved away", warning.Message, StringComparison.Ordinal));
        Directory.Delete(inTheWay);
        Write(target, "7\n");
        Assert.Equal("1\n2\n3\n4\n5\n6\n7\n", File.ReadAllText(Path));
        _time.Advance(TimeSpan.FromMinutes(1));
        Write(target, "8\n");

        Assert.Equal(["8\n", "1\n2\n3\n4\n5\n6\n7\n"], new[] { Path, Path + ".1" }.Select(File.ReadAllText));
        Assert.Equal(2, Warnings().Count);
        if (maxFiles > 2)
            Assert.Equal("older\n", File.ReadAllText(Path + ".2"));
    }

    private IReadOnlyList<TestLog.Entry> Warnings() => _log.AtLeast(LogLevel.Warning);

    private FileTarget Target(string path, long maxBytes = 0, int maxFiles = 1) =>
        new(path, maxBytes, maxFiles, _time, LoggerFactory.Create(logging => logging.AddProvider(_log)).CreateLogger<AccessLogger>());

    private static void Write(FileTarget target, params string[] lines)
    {
        foreach (var line in lines)
            target.Write(Encoding.ASCII.GetBytes(line));
    }
}
