using ParentProxy.Admin.StatusPage;
using ParentProxy.Html;

namespace ParentProxy.Tests.Admin.StatusPage;

public sealed class PlotTests
{
    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(0, 0.01, 0.01)]
    [InlineData(1, 0, 1)]
    [InlineData(1.01, 0, 1.5)]
    [InlineData(87, 0, 100)]
    [InlineData(101, 0, 150)]
    [InlineData(0.0042, 0, 0.005)]
    public void Top_IsTheNextRoundNumber(double highest, double atLeast, double expected) =>
        Assert.Equal(expected, Of(highest, 0) with { AtLeast = atLeast } is var plot ? plot.Top : 0, 6);

    [Fact]
    public void Description_TellsTheValues() =>
        Assert.Equal("Now 4; highest 4, mean 2.5, lowest 1.", Of(1, null, 4).Description);

    [Fact]
    public void Description_NothingKnown_SaysSo()
    {
        Assert.Equal("Nothing yet.", Of().Description);
        Assert.Equal("Now nothing; highest 1, mean 1, lowest 1.", Of(1, null).Description);
        Assert.Equal(
            "Nothing yet. It was out for 50 % of the time.",
            (Of(null, null) with { Marked = [true, false], MarkedAs = "It was out" }).Description);
    }

    [Fact]
    public void Write_Gap_EndsTheLine_AndASingleValueIsADot()
    {
        var svg = Write(Of(1, 1, null, 1) with { Height = 12 });

        // Four values on a width of eight steps: the right half.
        Assert.Contains("""<path class="line" d="M450 2L540 2"/>""", svg, StringComparison.Ordinal);
        Assert.Contains("""<path class="area" d="M450 12L450 2L540 2L540 12z"/>""", svg, StringComparison.Ordinal);
        Assert.Contains("""<path class="dots" d="M720 2h.01"/>""", svg, StringComparison.Ordinal);
        Assert.DoesNotContain("band", svg, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("M90 2h.01", 1d, null, null, null, null, null, null, null)]
    [InlineData("M720 2h.01", null, null, null, null, null, null, null, 1d)]
    [InlineData("M180 2h.01M360 2h.01M540 2h.01", null, 1d, null, 1d, null, 1d, null, null)]
    public void Write_SparseValues_AreDotsAndNoLine(string dots, params double?[] values)
    {
        var svg = Write(Of(values) with { Height = 12 });

        Assert.Contains($"<path class=\"dots\" d=\"{dots}\"/>", svg, StringComparison.Ordinal);
        Assert.Contains("""<path class="line" d=""/>""", svg, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_Scale_HasBothEndsWithTheirUnit() => Assert.EndsWith(
        """</svg><span class="axis" aria-hidden="true"><span>5 µ</span><span>0 µ</span></span>""",
        Write(Of(4.2) with { Unit = value => FormattableString.Invariant($"{value} µ") }),
        StringComparison.Ordinal);

    [Fact]
    public void Write_Marks_AreBands()
    {
        var svg = Write(Of(1, 1, 1, 1) with { Height = 12, Marked = [false, true, true, false] });

        Assert.Contains("""<path class="band" d="M450 0H630V12H450z"/>""", svg, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_Names_AreTextOfTheImage() => Assert.StartsWith(
        """<svg class="plot" role="img" aria-labelledby="p-t" aria-describedby="p-d" """, Write(Of(1)), StringComparison.Ordinal);

    private static Plot Of(params double?[] values) => new("p", "a <title>", values, 8, value => FormattableString.Invariant($"{value}"));

    private static string Write(Plot plot)
    {
        var html = new HtmlWriter();
        plot.Write(html);
        Assert.Contains("a &lt;title&gt;", html.ToString(), StringComparison.Ordinal);
        return html.ToString();
    }
}
