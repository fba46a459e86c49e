using System.Globalization;

namespace ParentProxy.Configuration;

/// <summary>A set of HTTP status codes, written <c>200-399</c> or <c>200,204,300-308</c>.</summary>
internal sealed class StatusRanges
{
    private readonly string _text;
    private readonly (int First, int Last)[] _ranges;

    private StatusRanges(string text, (int, int)[] ranges)
    {
        _text = text;
        _ranges = ranges;
    }

    /// <summary>Any status that is no error: <c>200-399</c>.</summary>
    public static StatusRanges Default { get; } = new("200-399", [(200, 399)]);

    /// <summary>Whether a status belongs to the set.</summary>
    public bool Contains(int status)
    {
        foreach (var (first, last) in _ranges)
        {
            if (status >= first && status <= last)
                return true;
        }

        return false;
    }

    /// <summary>Reads the written form; codes are 100 to 599 and a range does not run backwards.</summary>
    public static bool TryParse(string text, out StatusRanges? ranges)
    {
        ranges = null;
        var list = new List<(int, int)>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var dash = part.IndexOf('-', StringComparison.Ordinal);
            if (!TryCode(dash < 0 ? part : part[..dash].TrimEnd(), out var first)
                || !TryCode(dash < 0 ? part : part[(dash + 1)..].TrimStart(), out var last)
                || last < first)
            {
                return false;
            }

            list.Add((first, last));
        }

        ranges = new StatusRanges(text, [.. list]);
        return true;
    }

    /// <summary>The ranges exactly as they were written.</summary>
    public override string ToString() => _text;

    private static bool TryCode(string text, out int code) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out code) && code is >= 100 and <= 599;
}
