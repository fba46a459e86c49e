using System.Globalization;
using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>
/// Paths in the one form in which rate limits compare them. It is coarser than applications' own: a limit that a second spelling of the
/// path passes by would be none, while a path that is limited without need loses little.
/// </summary>
internal static class RateLimitPath
{
    /// <summary>At the end of a path: all that begin so.</summary>
    private const char Wildcard = '*';

    /// <summary>How long the buffer of <see cref="Normalize(ReadOnlySpan{char}, Span{char})"/> has to be for a path.</summary>
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
    public static int Normalize(ReadOnlySpan<char> path, Span<char> normal) => Normalize(path, normal, isFlat: false, out _);

    /// <summary>
    /// The same with <c>..</c> left out in place of taking a segment away. What it takes away, applications do not agree on: they count
    /// empty segments, parameters and encoded slashes differently.
    /// </summary>
    /// <param name="path">The raw path.</param>
    /// <param name="flat">Takes it; as long as <see cref="BufferLength"/> says.</param>
    /// <param name="hasParent">Whether there was any.</param>
    /// <returns>How long it has become.</returns>
    public static int Flatten(ReadOnlySpan<char> path, Span<char> flat, out bool hasParent) =>
        Normalize(path, flat, isFlat: true, out hasParent);

    /// <summary>Whether a path in flat form has all segments of another one, in their order, so that it may be meant for it.</summary>
    /// <param name="flat">What <see cref="Flatten"/> wrote.</param>
    /// <param name="path">In normal form.</param>
    public static bool MayBe(ReadOnlySpan<char> flat, ReadOnlySpan<char> path)
    {
        var segments = flat.Split('/');
        foreach (var wanted in path.Split('/'))
        {
            if (path[wanted].IsEmpty)
                continue;
            do
            {
                if (!segments.MoveNext())
                    return false;
            }
            while (!flat[segments.Current].Equals(path[wanted], StringComparison.OrdinalIgnoreCase));
        }

        return true;
    }

    private static int Normalize(ReadOnlySpan<char> path, Span<char> normal, bool isFlat, out bool hasParent)
    {
        hasParent = false;
        var (start, end) = (0, 1);
        var isParameter = false;
        normal[0] = '/';
        for (var i = 0; i <= path.Length; i++)
        {
            var isFragment = i < path.Length && path[i] == '#';
            var c = i == path.Length ? '/' : Decode(path, ref i);
            if (c is not ('/' or '\\') && !isFragment)
            {
                isParameter |= c == ';';
                if (!isParameter)
                    normal[end++] = c;
                continue;
            }

            // Where the next segment begins: behind this one, in its place, or in that of the one before.
            var isParent = normal[(start + 1)..end] is "..";
            hasParent |= isParent;
            start = normal[(start + 1)..end] switch
            {
                "" or "." => start,
                ".." => isFlat ? start : Math.Max(normal[..start].LastIndexOf('/'), 0),
                _ => end,
            };
            if (isFragment)
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
