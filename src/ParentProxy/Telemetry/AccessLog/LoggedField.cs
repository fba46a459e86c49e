using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ParentProxy.Telemetry.AccessLog;

/// <summary>A field of the request that is logged.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Key">Its key in JSON.</param>
/// <param name="IsRedacted">Whether only that it was there is told.</param>
/// <param name="IsCutAtQuery">Whether it is a URL whose query is left out.</param>
internal sealed record LoggedField(string Name, JsonEncodedText Key, bool IsRedacted, bool IsCutAtQuery)
{
    private const string Redacted = "[redacted]";

    /// <summary>The value; empty when the request does not carry the field.</summary>
    public ReadOnlySpan<char> Of(IHeaderDictionary? fields)
    {
        if (fields is null)
            return default;
        var values = fields[Name];
        if (values.Count == 0)
            return default;
        if (IsRedacted)
            return Redacted;
        var value = values.ToString().AsSpan();
        if (!IsCutAtQuery)
            return value;
        var end = value.IndexOfAny('?', '#');
        return end < 0 ? value : value[..end];
    }

    /// <summary>The name as a key: <c>User-Agent</c> becomes <c>userAgent</c>.</summary>
    public static string CamelCase(string name)
    {
        var text = CultureInfo.InvariantCulture.TextInfo;
        var words = name.Split('-', StringSplitOptions.RemoveEmptyEntries).Select(word => text.ToTitleCase(text.ToLower(word)));
        var joined = string.Concat(words);
        return joined.Length == 0 ? name : char.ToLowerInvariant(joined[0]) + joined[1..];
    }
}
