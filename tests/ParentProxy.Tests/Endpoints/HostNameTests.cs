using ParentProxy.Endpoints;

namespace ParentProxy.Tests.Endpoints;

public sealed class HostNameTests
{
    [Theory]
    [InlineData("example", "example")]
    [InlineData("API.Example.COM", "api.example.com")]
    [InlineData("api.example.com.", "api.example.com")]
    [InlineData("_dmarc.example.com", "_dmarc.example.com")]
    [InlineData("a-.example", "a-.example")]
    [InlineData("1.example", "1.example")]
    [InlineData("0x.example", "0x.example")]
    [InlineData("1.0.0.127.in-addr.arpa", "1.0.0.127.in-addr.arpa")]
    [InlineData("abc.0x1g", "abc.0x1g")]
    [InlineData("XN--BCHER-KVA.example", "xn--bcher-kva.example")]
    [InlineData("bücher.example", "xn--bcher-kva.example")]
    [InlineData("BÜCHER.example.", "xn--bcher-kva.example")]
    [InlineData("straße.example", "xn--strae-oqa.example")]
    [InlineData("ЯНДЕКС.рф", "xn--d1acpjx3f.xn--p1ai")]
    [InlineData("例え.テスト", "xn--r8jz45g.xn--zckzah")]
    [InlineData("한국.example", "xn--3e0b707e.example")]
    public void TryParse_Name_HasOneForm(string text, string expected)
    {
        Assert.True(HostName.TryParse(text, out var name, out var reason));
        Assert.Null(reason);
        Assert.Equal(expected, name.Text);
        Assert.True(HostName.TryParse(name.Text, out var again, out _));
        Assert.Equal(name, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("a..")]
    [InlineData("-a.example")]
    [InlineData("a b")]
    [InlineData(" a")]
    [InlineData("a\t")]
    [InlineData("a\r\nb")]
    [InlineData("a\0b")]
    [InlineData("a\0ü")]
    [InlineData("a%41")]
    [InlineData("a@b")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("a:b")]
    [InlineData("*.example")]
    [InlineData("*")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1.")]
    [InlineData("127.1")]
    [InlineData("1")]
    [InlineData("0x7f.1")]
    [InlineData("0177.1")]
    [InlineData("example.0x7f")]
    [InlineData("example.0X")]
    [InlineData("example.123")]
    [InlineData("1.2.3.256")]
    [InlineData("::1")]
    [InlineData("[::1]")]
    [InlineData("１２７.0.0.1")] // full-width digits
    [InlineData("ｅxample.com")] // a full-width letter
    [InlineData("ﬁ.example")] // a ligature
    [InlineData("a。example")] // an ideographic full stop
    [InlineData("a．example")] // a full-width full stop
    [InlineData("bu\u0308cher.example")] // ü as two characters
    [InlineData("ſ.example")] // a long s
    [InlineData("İ.example")] // has no lower case of its own
    [InlineData("a\u00ADb.example")] // a soft hyphen
    [InlineData("a\u200Db.example")] // a joiner
    [InlineData("a\u202Eb.example")] // turns the direction
    [InlineData("℀.example")]
    [InlineData("a⁄b.example")]
    [InlineData("\uD800.example")] // half a character
    [InlineData("😀.example")]
    public void TryParse_NoName_IsRefusedWithAReason(string text)
    {
        Assert.False(HostName.TryParse(text, out var name, out var reason));
        Assert.Null(name);
        Assert.NotEmpty(reason);
        Assert.DoesNotContain(reason, char.IsControl);
    }

    // The Kelvin sign has a lower case, which is that of K.
    [Fact]
    public void TryParse_LetterThatFoldsToAscii_IsThatLetter()
    {
        Assert.True(HostName.TryParse("\u212Aube.example", out var name, out _));
        Assert.Equal("kube.example", name.Text);
    }

    [Theory]
    [InlineData(63, 61, true)]
    [InlineData(64, 60, false)]
    [InlineData(63, 62, false)]
    public void TryParse_Length_IsThatOfTheDns(int first, int last, bool isName)
    {
        var text = string.Join('.', new string('a', first), new string('b', 63), new string('c', 63), new string('d', last));

        Assert.Equal(isName, HostName.TryParse(text, out _, out _));
        Assert.Equal(isName, HostName.TryParse(text + ".", out _, out _));
    }

    [Theory]
    [InlineData("üäüäüäüäüäüäüäüäüäüäüäüäüäüäüäüäüäüäüäüäüäüäüäüäüäüäüäüäüäüäüä")]
    [InlineData("ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü.ü")]
    public void TryParse_LongOnlyAsALabels_IsRefused(string text) => Assert.False(HostName.TryParse(text, out _, out _));

    [Theory]
    [InlineData("a.example", "example", true)]
    [InlineData("b.a.example", "example", true)]
    [InlineData("example", "example", false)]
    [InlineData("anexample", "example", false)]
    [InlineData("a.example.com", "example", false)]
    public void IsBelow_Parent_MeansWholeLabels(string text, string parent, bool isBelow)
    {
        Assert.True(HostName.TryParse(text, out var name, out _));
        Assert.Equal(isBelow, name.IsBelow(parent));
    }
}
