using System.Net;
using Microsoft.Extensions.Logging;
using ParentProxy.Inside.Network;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Inside.Network;

/// <summary>The files of <c>/etc</c>, as images have them.</summary>
public sealed class SystemFilesTests : IDisposable
{
    private const string OneName = "# parent-proxy: from here\n127.0.1.1 api.example.com\n# parent-proxy: to here\n";

    private static readonly IPEndPoint Server = IPEndPoint.Parse("127.0.0.1:53");

    private readonly TemporaryDirectory _directory = new();
    private readonly TestLog _log = new();

    private ILogger Logger => LoggerFactory.Create(builder => builder.AddProvider(_log)).CreateLogger("network");

    private string Path => _directory.File("file");

    public void Dispose()
    {
        _directory.Dispose();
        _log.Dispose();
    }

    [Theory]
    [InlineData(null, "nameserver 127.0.0.1\nnameserver ::1\n")]
    [InlineData("", "nameserver 127.0.0.1\nnameserver ::1\n")]
    [InlineData(
        "# made by docker\nnameserver 10.0.0.2\nsearch a.example\nnameserver\t10.0.0.3\noptions ndots:2",
        "# made by docker\n# nameserver 10.0.0.2\nsearch a.example\n# nameserver\t10.0.0.3\noptions ndots:2\n"
            + "nameserver 127.0.0.1\nnameserver ::1\n")]
    public void ResolvConf_NamesOurServersAlone(string? old, string expected)
    {
        if (old is not null)
            File.WriteAllText(Path, old);

        ResolvConf.Write(Path, [Server, IPEndPoint.Parse("[::1]:53"), IPEndPoint.Parse("127.0.0.3:5353")], Logger);

        Assert.Equal(expected, File.ReadAllText(Path));
        Assert.Equal("file", System.IO.Path.GetFileName(Assert.Single(Directory.GetFiles(_directory.Root))));
        Assert.Empty(_log.Entries);
    }

    [Theory]
    [InlineData("nameserver 127.0.0.1\nnameserver ::1\noptions ndots:2\n")]
    [InlineData("nameserver ::1\n\nnameserver 127.0.0.1")]
    public void ResolvConf_ThatNamesOursAlready_IsNotTouched(string old)
    {
        File.WriteAllText(Path, old);

        ResolvConf.Write(Path, [Server, IPEndPoint.Parse("[::1]:53")], Logger);

        Assert.Equal(old, File.ReadAllText(Path));
    }

    [Fact]
    public void ResolvConf_OtherPort_IsSaid()
    {
        ResolvConf.Write(Path, [IPEndPoint.Parse("127.0.0.1:5353")], Logger);

        Assert.False(File.Exists(Path));
        Assert.Contains("(127.0.0.1:5353) has port 53", Assert.Single(_log.Entries).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_File_KeepsItsModeAndIsReadableWhenNew()
    {
        ResolvConf.Write(Path, [Server], Logger);
        Assert.Equal("rw-r--r--", Mode());

        File.WriteAllText(Path, "");
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        ResolvConf.Write(Path, [Server], Logger);
        Assert.Equal("rw-------", Mode());

        string Mode() => string.Concat("rwxrwxrwx".Select(
            (letter, i) => ((int)File.GetUnixFileMode(Path) >> (8 - i) & 1) != 0 ? letter : '-'));
    }

    [Fact]
    public void Write_Link_WritesWhereItLeads()
    {
        File.WriteAllText(_directory.File("target"), "search a.example\n");
        File.CreateSymbolicLink(Path, "target");

        ResolvConf.Write(Path, [Server], Logger);

        Assert.NotNull(new FileInfo(Path).LinkTarget);
        Assert.Equal("search a.example\nnameserver 127.0.0.1\n", File.ReadAllText(_directory.File("target")));
    }

    [Fact]
    public void Write_LinkThatLeadsNowhere_IsReplaced()
    {
        File.CreateSymbolicLink(Path, "../run/nowhere/resolv.conf");

        ResolvConf.Write(Path, [Server], Logger);

        Assert.Null(new FileInfo(Path).LinkTarget);
        Assert.Equal("nameserver 127.0.0.1\n", File.ReadAllText(Path));
    }

    [Fact]
    public void Write_Mount_IsOverwritten()
    {
        var mounted = _directory.File("mounted");
        File.WriteAllText(mounted, "nameserver 10.0.0.2\n");
        File.WriteAllText(Path, "");
        var isRun = OwnNamespaces.TryRun(() =>
        {
            OwnNamespaces.MountAt(mounted, Path);
            ResolvConf.Write(Path, [Server], Logger);
        });

        if (isRun)
            Assert.Equal("# nameserver 10.0.0.2\nnameserver 127.0.0.1\n", File.ReadAllText(mounted));
        Assert.Empty(_log.Entries);
        Assert.Equal(2, Directory.GetFiles(_directory.Root).Length);
    }

    [Fact]
    public void Write_ReadOnly_SaysWhatToDo()
    {
        var isRun = OwnNamespaces.TryRun(() =>
        {
            OwnNamespaces.MountReadOnly(_directory.Root);
            ResolvConf.Write(Path, [Server], Logger);
            HostsFile.Write(Path, [("api.example.com", IPAddress.Parse("127.0.1.1"))], Logger);
        });

        if (!isRun)
            return;
        var messages = _log.AtLeast(LogLevel.Warning).Select(entry => entry.Message).ToArray();
        Assert.Equal(2, messages.Length);
        Assert.StartsWith($"{Path} could not be written (EROFS, read-only file system)", messages[0], StringComparison.Ordinal);
        Assert.Contains("'nameserver 127.0.0.1'", messages[0], StringComparison.Ordinal);
        Assert.EndsWith("127.0.1.1 api.example.com", messages[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Write_RightAlready_IsNotTouched()
    {
        File.WriteAllText(Path, "nameserver 127.0.0.1\n");
        File.SetLastWriteTimeUtc(Path, DateTime.UnixEpoch);

        ResolvConf.Write(Path, [Server], Logger);

        Assert.Equal(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(Path));
    }

    [Theory]
    [InlineData("", OneName)]
    [InlineData("127.0.0.1 localhost", $"127.0.0.1 localhost\n{OneName}")]
    [InlineData("127.0.0.1 localhost\n\n", $"127.0.0.1 localhost\n\n{OneName}")]
    [InlineData(
        "a\n# parent-proxy: from here\n127.0.1.9 old.example\n# parent-proxy: to here\nb\n", $"a\nb\n{OneName}")]
    [InlineData("# parent-proxy: from here\na\n", $"# parent-proxy: from here\na\n{OneName}")]
    public void Hosts_HasOneBlock_HoweverOftenItIsWritten(string old, string expected)
    {
        File.WriteAllText(Path, old);

        for (var i = 0; i < 2; i++)
        {
            HostsFile.Write(Path, [("api.example.com", IPAddress.Parse("127.0.1.1"))], Logger);
            Assert.Equal(expected, File.ReadAllText(Path));
        }
    }

    [Fact]
    public void Hosts_NoNames_HasNoBlock()
    {
        File.WriteAllText(Path, $"127.0.0.1 localhost\n{OneName}");

        HostsFile.Write(Path, [], Logger);

        Assert.Equal("127.0.0.1 localhost\n", File.ReadAllText(Path));
    }
}
