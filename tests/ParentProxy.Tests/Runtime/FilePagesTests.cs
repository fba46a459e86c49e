using System.Globalization;
using ParentProxy.Runtime;

namespace ParentProxy.Tests.Runtime;

public sealed class FilePagesTests
{
    private const string Code = "55dab05bb000-55dab05bd000 r-xp 0003e000 fe:00 1197                       /usr/bin/parent-proxy";

    [Theory]
    [InlineData(Code, true)]
    [InlineData("55dab05bb000-55dab05bd000 r--p 01225000 fe:00 1197                       /usr/bin/a program", true)]
    [InlineData("55dab05bb000-55dab05bd000 rw-p 0003e000 fe:00 1197                       /usr/bin/parent-proxy", false)]
    [InlineData("55dab05bb000-55dab05bd000 r--s 0003e000 fe:00 1197                       /var/lib/database", false)]
    [InlineData("55dab05bb000-55dab05bd000 ---p 0003e000 fe:00 1197                       /usr/lib/libc.so.6", false)]
    [InlineData("55dab05bb000-55dab05bd000 r--p 00000000 00:00 0", false)]
    [InlineData("55dab05bb000-55dab05bd000 r-xp 00000000 00:00 0                          [vdso]", false)]
    public void Clean_IsAFileThatCannotBeWrittenTo(string mapping, bool isClean)
    {
        var found = FilePages.Clean([mapping, "Size: 8 kB", "Anonymous:             0 kB", "VmFlags: rd mr mw me"]);

        IEnumerable<(nint, nint)> expected = isClean ? [(unchecked((nint)0x55dab05bb000), 0x2000)] : [];
        Assert.Equal(expected, found);
    }

    /// <summary>The linker's relocations would be undone: they are nowhere but in memory.</summary>
    [Fact]
    public void Clean_PagesOfTheProcessItself_AreNone() =>
        Assert.Empty(FilePages.Clean([Code, "Anonymous:             4 kB", "VmFlags: rd ex mr mw me"]));

    [Fact]
    public void Release_UnmapsSome_AndTheProcessGoesOn()
    {
        var before = MappedKibibytes();

        FilePages.Release();

        Assert.InRange(MappedKibibytes(), 1, before - 1);

        static long MappedKibibytes() => long.Parse(
            File.ReadLines("/proc/self/status").Single(line => line.StartsWith("RssFile:", StringComparison.Ordinal))["RssFile:".Length..^2],
            CultureInfo.InvariantCulture);
    }
}
