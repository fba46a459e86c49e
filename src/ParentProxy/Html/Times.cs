using System.Globalization;

namespace ParentProxy.Html;

/// <summary>Moments: how long ago for the eye, exactly in the tooltip and for programs.</summary>
internal static class Times
{
    private const string ForPrograms = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>How long ago, by its two largest units.</summary>
    public static Action<HtmlWriter> Since(DateTimeOffset at, DateTimeOffset now) =>
        Element(at, $"since {Words.Moment(at)}", Words.Age(now - at));

    /// <summary>The time of the day.</summary>
    public static Action<HtmlWriter> Clock(DateTimeOffset at) => Element(at, Words.Moment(at), Words.Clock(at));

    private static Action<HtmlWriter> Element(DateTimeOffset at, string title, string text) => html =>
    {
        var exact = at.UtcDateTime.ToString(ForPrograms, CultureInfo.InvariantCulture);
        html.Add($"""<time datetime="{exact}" title="{title}">{text}</time>""");
    };
}
