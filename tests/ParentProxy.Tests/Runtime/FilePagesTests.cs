using ParentProxy.Runtime;

namespace ParentProxy.Tests.Runtime;

public sealed class FilePagesTests
{
    private const string Program = "/usr/bin/parent-proxy";
    private const string Code = "55dab05bb000-55dab05bd000 r-xp 0003e000 fe:00 1197                       /usr/bin/parent-proxy";

    [Theory]
    [InlineData(Code, true)]
    [InlineData("55dab05bb000-55dab05bd000 r--p 01225000 fe:00 1197                       /usr/bin/parent-proxy", true)]
    [InlineData("55dab05bb000-55dab05bd000 rw-p 0003e000 fe:00 1197                       /usr/bin/parent-proxy", false)]
    [InlineData("55dab05bb000-55dab05bd000 r--s 0003e000 fe:00 1197                       /usr/bin/parent-proxy", false)]
    [InlineData("55dab05bb000-55dab05bd000 ---p 0003e000 fe:00 1197                       /usr/bin/parent-proxy", false)]
    [InlineData("55dab05bb000-55dab05bd000 r-xp 0003e000 fe:00 1197                       /usr/lib/libc.so.6", false)]
    [InlineData("55dab05bb000-55dab05bd000 r--p 00000000 00:00 0", false)]
    [InlineData("55dab05bb000-55dab05bd000 r-xp 00000000 00:00 0                          [vdso]", false)]
    public void Clean_IsTheProgramWhereItCannotBeWrittenTo(string mapping, bool isClean)
    {
        var found = FilePages.Clean([mapping, "Size: 8 kB", "Anonymous:             0 kB", "Swap: 0 kB", "VmFlags: rd mr mw me"], Program);

        IEnumerable<(nint, nint)> expected = isClean ? [(unchecked((nint)0x55dab05bb000), 0x2000)] : [];
        Assert.Equal(expected, found);
    }

    /// <summary>The linker's relocations would be undone: they are nowhere but in memory, or in its place on a disk.</summary>
    [Theory]
    [InlineData("Anonymous:             4 kB")]
    [InlineData("Swap:                  4 kB")]
    public void Clean_PagesOfTheProcessItself_AreNone(string line) =>
        Assert.Empty(FilePages.Clean([Code, line, "VmFlags: rd ex mr mw me"], Program));

    [Fact]
    public void Clean_AProgramThatWasReplaced_IsFoundAllTheSame() =>
        Assert.Single(FilePages.Clean([Code + " (deleted)", "Anonymous: 0 kB", "VmFlags: rd ex mr mw me"], Program + " (deleted)"));

    [Fact]
    public void Release_FindsTheProgram_AndTheProcessGoesOn()
    {
        Assert.NotEmpty(FilePages.Clean([.. File.ReadLines("/proc/self/smaps")], new FileInfo("/proc/self/exe").LinkTarget!));

        FilePages.Release();
    }
}
