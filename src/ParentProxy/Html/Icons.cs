namespace ParentProxy.Html;

/// <summary>The symbol of each state: its shape says what its colour says, for those who do not see colours.</summary>
internal static class Icons
{
    /// <summary>The tone of the status of the whole.</summary>
    public static string Tone(string status) => status switch
    {
        "healthy" => "good",
        "degraded" => "warn",
        "draining" => "leaving",
        _ => "bad",
    };

    /// <summary>The symbol of a tone; words stand beside it.</summary>
    public static Action<HtmlWriter> Of(string tone) => html =>
    {
        html.Add($"""<svg class="icon {tone}" viewBox="0 0 16 16" aria-hidden="true" focusable="false">""");
        switch (tone)
        {
            case "good":
                html.Add($"""<circle cx="8" cy="8" r="7"/><path class="mark" d="m4.7 8.3 2.3 2.3 4.4-4.9"/>""");
                break;
            case "warn":
                html.Add($"""<path d="M8 1.2 15.4 14.4H.6z"/><path class="mark" d="M8 6v3.8M8 12v.2"/>""");
                break;
            case "bad":
                html.Add($"""<path d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z"/>""");
                html.Add($"""<path class="mark" d="m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2"/>""");
                break;
            case "leaving":
                html.Add($"""<circle cx="8" cy="8" r="7"/><path class="mark" d="M8 4.2v7M5 8.5l3 3 3-3"/>""");
                break;
            case "idle":
                html.Add($"""<circle class="ring" cx="8" cy="8" r="6.2"/>""");
                break;
            default:
                html.Add($"""<circle cx="8" cy="8" r="7"/><path class="mark" d="M8 7.4v4.2M8 4.6v.2"/>""");
                break;
        }

        html.Add($"</svg>");
    };

    /// <summary>The icon of the browser's tab, as an address that holds the image.</summary>
    public static string Tab(string tone)
    {
        var (colour, mark) = tone switch
        {
            "good" => ("1a7f4b", "m4.7 8.3 2.3 2.3 4.4-4.9"),
            "warn" => ("b35c00", "M8 3.6v5.4M8 12v.2"),
            "bad" => ("c62828", "m5.2 5.2 5.6 5.6m0-5.6-5.6 5.6"),
            _ => ("5b6675", "M8 4.2v7M5 8.5l3 3 3-3"),
        };
        return "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
            + $"%3Crect width='16' height='16' rx='4' fill='%23{colour}'/%3E"
            + $"%3Cpath d='{mark}' fill='none' stroke='white' stroke-width='2' stroke-linecap='round'/%3E%3C/svg%3E";
    }
}
