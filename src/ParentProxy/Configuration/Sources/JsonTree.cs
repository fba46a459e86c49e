using System.Globalization;
using System.Text.Json;
using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration.Sources;

/// <summary>Makes a tree of a JSON text, with comments and trailing commas as everywhere in .NET.</summary>
internal static class JsonTree
{
    private static readonly JsonDocumentOptions Options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Reads a file's content; null when it is no configuration at all.</summary>
    public static ConfigurationNode? Read(string file, ReadOnlyMemory<byte> content, ConfigurationReport report)
    {
        if (content.Span.StartsWith(ByteOrderMark))
            content = content[ByteOrderMark.Length..];
        if (IsUtf16(content.Span))
        {
            report.Problem(file, "is UTF-16, as some Windows editors and PowerShell write it; save it as UTF-8");
            return null;
        }

        if (content.Span.Trim(" \t\r\n"u8).IsEmpty)
        {
            report.Problem(file, "is empty; write {} for a configuration of defaults");
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(content, Options);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return Node("", "", document.RootElement, report);
            report.Problem(file, "has to hold one JSON object: { \"Section\": { … } }");
        }
        catch (JsonException e)
        {
            report.Problem(file, Describe(e));
        }
        catch (InvalidOperationException)
        {
            // What System.Text.Json says of a lone surrogate or of bytes that are no UTF-8, without a position.
            report.Problem(file, "holds text that is not valid UTF-8");
        }

        return null;
    }

    // With its mark, or without: JSON begins with a character of ASCII, whose other byte is 0.
    private static bool IsUtf16(ReadOnlySpan<byte> content) =>
        content is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [0, not 0, ..] or [not 0, 0, ..];

    private static ConfigurationNode Node(string key, string path, JsonElement element, ConfigurationReport report) =>
        element.ValueKind switch
        {
            JsonValueKind.Object => new ConfigurationNode(key, path, ConfigurationOrigin.File)
            {
                Shape = NodeShape.Object,
                Children = Members(path, element, report),
            },
            JsonValueKind.Array => new ConfigurationNode(key, path, ConfigurationOrigin.File)
            {
                Shape = NodeShape.List,
                Children =
                    [.. element.EnumerateArray().Select((item, i) => Item(i.ToString(CultureInfo.InvariantCulture), path, item, report))],
            },
            JsonValueKind.Null => new ConfigurationNode(key, path, ConfigurationOrigin.File),
            JsonValueKind.String => Value(key, path, element.GetString()!),
            JsonValueKind.True => Value(key, path, "true"),
            JsonValueKind.False => Value(key, path, "false"),
            _ => Value(key, path, element.GetRawText()),
        };

    private static ConfigurationNode Item(string key, string parent, JsonElement element, ConfigurationReport report) =>
        Node(key, ConfigurationNode.Join(parent, key), element, report);

    private static ConfigurationNode Value(string key, string path, string value) =>
        new(key, path, ConfigurationOrigin.File) { Shape = NodeShape.Value, Value = value };

    private static List<ConfigurationNode> Members(string path, JsonElement element, ConfigurationReport report)
    {
        var members = new List<ConfigurationNode>();
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var property in element.EnumerateObject())
        {
            var location = ConfigurationNode.Join(path, property.Name);
            if (property.Name.Length == 0 || property.Name.Contains(':', StringComparison.Ordinal))
                report.Problem(location, "a key in the file is neither empty nor holds a ':'; write objects within objects");
            else if (!seen.Add(property.Name))
                report.Problem(location, "is in the file twice (case does not count)");
            else
                members.Add(Item(property.Name, path, property.Value, report));
        }

        return members;
    }

    private static string Describe(JsonException e)
    {
        // The message ends in a position counted from 0, which no editor does.
        var end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        var message = end < 0 ? e.Message : e.Message[..end];
        return string.Create(CultureInfo.InvariantCulture, $"line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}: {message}");
    }
}
