using ParentProxy.Html;

namespace ParentProxy.Tests.Html;

public sealed class HtmlWriterTests
{
    [Theory]
    [InlineData("<script>", "&lt;script&gt;")]
    [InlineData("a \"b\" 'c'", "a &quot;b&quot; &#x27;c&#x27;")]
    [InlineData("&amp;", "&amp;amp;")]
    [InlineData("é – 你好", "é – 你好")]
    [InlineData(null, "")]
    public void Add_Text_IsEncoded(string? text, string expected) =>
        Assert.Equal($"<b title=\"{expected}\">{expected}</b>", new HtmlWriter().Add($"""<b title="{text}">{text}</b>""").ToString());

    [Fact]
    public void Add_Numbers_AreWrittenWithAPoint() =>
        Assert.Equal("1.5 1234 0.3", new HtmlWriter().Add($"{1.5} {1234} {0.25:0.#}").ToString());

    [Fact]
    public void Add_PartOfThePage_IsWrittenInItsPlace() =>
        Assert.Equal("<p><i>&lt;</i>!</p>", new HtmlWriter().Add($"<p>{Part}!</p>").ToString());

    private static void Part(HtmlWriter html) => html.Add($"<i>{"<"}</i>");
}
