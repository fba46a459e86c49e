using System.Globalization;
using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>
/// Paths in the one form in which rate limits compare them. It is coarser than any application's own: a limit that a second
/// spelling of the path passes by would be none, while a path that is limited without need loses nothing.
/// </summary>
internal static class RateLimitPath
{
    /// <summary>At the end of a path: all that begin so.</summary>
    private const char Wildcard = '*';

    /// <summary>How long the buffer of <see cref="Normalize"/> has to be for a path.</summary>
    public static int BufferLength(int pathLength) => pathLength + 2;

    /// <summary>A path as it stands in the configuration.</summary>
    public static Parsed<string> Parse(string text)
    {
        var asterisk = text.IndexOf(Wildcard, StringComparison.Ordinal);
        return asterisk >= 0 && asterisk < text.Length - 1
            ? new Mistake($"{Quoted.Text(text)} has a '{Wildcard}' before its end, where it would mean all paths that begin so")
            : Values.RequestPath(text, query: false);
    }

    /// <summary>The normal form of a path of the configuration, and whether all that begin with it are meant.</summary>
    public static (string Normal, bool IsPrefix) Of(string configured)
    {
        var isPrefix = configured.EndsWith(Wildcard);
        var path = isPrefix ? configured[..^1] : configured;
        var buffer = new char[BufferLength(path.Length)];
        var normal = new string(buffer, 0, Normalize(path, buffer));
        return (isPrefix && path.EndsWith('/') && normal.Length > 1 ? $"{normal}/" : normal, isPrefix);
    }

    /// <summary>
    /// Writes a path in normal form, but for the case of its letters: percent-encoding decoded once, backslashes as slashes, without
    /// parameters (<c>;</c>) and fragment, without empty segments and those of dots, and so without a slash at the end.
    /// </summary>
    /// <param name="path">The raw path.</param>
    /// <param name="normal">Takes it; as long as <see cref="BufferLength"/> says.</param>
    /// <returns>How long it has become.</returns>
    public static int Normalize(ReadOnlySpan<char> path, Span<char> normal)
    {
        var (start, end) = (0, 1);
        var isParameter = false;
        normal[0] = '/';
        for (var i = 0; i <= path.Length; i++)
        {
            var c = i == path.Length ? '/' : Decode(path, ref i);
            if (c is not ('/' or '\\' or '#'))
            {
                isParameter |= c == ';';
                if (!isParameter)
                    normal[end++] = c;
                continue;
            }

            // Where the next segment begins: behind this one, in its place, or in that of the one before.
            start = normal[(start + 1)..end] switch
            {
                "" or "." => start,
                ".." => Math.Max(normal[..start].LastIndexOf('/'), 0),
                _ => end,
            };
            if (c == '#')
                break;
            normal[start] = '/';
            end = start + 1;
            isParameter = false;
        }

        return Math.Max(start, 1);
    }

    /// <summary>The character at a place, which moves to its last digit when it is encoded.</summary>
    private static char Decode(ReadOnlySpan<char> path, ref int i)
    {
        if (path[i] != '%'
            || i + 2 >= path.Length
            || !byte.TryParse(path.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            return path[i];
        i += 2;
        return (char)value;
    }
}
