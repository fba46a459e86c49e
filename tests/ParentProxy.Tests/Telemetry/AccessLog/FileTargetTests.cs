using System.Text;
using ParentProxy.Telemetry.AccessLog;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Telemetry.AccessLog;

public sealed class FileTargetTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Path => _directory.File("access.log");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Write_FileThatIsThere_GoesOnAtItsEnd()
    {
        File.WriteAllText(Path, "before\n");
        using var target = new FileTarget(Path, 0, 1);

        Write(target, "a\n", "b\n");

        Assert.Equal("before\na\nb\n", File.ReadAllText(Path));
    }

    [Fact]
    public void Write_NewFile_IsNotForEverybody()
    {
        using var target = new FileTarget(Path, 0, 1);

        Write(target, "a\n");

        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(Path) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.GroupWrite));
    }

    [Fact]
    public void Write_MoreThanAFileTakes_MovesTheOlderOnesOnAndForgetsTheOldest()
    {
        using var target = new FileTarget(Path, maxBytes: 4, maxFiles: 3);

        Write(target, "1\n", "2\n", "3\n", "44444444\n", "5\n", "6\n", "7\n");

        Assert.Equal(["7\n", "5\n6\n", "44444444\n"], new[] { Path, Path + ".1", Path + ".2" }.Select(File.ReadAllText));
        Assert.Equal(3, Directory.GetFiles(_directory.Root).Length);
    }

    [Fact]
    public void Write_OneFileAlone_BeginsAnew()
    {
        using var target = new FileTarget(Path, maxBytes: 4, maxFiles: 1);

        Write(target, "1\n", "2\n", "3\n");

        Assert.Equal("3\n", File.ReadAllText(Path));
        Assert.Single(Directory.GetFiles(_directory.Root));
    }

    [Fact]
    public void Write_MovedBySomebodyElse_IsMadeAnew()
    {
        using var target = new FileTarget(Path, 0, 1);
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
        using var target = new FileTarget(Path, 0, 1);
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
        using var target = new FileTarget(Path, 0, 1);
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
        using var target = new FileTarget(_directory.File("link/access.log"), 0, 1);

        Write(target, "a\n", "b\n");

        Assert.Equal("a\nb\n", File.ReadAllText(_directory.File("real/access.log")));
    }

    [Fact]
    public void Write_FolderGone_FailsAndRecovers()
    {
        var folder = _directory.File("folder");
        Directory.CreateDirectory(folder);
        var path = System.IO.Path.Combine(folder, "access.log");
        using var target = new FileTarget(path, 0, 1);
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
        using var target = new FileTarget("/dev/full", 0, 1);

        Assert.ThrowsAny<IOException>(() => Write(target, "a\n"));
        Assert.ThrowsAny<IOException>(() => Write(target, "b\n"));
    }

    private static void Write(FileTarget target, params string[] lines)
    {
        foreach (var line in lines)
            target.Write(Encoding.ASCII.GetBytes(line));
    }
}
