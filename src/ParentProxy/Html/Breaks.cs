namespace ParentProxy.Html;

/// <summary>
/// Texts with long words, as endpoints and paths are: they may break behind what divides their parts, and nowhere else
/// while that is enough.
/// </summary>
internal static class Breaks
{
    /// <summary>Words up to this length fit wherever there is text.</summary>
    private const int Short = 24;

    /// <summary>A text with its places to break.</summary>
    public static Action<HtmlWriter> In(string text) => html =>
    {
        var written = 0;
        for (var start = 0; start < text.Length;)
        {
            var end = text.AsSpan(start).IndexOfAny(' ', '\n') is >= 0 and var length ? start + length : text.Length;
            if (end - start > Short)
                written = WriteWord(html, text, written, start, end);
            start = end + 1;
        }

        html.Add($"{text[written..]}");
    };

    private static int WriteWord(HtmlWriter html, string text, int written, int start, int end)
    {
        // A port stays with its host.
        var port = text.LastIndexOf(':', end - 1, end - start);
        for (var i = start; i < end - 1; i++)
        {
            if (i == port || !Divides(text[i]) || Divides(text[i + 1]))
                continue;
            html.Add($"{text[written..(i + 1)]}<wbr>");
            written = i + 1;
        }

        return written;
    }

    private static bool Divides(char character) => character is '/' or '.' or ':' or '-' or '_' or '@' or ',' or ';' or '?' or '&' or '=';
}
