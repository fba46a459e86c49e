using System.Globalization;
using System.Text;
using ParentProxy.Admin.History;
using ParentProxy.Html;

namespace ParentProxy.Admin.StatusPage;

/// <summary>A line over time as inline SVG. It fills the width it is given; figures stand beside it as text.</summary>
/// <param name="Id">Unique on the page; letters, digits and hyphens.</param>
/// <param name="Title">What is shown, for those who do not see it.</param>
/// <param name="Values">One for each step of time, the latest last; null where there is nothing to tell.</param>
/// <param name="Slots">Steps that the whole width stands for: fewer values leave the beginning empty.</param>
/// <param name="Unit">A value as text.</param>
internal sealed record Plot(string Id, string Title, IReadOnlyList<double?> Values, int Slots, Func<double, string> Unit)
{
    /// <summary>The share of the requests that a line of times speaks of.</summary>
    public const double Tail = 0.95;

    private const double Width = 720;

    private static readonly double[] Ends = [1, 1.5, 2, 3, 5, 7.5, 10];

    /// <summary>The quantiles that are shown, by their names.</summary>
    public static IReadOnlyList<(string Name, double Share)> Shares { get; } = [("p50", 0.5), ("p95", Tail), ("p99", 0.99)];

    /// <summary>The height in units of the drawing, of which it is 720 wide.</summary>
    public double Height { get; init; } = 120;

    /// <summary>The scale ends here at least, so that next to nothing does not look like a lot.</summary>
    public double AtLeast { get; init; }

    /// <summary>Steps at which something was wrong, drawn as a band behind the line; none when empty.</summary>
    public IReadOnlyList<bool> Marked { get; init; } = [];

    /// <summary>What the band means.</summary>
    public string MarkedAs { get; init; } = "";

    /// <summary>Lines for each five minutes.</summary>
    public bool HasGrid { get; init; }

    /// <summary>The end of the scale: a round number.</summary>
    public double Top
    {
        get
        {
            var highest = Math.Max(Values.Max() ?? 0, AtLeast);
            if (highest <= 0)
                return 1;
            var power = Math.Pow(10, Math.Floor(Math.Log10(highest)));
            return Ends.Select(end => end * power).First(end => end >= highest * 0.9999);
        }
    }

    /// <summary>The highest, the mean and the latest value in words.</summary>
    public string Description
    {
        get
        {
            var known = Values.OfType<double>().ToList();
            var marked = Marked.Count(mark => mark);
            var band = marked == 0 ? "" : FormattableString.Invariant($" {MarkedAs} for {100.0 * marked / Marked.Count:0} % of the time.");
            return known.Count == 0
                ? $"Nothing yet.{band}"
                : $"Now {(Values[^1] is { } now ? Unit(now) : "nothing")}; highest {Unit(known.Max())}, "
                    + $"mean {Unit(known.Average())}, lowest {Unit(known.Min())}.{band}";
        }
    }

    /// <summary>The time within which nearly all requests ended, in seconds, for each step.</summary>
    public static IReadOnlyList<double?> TailOf(IReadOnlyList<TrafficSample> samples) =>
        [.. samples.Select(sample => sample.Times.Quantile(Tail)?.TotalSeconds)];

    /// <summary>Seconds as text, for an axis: 0 without a unit.</summary>
    public static string Seconds(double seconds) => seconds == 0 ? "0" : Words.Duration(TimeSpan.FromSeconds(seconds));

    /// <summary>Writes the drawing, and the ends of its scale beside it.</summary>
    public void Write(HtmlWriter html)
    {
        html.Add($"""<svg class="plot" role="img" aria-labelledby="{Id}-t" aria-describedby="{Id}-d" """);
        html.Add($"""viewBox="0 0 {Width} {Height}" preserveAspectRatio="none" focusable="false">""");
        html.Add($"""<title id="{Id}-t">{Title}</title><desc id="{Id}-d">{Description}</desc>""");
        if (HasGrid)
            html.Add($"""<path class="grid" d="M{Width / 3} 0V{Height}M{Width * 2 / 3} 0V{Height}M0 {Height / 2}H{Width}"/>""");
        if (Bands() is { Length: > 0 } bands)
            html.Add($"""<path class="band" d="{bands}"/>""");
        var (line, area, dots) = Lines();
        html.Add($"""<path class="area" d="{area}"/><path class="line" d="{line}"/><path class="dots" d="{dots}"/></svg>""");
        html.Add($"""<span class="axis" aria-hidden="true"><span>{Unit(Top)}</span><span>{Unit(0)}</span></span>""");
    }

    private double X(int index, int count) => Width * (Slots - count + index + 1) / Slots;

    // A single value between gaps is no line, and would not be seen.
    private (string Line, string Area, string Dots) Lines()
    {
        var (line, area, dots) = (new StringBuilder(), new StringBuilder(), new StringBuilder());
        var top = Top;
        double? start = null;
        double last = 0;
        for (var i = 0; i < Values.Count; i++)
        {
            if (Values[i] is not { } value)
            {
                Close();
                continue;
            }

            var x = X(i, Values.Count);
            // A line at the very edge would be cut in half.
            var y = Height - 1 - (Math.Min(value, top) / top * (Height - 3));
            if (start is null && (i + 1 == Values.Count || Values[i + 1] is null))
            {
                Add(dots, $"M{x:0.#} {y:0.#}h.01");
                continue;
            }

            if (start is null)
                Add(area, $"M{x:0.#} {Height}");
            Add(line, $"{(start is null ? 'M' : 'L')}{x:0.#} {y:0.#}");
            start ??= x;
            Add(area, $"L{x:0.#} {y:0.#}");
            last = x;
        }

        Close();
        return (line.ToString(), area.ToString(), dots.ToString());

        void Close()
        {
            if (start is not null)
                Add(area, $"L{last:0.#} {Height}z");
            start = null;
        }
    }

    private string Bands()
    {
        var bands = new StringBuilder();
        var step = Width / Slots;
        for (var i = 0; i < Marked.Count; i++)
        {
            if (!Marked[i])
                continue;
            var end = i;
            while (end + 1 < Marked.Count && Marked[end + 1])
                end++;
            Add(bands, $"M{X(i, Marked.Count) - step:0.#} 0H{X(end, Marked.Count):0.#}V{Height}H{X(i, Marked.Count) - step:0.#}z");
            i = end;
        }

        return bands.ToString();
    }

    private static void Add(StringBuilder path, FormattableString command) => path.Append(command.ToString(CultureInfo.InvariantCulture));
}
