using ParentProxy.Inside.Application;

namespace ParentProxy.Tests.Inside.Application;

public sealed class ProcessTableTests
{
    [Fact]
    public void Parse_NameThatLooksLikeFields_IsTheName()
    {
        var entry = ProcessTable.Parse(
            7, "7 (a) Z 1 (b) S 42 7 7 0 -1 4194560 1 2 3 4 150 50 25 75 20 0 1 0 100 4096 10 18446744073709551615 1 1\n");

        Assert.Equal(new ProcessEntry(7, 42, "a) Z 1 (b", IsZombie: false, 3, 10L * Environment.SystemPageSize, 100), entry);
    }

    [Theory]
    [InlineData("")]
    [InlineData("7 (a) S 1")]
    [InlineData(")(")]
    public void Parse_NoSuchLine_IsNull(string text) => Assert.Null(ProcessTable.Parse(7, text));

    [Fact]
    public void Find_Itself_IsAmongTheDescendantsOfItsParent()
    {
        var self = ProcessTable.Find(Environment.ProcessId);

        Assert.NotNull(self);
        Assert.True(self.ResidentBytes > 0 && self.CpuSeconds > 0, self.ToString());
        Assert.Contains(ProcessTable.Descendants(self.Parent), entry => entry.Pid == self.Pid);
    }
}
