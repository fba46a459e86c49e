using System.Text;
using ParentProxy.Egress.Logs;

namespace ParentProxy.Tests.Egress.Logs;

public sealed class LineTextTests
{
    [Theory]
    [InlineData("plain text, 100 %", "plain text, 100 %")]
    [InlineData(@"C:\temp\x {""a"":""\n""}", @"C:\temp\x {""a"":""\n""}")]
    [InlineData("naïve 日本語 🦊", "naïve 日本語 🦊")]
    [InlineData("tab\tstays", "tab\tstays")]
    [InlineData("👩\u200d👧 joined", "👩\u200d👧 joined")]
    [InlineData("\u001b[31mred\u001b[0m", @"\x1b[31mred\x1b[0m")]
    [InlineData("\u001b]0;title\u0007", @"\x1b]0;title\x07")]
    [InlineData("10%\r20%", @"10%\x0d20%")]
    [InlineData("a\nb\vc\fd\0e", @"a\x0ab\x0bc\x0cd\x00e")]
    [InlineData("\b\u007f", @"\x08\x7f")]
    [InlineData("\u0085\u009b31m", @"\x85\x9b31m")]
    [InlineData("a\u2028b\u2029c", @"a\u2028b\u2029c")]
    [InlineData("\u202eevil\u202c \u2066x\u2069 \u200f\u061c", @"\u202eevil\u202c \u2066x\u2069 \u200f\u061c")]
    [InlineData("\ufeffbom\u200bnothing\u00adsoft", @"\ufeffbom\u200bnothing\xadsoft")]
    [InlineData("\U000e0041tag", @"\U000e0041tag")]
    public void Of_AnyCharacter_ShowsItOrItsNumber(string sent, string expected) =>
        Assert.Equal(expected, LineText.Of(Encoding.UTF8.GetBytes(sent), isCut: false));

    [Fact]
    public void Of_NotUtf8_IsReplaced()
    {
        Assert.Equal("caf\ufffd!", LineText.Of([.. "caf"u8, 0xE9, .. "!"u8], isCut: false));
        Assert.Equal("\ufffd\ufffd\ufffd", LineText.Of([0xED, 0xA0, 0x80], isCut: false));
        Assert.Equal("x\ufffd", LineText.Of([.. "x"u8, 0xF0, 0x9F], isCut: false));
    }

    [Fact]
    public void Of_CutWithinACharacter_LeavesItOut()
    {
        Assert.Equal("x", LineText.Of([.. "x"u8, 0xF0, 0x9F, 0xA6], isCut: true));
        Assert.Equal("xé", LineText.Of([.. "x"u8, 0xC3, 0xA9], isCut: true));
        Assert.Equal("x\ufffd", LineText.Of([.. "x"u8, 0xFF], isCut: true));
        Assert.Equal("", LineText.Of([0xC3], isCut: true));
    }
}
