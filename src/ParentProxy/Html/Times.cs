namespace ParentProxy.Html;

/// <summary>Moments: how long ago for the eye, exactly in the tooltip and for programs.</summary>
internal static class Times
{
    /// <summary>How long ago.</summary>
    public static Action<HtmlWriter> Since(DateTimeOffset at, DateTimeOffset now) => html =>
        html.Add($"""<time datetime="{at.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}" title="since {Words.Moment(at)}">{Words.Age(now - at)}</time>""");

    /// <summary>The time of the day.</summary>
    public static Action<HtmlWriter> Clock(DateTimeOffset at) => html =>
        html.Add($"""<time datetime="{at.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}" title="{Words.Moment(at)}">{Words.Clock(at)}</time>""");
}
